using Bob.Actors.Calls;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Bob.Host.Twilio;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Host.Calls;

/// <summary><c>POST /incoming-call</c>: Twilio announces a call and is told to connect it to a media stream.</summary>
public sealed class IncomingCallEndpoint(Reception reception, Switchboard switchboard, CallFallback fallback, OrphanCalls orphans, PublicUrl url, BobOptions options)
{
    public const string Path = "/incoming-call";

    /// <param name="isAnswered">Twilio has answered the call by itself, because nobody was there to be asked: it cannot be refused any more.</param>
    public async Task<IResult> AnswerAsync(TwilioRequest request, bool isAnswered = false)
    {
        // Announced again, because the process died that took it.
        if (orphans.Awaits(request.CallSid) && await switchboard.NextStepAsync(new GetNextStep(request.CallSid, request.CallStatus)) is Resume resume)
            return Twiml.Connect(url, resume.Ticket, resume.Pause);
        // Announced again, as Twilio does when an answer got lost or came late: it is the same call, and no longer new, should the door have closed meanwhile.
        if (await switchboard.AdmittedAsync(request.CallSid) is { } again)
            return Twiml.Connect(url, again.Ticket);
        var caller = Caller.Of(request.Form["From"]);
        var welcome = await reception.ReceiveAsync(caller);
        if (welcome.Refusal is { } refusal)
        {
            CallMetrics.Refused(refusal);
            return refusal == Reception.Blocked ? Twiml.Rejected() : isAnswered ? fallback.TakeOver(request.CallSid, apologise: true) : Twiml.Busy();
        }

        // As the number is kept, however the network writes it: who was looked up is who is found, and erased, later.
        var call = new AdmitCall(request.CallSid, caller.Number ?? caller.Value, Caller.Of(request.Form["To"]).Value, welcome.Known);
        switch (await switchboard.AdmitAsync(call))
        {
            case CallAdmitted admitted:
                return Twiml.Connect(url, admitted.Ticket);
            case CallRefused { Reason: "draining" }:
                CallMetrics.Refused("draining");
                return options.DrainRedirect is { } other ? Twiml.Redirect(other) : isAnswered ? fallback.TakeOver(request.CallSid, apologise: true) : Twiml.Busy();
            case CallRefused refused:
                CallMetrics.Refused(refused.Reason == "busy" ? "busy" : "over");
                return isAnswered ? fallback.TakeOver(request.CallSid, apologise: true) : Twiml.Busy();
            default:
                return fallback.TakeOver(request.CallSid, apologise: true);
        }
    }
}
