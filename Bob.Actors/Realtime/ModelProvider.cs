using Bob.Actors.Calls;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Logging;

namespace Bob.Actors.Realtime;

/// <summary>
/// One server that can be the model, and whether it can be had, as all calls of this node found it. Every dial goes through here, and its outcome is noted
/// when the server has said its first word: OpenAI accepts the upgrade even with a wrong key. A node that is not ready gets no calls and would never
/// learn better, so a question may dial too, and a server that was given up is tried again after a rest; such a probe asks for nothing and costs nothing.
/// Nobody asks, and nothing is wrong: nothing is dialled.
/// </summary>
public sealed partial class ModelProvider : IModelDialer, IDisposable
{
    /// <summary>How long a success stands without another.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(60);

    /// <summary>Least time from one probe that was asked for to the next.</summary>
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly CircuitBreaker _circuit = new();
    private readonly IModelDialer _dialer;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly ITimer _rest;
    private Outcome? _last;
    private Task _probe = Task.CompletedTask;
    private long? _probedAt;
    private string? _alert;

    /// <param name="number">Its place in the order of the settings, from 1; 0 when there is no other.</param>
    public ModelProvider(IModelDialer dialer, RealtimeOptions options, int number, TimeProvider clock, ILogger<ModelProvider> log)
    {
        (_dialer, Options, Number, _clock, _log) = (dialer, options, number, clock, log);
        _rest = clock.CreateTimer(static provider => ((ModelProvider)provider!).Rested(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where it is, and how a session there is configured.</summary>
    public RealtimeOptions Options { get; }

    /// <summary>Its place in the order of the settings, from 1; 0 when there is no other.</summary>
    public int Number { get; }

    /// <summary>As the log names it.</summary>
    private string Name => Number == 0 ? "The model" : $"Model {Number}";

    /// <summary>What stands against it for now; null when nothing is known against it.</summary>
    public ModelFailure? Doubt
    {
        get
        {
            lock (_gate)
                return _circuit.Doubt(Now);
        }
    }

    /// <summary>What it failed with, as far as is known; null when it was reached since.</summary>
    public ModelFailure? Failure
    {
        get
        {
            lock (_gate)
                return _circuit.Refusal ?? _last?.Failure;
        }
    }

    /// <summary>How often it has refused for good, or was found mute.</summary>
    internal int Refusals
    {
        get
        {
            lock (_gate)
                return _circuit.Refusals;
        }
    }

    private TimeSpan Now => _clock.GetElapsedTime(0);

    public async Task<DialResult> DialAsync(CancellationToken cancellation)
    {
        var result = await _dialer.DialAsync(cancellation);
        if (result.Socket is { } socket)
            return new DialResult(new ListeningSocket(socket, failure => Note(failure)), null) { Options = Options };
        if (!cancellation.IsCancellationRequested)
            Note(result.Failure); // otherwise the call ended first, which says nothing of the model
        return result;
    }

    /// <summary>Does beforehand what only the first dial has to do. A failure is noted, as any dial's; that it went well says little of a session.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        var began = _clock.GetTimestamp();
        if (await _dialer.PrepareAsync(cancellation) is { } failure && !HeardOfSince(began))
            Note(failure);
    }

    /// <summary>Whether a dial has told of it, which knows better than what took until now to fail.</summary>
    private bool HeardOfSince(long timestamp)
    {
        lock (_gate)
            return _last?.At >= timestamp;
    }

    /// <summary>Why a dial would be of no use; null when it may be tried.</summary>
    /// <param name="first">The caller has heard nothing yet.</param>
    internal ModelFailure? Bar(bool first)
    {
        lock (_gate)
            return _circuit.Bar(Now, first);
    }

    /// <summary>Whether a call may dial now; what is refused lets one through after each rest.</summary>
    internal bool Admits(bool first)
    {
        lock (_gate)
        {
            if (_circuit.Bar(Now, first) is not null)
                return false;
            _circuit.TryTrial(Now);
            return true;
        }
    }

    /// <summary>A session failed after the server's first word, for a reason that every other call would meet as well.</summary>
    internal void Failed(ModelFailure failure) => Note(failure, needsAnswer: failure.Kind == FailureKind.Permanent || failure.Reason == ModelFailure.Mute);

    /// <summary>A session that was dialled after this many refusals has answered.</summary>
    internal void Answered(int refusals)
    {
        Action? tell;
        lock (_gate)
        {
            _circuit.Answered(refusals);
            tell = Alert();
        }

        tell?.Invoke();
    }

    /// <summary>
    /// The last failure, or null when the model was reached since, or when nothing is known. What is unknown or failed is probed, and the
    /// outcome waited for; what is merely old is probed behind the answer.
    /// </summary>
    /// <param name="patience">Longest wait for the outcome of a probe.</param>
    public async Task<ModelFailure?> FailureAsync(TimeSpan patience)
    {
        Outcome? last;
        Task probe;
        lock (_gate)
        {
            last = _last;
            if (IsDoubtful(last) && (_probedAt is not { } before || _clock.GetElapsedTime(before) >= ProbeInterval))
                Probe();
            probe = _probe;
        }

        if (last is not { Failure: null })
            await probe.WaitAsync(patience, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Failure;
    }

    /// <summary>Ends a probe that is under way.</summary>
    public void Dispose()
    {
        _disposed.Cancel();
        _rest.Dispose();
    }

    private bool IsDoubtful(Outcome? last) => last is not { Failure: null } || _clock.GetElapsedTime(last.At) > Fresh;

    /// <summary>A server that was given up has had its rest.</summary>
    private void Rested()
    {
        lock (_gate)
        {
            if (_disposed.IsCancellationRequested || _circuit.ProbeAt is null)
                return;
            if (_circuit.TryTrial(Now))
                Probe();
            else
                AwaitRest(); // a call tries it just now
        }
    }

    private void AwaitRest()
    {
        if (!_disposed.IsCancellationRequested && _circuit.ProbeAt is { } at)
            _rest.Change(at > Now ? at - Now : TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
    }

    private void Probe()
    {
        if (!_probe.IsCompleted)
            return;
        _probedAt = _clock.GetTimestamp();
        _probe = ProbeAsync();
    }

    /// <summary>Dials, waits for the first word, and leaves. Also a bug has an outcome: nobody else would notice.</summary>
    private async Task ProbeAsync()
    {
        await Task.Yield(); // whoever asks holds the lock
        ModelFailure? failure = new(FailureKind.Transient, "internal-error");
        using var deadline = new CancellationTokenSource(Options.ConnectTimeout + Options.SessionTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _disposed.Token);
        try
        {
            failure = await FirstWordAsync(either.Token);
        }
        catch (Exception broken) when (SocketFailure.Expected(broken))
        {
            failure = deadline.IsCancellationRequested ? new ModelFailure(FailureKind.Transient, "timeout") : ModelRefusal.FromException(broken);
        }
        finally
        {
            if (!_disposed.IsCancellationRequested)
                Note(failure);
        }
    }

    private async Task<ModelFailure?> FirstWordAsync(CancellationToken cancellation)
    {
        var result = await _dialer.DialAsync(cancellation);
        if (result.Socket is not { } socket)
            return result.Failure;
        try
        {
            var word = new FirstWord();
            while (!word.Heard(await socket.ReceiveAsync(cancellation)))
            {
            }

            return word.Failure;
        }
        finally
        {
            _ = socket.CloseAsync(1000, "");
        }
    }

    /// <param name="failure">Null is a success.</param>
    private void Note(ModelFailure? failure, bool needsAnswer = false)
    {
        ModelFailure? before;
        Action? tell;
        lock (_gate)
        {
            before = _last?.Failure;
            _last = new Outcome(failure, _clock.GetTimestamp());
            if (failure is null)
                _circuit.Reached();
            else if (!ModelRefusal.IsLocal(failure))
                _circuit.Failed(failure, Now, needsAnswer);
            AwaitRest();
            tell = Alert();
        }

        if (tell is not null)
            tell();
        else if (failure is { Kind: not FailureKind.Permanent } && failure.Reason != before?.Reason)
            Unreachable(Name, failure.Reason);
        else if (failure is null && before is { Kind: not FailureKind.Permanent })
            ReachableAgain(Name);
    }

    /// <summary>What somebody has to be told of who can do something about it: a refusal that no retry ends, once, and its end.</summary>
    private Action? Alert()
    {
        var (before, now) = (_alert, _circuit.Refusal?.Reason);
        if (now == before)
            return null;
        _alert = now;
        return () =>
        {
            CallMetrics.Alerted(Number, now ?? before!, over: now is null);
            if (now is null)
                Accepts(Name, before!);
            else
                Refuses(Name, now);
        };
    }

    [LoggerMessage(LogLevel.Warning, "{Model} cannot be reached: {Reason}")]
    private partial void Unreachable(string model, string reason);

    [LoggerMessage(LogLevel.Information, "{Model} can be reached again")]
    private partial void ReachableAgain(string model);

    [LoggerMessage(EventId = 1, EventName = "ModelAlert", Level = LogLevel.Error, Message = "{Model} refuses to be dialled until somebody acts: {Reason}")]
    private partial void Refuses(string model, string reason);

    [LoggerMessage(EventId = 2, EventName = "ModelAlertOver", Level = LogLevel.Information, Message = "{Model} can be dialled again; it was {Reason}")]
    private partial void Accepts(string model, string reason);

    /// <param name="Failure">Null is a success.</param>
    /// <param name="At">A timestamp of the clock.</param>
    private sealed record Outcome(ModelFailure? Failure, long At);
}
