using Bob.Actors.Calls;
using Bob.Host.Records;
using Bob.Host.Twilio;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Host.Calls;

/// <summary>What Twilio asks and reports while a call goes on. All of it may come twice, late, in any order, and for calls nobody knows.</summary>
public sealed partial class CallProgressEndpoints(
    Switchboard switchboard, IncomingCallEndpoint incoming, OrphanCalls orphans, CallFallback fallback, CallsTakenOver takenOver, PublicUrl url, ILogger<CallProgressEndpoints> log)
{
    /// <summary><c>POST /call-next</c>: a media stream ended; what comes next?</summary>
    public async Task<IResult> NextAsync(TwilioRequest request)
    {
        if (request.IsFinal)
        {
            await OverAsync(request);
            return Twiml.Nothing();
        }

        using var decision = takenOver.Decides();
        return await switchboard.NextStepAsync(new GetNextStep(request.CallSid, request.CallStatus)) switch
        {
            Resume resume => Twiml.Connect(url, resume.Ticket, resume.Pause),
            HangUp hangUp => Twiml.HangUp(hangUp.Say),
            FallBack over => fallback.TakeOver(request.CallSid, over.Apologise),
            Announce => await incoming.AnswerAsync(request, isAnswered: true),
            _ => fallback.TakeOver(request.CallSid, apologise: true),
        };
    }

    /// <summary><c>POST /stream-status</c>: the one place where Twilio says why a stream could not be had.</summary>
    public Task<IResult> StreamStatusAsync(TwilioRequest request)
    {
        if (request.Form["StreamEvent"] == "stream-error")
            StreamError(request.Form.Shown("StreamError"));
        return Task.FromResult(Results.NoContent());
    }

    /// <summary><c>POST /call-status</c>: the number's status callback.</summary>
    public async Task<IResult> CallStatusAsync(TwilioRequest request)
    {
        if (request.IsFinal)
            await OverAsync(request);
        return Results.NoContent();
    }

    private Task OverAsync(TwilioRequest request)
    {
        takenOver.HungUp(request.CallSid);
        orphans.GiveUp(request.CallSid); // should its process have died, and its caller not have come back
        return switchboard.TellAsync(new CallOver(request.CallSid, request.CallStatus));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Twilio reports a stream error: {StreamError}")]
    private partial void StreamError(string streamError);
}
