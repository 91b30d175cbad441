using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Actors.Realtime;

/// <summary>How a session begins: what it is told, and what it is asked to say. Pure.</summary>
internal static class SessionOpening
{
    private const string GoOn = "The line was interrupted for a moment. Go on exactly where your last words were cut off; do not greet again.";

    private const string WasCutOff = "The line to the caller was cut off for a moment, and they have heard nothing since your last words above";

    private const string CutOff = WasCutOff + ". Say in a few words that you are sorry, you were cut off. Then go on with" + Continue;

    private const string ToldOfCutOff = WasCutOff + " but that you are sorry, you were cut off. Do not say that again. Go on with" + Continue;

    private const string Continue =
        " the conversation: finish what you were saying from where it broke off, or answer what the caller said last; if you do not know what that was, ask. Do not "
        + "greet again, do not say again what they have heard, and do not do again what was done.";

    /// <summary>
    /// What the session is told. One that goes on with an answer that was cut is told what it answers, if that was not in words yet, before the answer.
    /// </summary>
    /// <param name="answered">The caller's turns that were being answered, as sound.</param>
    public static IReadOnlyList<ConversationItem> Told(OpenSession open, byte[] answered)
    {
        var told = open.SoFar.ToList();
        if (answered.Length > 0)
            told.Insert(Math.Max(0, told.FindLastIndex(item => item is BobSaid)), new CallerSounded(answered));
        var note = open.Opening switch
        {
            Opening.GoOn => GoOn,
            Opening.CutOff => CutOff,
            Opening.ToldOfCutOff => ToldOfCutOff,
            _ => null,
        };
        if (note is not null)
            told.Add(new Note(note));
        return told;
    }

    /// <summary>What the session is asked to say; null when it is to listen.</summary>
    public static ResponseRequest? Asked(Opening opening, RealtimeOptions options) => opening switch
    {
        Opening.Greet => new ResponseRequest("greeting", $"{options.Instructions}\n\nThe caller has just been connected. {options.Greeting}"),
        Opening.Welcome => new ResponseRequest(
            "greeting",
            $"{options.Instructions}\n\nThe caller has just been connected, and has heard you say your last words. Go on from there: do not repeat them, and do not greet "
            + $"again or introduce yourself again. Otherwise this still holds: {options.Greeting}"),
        Opening.Answer => new ResponseRequest("answer"),
        Opening.GoOn => new ResponseRequest("go-on"),
        Opening.CutOff or Opening.ToldOfCutOff => new ResponseRequest("cut-off"),
        _ => null,
    };
}
