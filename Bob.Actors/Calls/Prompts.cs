using Bob.Actors.Realtime;

namespace Bob.Actors.Calls;

/// <summary>What a call has the model say by itself, in the model's own words and language.</summary>
internal static class Prompts
{
    public static ResponseRequest StillThere(RealtimeOptions options) =>
        Say(options, "still-there", "The caller has been silent for a while. Ask in a few words whether they are still there.") with { OnlyInSilence = true };

    public static ResponseRequest Goodbye(RealtimeOptions options, CallEnd why)
    {
        if (why == CallEnd.Goodbye)
            return Say(options, "goodbye", "The conversation is over. Say goodbye in one short sentence.");
        if (why == CallEnd.CallCostCap || why == CallEnd.DayCostCap || why == CallEnd.NodeDrained)
            return Say(options, "goodbye", "This call cannot go on. Apologise in one short sentence that you have to end it now, thank the caller, and say goodbye. Give no reason.");
        if (why == CallEnd.NoProgress)
            return Say(options, "goodbye", "You cannot make out what the caller says. Say in one short sentence that you do not understand them and that they are welcome to call again. Say goodbye.");
        if (why != CallEnd.Silence)
            return Say(options, "goodbye", "The call has reached its time limit. Apologise in one short sentence that you have to end it now, and say goodbye.");
        return Say(
            options,
            "goodbye",
            "The caller does not answer any more. Say in one short sentence that you hang up now and that they are welcome to call again. Say goodbye.") with
        {
            OnlyInSilence = true,
        };
    }

    private static ResponseRequest Say(RealtimeOptions options, string purpose, string instructions) =>
        new(purpose, $"{options.Instructions}\n\n{instructions}", ToolChoice: "none");
}
