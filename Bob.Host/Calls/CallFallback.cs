using Bob.Actors.Calls;
using Bob.Host.Configuration;
using Bob.Host.Twilio;

namespace Bob.Host.Calls;

/// <summary>
/// What Twilio is told when Bob cannot go on with a call: ring a human, take a message, or hang up. It needs neither the call's actor nor a model nor a database, so
/// that any process can answer, and one that is new to the call as well.
/// </summary>
public sealed class CallFallback(BobOptions options, PublicUrl url, CallsTakenOver takenOver)
{
    /// <summary>Spoken by Twilio when Bob himself could not.</summary>
    public const string Apology = "I am sorry, I cannot take your call right now.";

    /// <summary>What a caller hears whose message was taken.</summary>
    public const string Thanks = "Thank you. We will call you back. Goodbye.";

    /// <summary>What a caller hears for whom there is nothing else to be done.</summary>
    public const string Farewell = "Please call again in a few minutes. Goodbye.";

    private const string Connecting = "One moment, please. I am connecting you with a colleague.";
    private const string LeaveMessage = "Please leave a message after the tone. Press the pound key, or simply hang up, when you are done.";
    private const string NothingHeard = "I did not hear anything. Goodbye.";

    /// <param name="call">Null where nobody knows which it is.</param>
    /// <param name="apologise">The caller has not heard yet that Bob is sorry; otherwise they know what comes now, too.</param>
    public Twiml TakeOver(CallSid? call, bool apologise) => options.Fallback switch
    {
        { Kind: Fallback.Human, Number: { } number } => Ring(call, number, apologise ? $"{Apology} {Connecting}" : null),
        { Kind: Fallback.HangUp } => Twiml.HangUp(apologise ? $"{Apology} {Farewell}" : null),
        _ => TakeMessage(call, apologise ? Apology : null),
    };

    /// <summary>The human was rung; <paramref name="outcome"/> is Twilio's <c>DialCallStatus</c>.</summary>
    public Twiml Dialled(CallSid call, string? outcome)
    {
        if (outcome is not ("completed" or "answered"))
            return TakeMessage(call, "Nobody can answer right now.");
        takenOver.CameBack(call);
        return Twiml.HangUp(null);
    }

    private Twiml Ring(CallSid? call, string number, string? say)
    {
        if (call is { } rung)
            takenOver.Rings(rung);
        return Twiml.Dial(url, number, options.Twilio.PhoneNumber, say);
    }

    /// <summary>Takes a message, after whatever else is to be said first.</summary>
    private Twiml TakeMessage(CallSid? call, string? first)
    {
        if (call is { } recorded)
            takenOver.Records(recorded);
        return Twiml.Record(url, first is null ? LeaveMessage : $"{first} {LeaveMessage}", NothingHeard);
    }
}
