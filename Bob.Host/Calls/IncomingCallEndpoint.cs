using Bob.Actors.Calls;
using Bob.Host.Twilio;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Host.Calls;

/// <summary><c>POST /incoming-call</c>: Twilio announces a call and is told to connect it to a media stream.</summary>
public sealed class IncomingCallEndpoint(Reception reception, Switchboard switchboard, CallFallback fallback, PublicUrl url)
{
    public const string Path = "/incoming-call";

    public async Task<IResult> AnswerAsync(TwilioRequest request)
    {
        var caller = Caller.Of(request.Form["From"]);
        var welcome = await reception.ReceiveAsync(caller);
        if (welcome.Refusal is { } refusal)
        {
            CallMetrics.Refused(refusal);
            return refusal == Reception.Blocked ? Twiml.Rejected() : Twiml.Busy();
        }

        // As the number is kept, however the network writes it: who was looked up is who is found, and erased, later.
        var call = new AdmitCall(request.CallSid, caller.Number ?? caller.Value, Caller.Of(request.Form["To"]).Value, welcome.Known);
        switch (await switchboard.AdmitAsync(call))
        {
            case CallAdmitted admitted:
                return Twiml.Connect(url, admitted.Ticket);
            case CallRefused refused:
                CallMetrics.Refused(refused.Reason == "busy" ? "busy" : "over");
                return Twiml.Busy();
            default:
                return fallback.TakeOver(apologise: true);
        }
    }
}
