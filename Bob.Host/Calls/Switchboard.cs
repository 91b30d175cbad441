using Akka.Actor;
using Akka.Hosting;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Host.Calls;

/// <summary>
/// The front end's line to the CallsActor. Every question has a deadline, because Twilio and the caller wait behind it; null means that no answer
/// came in time.
/// </summary>
public sealed partial class Switchboard(IRequiredActor<CallsKey> calls, ILogger<Switchboard> log)
{
    /// <summary>Twilio gives a webhook 15 s in all, and a caller who hears nothing for 2 s hangs up.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan DrainAsked = TimeSpan.FromSeconds(2);

    /// <summary>A call that its process has lost is looked up in the books first: a caller who hears nothing for a moment longer is better than one who is lost.</summary>
    public static readonly TimeSpan NextStepDeadline = TimeSpan.FromSeconds(6);

    /// <summary>The CallsActor itself, for the readers of media streams.</summary>
    public Task<IActorRef?> CallsAsync() => WithinAsync("a media stream", Deadline, cancellation => calls.GetAsync(cancellation));

    public Task<IAdmission?> AdmitAsync(AdmitCall call) => AskAsync<IAdmission>(call, Deadline);

    /// <summary>The admission of a call that is there already.</summary>
    public async Task<CallAdmitted?> AdmittedAsync(CallSid callSid) => await AskAsync<IAdmission>(new FindAdmission(callSid), Deadline) as CallAdmitted;

    public Task<INextStep?> NextStepAsync(GetNextStep query) => AskAsync<INextStep>(query, NextStepDeadline);

    /// <summary>How full this node is. Load balancers ask often and wait less.</summary>
    public Task<Occupancy?> OccupancyAsync() => AskAsync<Occupancy>(GetOccupancy.Instance, TimeSpan.FromSeconds(1));

    /// <summary>No new calls from here on; waits for the end of the last. False: not in time.</summary>
    public async Task<bool> DrainedAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var actor = await calls.GetAsync(cancellation);
                await actor.Ask<Drained>(DrainCalls.Instance, DrainAsked, cancellation);
                return true;
            }
            catch (Exception late) when (late is AskTimeoutException or OperationCanceledException)
            {
                // Asked again: an actor that was restarted meanwhile has forgotten it.
            }
        }

        return false;
    }

    /// <summary>All calls are to end.</summary>
    public async Task EndAllAsync(EndAllCalls order)
    {
        var actor = await WithinAsync(nameof(EndAllCalls), Deadline, cancellation => calls.GetAsync(cancellation));
        actor?.Tell(order);
    }

    /// <summary>Passes on what Twilio reported; nothing comes back.</summary>
    public async Task TellAsync(ICallCommand command)
    {
        var actor = await WithinAsync(command.GetType().Name, Deadline, cancellation => calls.GetAsync(cancellation));
        actor?.Tell(command);
    }

    private Task<T?> AskAsync<T>(object question, TimeSpan within)
        where T : class =>
        WithinAsync(question.GetType().Name, within, async cancellation =>
        {
            var actor = await calls.GetAsync(cancellation);
            return await actor.Ask<T>(question, within, cancellation);
        });

    private async Task<T?> WithinAsync<T>(string question, TimeSpan within, Func<CancellationToken, Task<T>> answer)
        where T : class
    {
        using var deadline = new CancellationTokenSource(within);
        try
        {
            return await answer(deadline.Token);
        }
        catch (Exception late) when (late is AskTimeoutException || (late is OperationCanceledException && deadline.IsCancellationRequested))
        {
            NoAnswer(question);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The calls did not answer {Question} in time")]
    private partial void NoAnswer(string question);
}
