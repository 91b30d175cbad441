using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Bob.Host.Twilio;

namespace Bob.Host.Calls;

/// <summary>
/// Gets the callers back whose process died. Twilio may come to ask about a call by itself; where there are credentials it is told to, by its REST API, as soon as
/// this process can answer. Calls that are over get their end at once, those that do not come back a little later.
/// </summary>
public sealed partial class OrphanRecovery(
    OrphanCalls orphans, TwilioCalls twilio, SignOfLife life, TimeProvider clock, IHostApplicationLifetime host, ILogger<OrphanRecovery> log) : IHostedService
{
    /// <summary>How long a call may take to come back that nobody can ask for.</summary>
    public static readonly TimeSpan OwnReturn = TimeSpan.FromSeconds(14);

    /// <summary>How long a call may take to come back that Twilio was asked about.</summary>
    public static readonly TimeSpan Return = TimeSpan.FromSeconds(30);

    /// <summary>Calls that were left longer ago are not re-pointed: Twilio's fallback takes a message by then, or has brought them to a person.</summary>
    public static readonly TimeSpan MaxAbsence = TimeSpan.FromSeconds(30);

    /// <summary>From a question that failed to the next.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);

    /// <summary>Questions at once; Twilio bounds them by account, and answers the rest with 429.</summary>
    private const int MaxQuestions = 10;

    private const int MaxAttempts = 3;

    private readonly SemaphoreSlim _places = new(MaxQuestions);
    private readonly CancellationTokenSource _stopped = new();
    private int _unauthorized;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        host.ApplicationStarted.Register(() => Task.Run(RunAsync)); // not before Twilio's questions can be answered
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopped.CancelAsync();

    private async Task RunAsync()
    {
        try
        {
            while (await orphans.Awaited.WaitToReadAsync(_stopped.Token))
            {
                var found = 0;
                for (; orphans.Awaited.TryRead(out var call); found++)
                    _ = RecoverAsync(call);
                Found(found, twilio.CanAsk ? "asked for" : "waited for");
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    private async Task RecoverAsync(OrphanCall call)
    {
        try
        {
            var decided = orphans.DecidedAsync(call.CallSid);
            var deadline = Task.Delay(await AskAsync(call, decided) ? Return : OwnReturn, clock, _stopped.Token);
            await Task.WhenAny(decided, deadline);
            if (!_stopped.IsCancellationRequested && orphans.GiveUp(call.CallSid))
                Over(call.CallSid.Value);
        }
        catch (OperationCanceledException)
        {
            // The node stops; the next process finds the call again.
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A bug here must cost neither the process nor the end of a call.
            Failed(failure, call.CallSid.Value);
            orphans.GiveUp(call.CallSid);
        }
    }

    /// <summary>Asks Twilio for the call, until it is known what becomes of it. True: Twilio will come.</summary>
    private async Task<bool> AskAsync(OrphanCall call, Task decided)
    {
        for (var attempt = 1; attempt <= MaxAttempts && twilio.CanAsk && Volatile.Read(ref _unauthorized) == 0; attempt++)
        {
            switch (await AskOnceAsync(call))
            {
                case RestOutcome.Done:
                    return true;
                case RestOutcome.CallIsOver:
                    orphans.GiveUp(call.CallSid);
                    return false;
                case RestOutcome.Unauthorized:
                    if (Interlocked.Exchange(ref _unauthorized, 1) == 0)
                        Unauthorized();
                    return false;
                case null:
                    return false; // it came by itself
            }

            await Task.WhenAny(decided, Task.Delay(RetryInterval, clock, _stopped.Token));
        }

        return false;
    }

    private async Task<RestOutcome?> AskOnceAsync(OrphanCall call)
    {
        await _places.WaitAsync(_stopped.Token);
        try
        {
            using var work = orphans.TryBegin(call.CallSid);
            if (work is null)
                return null;
            return IsBobs(call) ? await twilio.RepointAsync(call.CallSid, _stopped.Token) : await twilio.LookAtAsync(call.CallSid, _stopped.Token);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Whether the caller was with Bob, and will still be: not with somebody to whom the call was handed over.</summary>
    private bool IsBobs(OrphanCall call) =>
        clock.GetUtcNow() - (life.DeathAfter(call.LastSign) ?? call.LastSign) < MaxAbsence
        && call.Step is CallPhase.Connecting or CallPhase.Live or CallPhase.AwaitingCaller or CallPhase.Ending or CallPhase.Closing;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} calls were left open when the last process died; they are {How}")]
    private partial void Found(int count, string how);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The call did not come back (CallSid {CallSid})")]
    private partial void Over(string callSid);

    [LoggerMessage(Level = LogLevel.Error, Message = "Twilio's REST API refuses TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: calls of a dead process cannot be asked for")]
    private partial void Unauthorized();

    [LoggerMessage(Level = LogLevel.Error, Message = "A call could not be asked for (CallSid {CallSid})")]
    private partial void Failed(Exception failure, string callSid);
}

/// <summary>How a host gets the callers of a dead process back.</summary>
public static class CallRecoveryHosting
{
    /// <summary>Register behind the actors: what asks for calls stops before them.</summary>
    public static IServiceCollection AddCallRecovery(this IServiceCollection services, BobOptions options) => services
        .AddTwilioRest(options)
        .AddSingleton<ILostCalls, LostCalls>()
        .AddHostedService<OrphanRecovery>();
}
