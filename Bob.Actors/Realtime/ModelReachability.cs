using Bob.Actors.Sockets;
using Microsoft.Extensions.Logging;

namespace Bob.Actors.Realtime;

/// <summary>
/// Whether the model can be had, as this node last found it. Every dial goes through here, and its outcome is noted when the server has said its first
/// word: OpenAI accepts the upgrade even with a wrong key. A node that is not ready gets no calls and would never learn better, so a question
/// may dial too; such a probe asks for nothing and costs nothing. Nobody asks: nothing is dialled.
/// </summary>
public sealed partial class ModelReachability(IModelDialer dialer, RealtimeOptions options, TimeProvider clock, ILogger<ModelReachability> log)
    : IModelDialer, IDisposable
{
    /// <summary>How long a success stands without another.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(60);

    /// <summary>Least time from one probe to the next.</summary>
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposed = new();
    private Outcome? _last;
    private Task _probe = Task.CompletedTask;
    private long? _probedAt;

    public async Task<DialResult> DialAsync(CancellationToken cancellation)
    {
        var result = await dialer.DialAsync(cancellation);
        if (result.Socket is { } socket)
            return new DialResult(new ListeningSocket(socket, this), null);
        if (!cancellation.IsCancellationRequested)
            Note(result.Failure); // otherwise the call ended first, which says nothing of the model
        return result;
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
            if (_probe.IsCompleted && IsDoubtful(last) && (_probedAt is not { } before || clock.GetElapsedTime(before) >= ProbeInterval))
            {
                _probedAt = clock.GetTimestamp();
                _probe = ProbeAsync();
            }

            probe = _probe;
        }

        if (last is not { Failure: null })
            await probe.WaitAsync(patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
            return _last?.Failure;
    }

    /// <summary>Ends a probe that is under way.</summary>
    public void Dispose() => _disposed.Cancel();

    private bool IsDoubtful(Outcome? last) => last is not { Failure: null } || clock.GetElapsedTime(last.At) > Fresh;

    /// <summary>Dials, waits for the first word, and leaves. Also a bug has an outcome: nobody else would notice.</summary>
    private async Task ProbeAsync()
    {
        await Task.Yield(); // whoever asks holds the lock
        ModelFailure? failure = new(FailureKind.Transient, "internal-error");
        using var deadline = new CancellationTokenSource(options.ConnectTimeout + options.SessionTimeout, clock);
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
        var result = await dialer.DialAsync(cancellation);
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

    private void Note(ModelFailure? failure)
    {
        ModelFailure? before;
        lock (_gate)
        {
            before = _last?.Failure;
            _last = new Outcome(failure, clock.GetTimestamp());
        }

        if (failure is not null && failure.Reason != before?.Reason)
            Unreachable(failure.Reason);
        else if (failure is null && before is not null)
            ReachableAgain();
    }

    [LoggerMessage(LogLevel.Warning, "The model cannot be reached: {Reason}")]
    private partial void Unreachable(string reason);

    [LoggerMessage(LogLevel.Information, "The model can be reached again")]
    private partial void ReachableAgain();

    /// <param name="Failure">Null is a success.</param>
    /// <param name="At">A timestamp of the clock.</param>
    private sealed record Outcome(ModelFailure? Failure, long At);

    /// <summary>Listens to a new session until it is one, or is refused.</summary>
    private sealed class FirstWord
    {
        private RealtimeError? _lastError;

        /// <summary>Null is a success.</summary>
        public ModelFailure? Failure { get; private set; }

        /// <summary>Whether this message, or the end that it is, settles it.</summary>
        public bool Heard(in SocketMessage message)
        {
            switch (message.Kind)
            {
                case SocketMessageKind.Text:
                    switch (RealtimeReader.Read(message.Utf8.Span, out _))
                    {
                        case SessionCreated:
                            Failure = null;
                            return true;
                        case ErrorReported { Error: var error }:
                            _lastError = error;
                            Failure = ModelRefusal.FromError(error);
                            return Failure.Kind != FailureKind.Ignorable;
                        default:
                            return false;
                    }

                case SocketMessageKind.TooBig:
                    Failure = new ModelFailure(FailureKind.Transient, "message-too-big");
                    return true;
                case SocketMessageKind.Close:
                    Failure = ModelRefusal.FromClose(message.CloseCode, message.CloseReason, _lastError);
                    return true;
                default:
                    return false;
            }
        }
    }

    /// <summary>A call's socket that tells how its session began. From then on it only passes on.</summary>
    private sealed class ListeningSocket(IMessageSocket socket, ModelReachability model) : IMessageSocket
    {
        private readonly FirstWord _word = new();
        private bool _heard;
        private volatile bool _left;

        public ValueTask<SocketMessage> ReceiveAsync(CancellationToken cancellation) => _heard ? socket.ReceiveAsync(cancellation) : ListenAsync(cancellation);

        public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellation) => socket.SendAsync(utf8, cancellation);

        public Task CloseAsync(int code, string reason)
        {
            _left = true;
            return socket.CloseAsync(code, reason);
        }

        public void Abort()
        {
            _left = true;
            socket.Abort();
        }

        private async ValueTask<SocketMessage> ListenAsync(CancellationToken cancellation)
        {
            SocketMessage message;
            try
            {
                message = await socket.ReceiveAsync(cancellation);
            }
            catch (Exception broken) when (SocketFailure.Expected(broken))
            {
                Settle(ModelRefusal.FromException(broken));
                throw;
            }

            if (_word.Heard(message))
                Settle(_word.Failure);
            return message;
        }

        /// <summary>The end of a socket that this side has left says nothing of the model.</summary>
        private void Settle(ModelFailure? failure)
        {
            _heard = true;
            if (!_left)
                model.Note(failure);
        }
    }
}
