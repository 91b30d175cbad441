using Bob.Actors.Calls;
using Bob.Actors.Records;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Records;

/// <summary>Entries of calls that never were.</summary>
internal static class Entries
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Numbers what happened, one second after the other.</summary>
    public static JournalEntry[] Of(string callSid, params JournalEntry[] happened) => From(callSid, 1, happened);

    /// <summary>The same, as it goes on from <paramref name="first"/>.</summary>
    public static JournalEntry[] From(string callSid, int first, params JournalEntry[] happened) =>
    [
        .. happened.Select((entry, i) => entry with
        {
            CallSid = new CallSid(callSid), Number = first + i, At = Noon.AddSeconds(first + i - 1),
        }),
    ];

    /// <summary>A call with one of each kind, from its opening to its end.</summary>
    public static JournalEntry[] WholeCall(string callSid = "CA1") => Of(
        callSid,
        new CallOpened("+15550100001", "+15550100002", null),
        new StreamAttached(new StreamSid("MZ1")),
        new StepChanged(CallPhase.Live, null, null),
        new BobWords("b1", "Hello, this "),
        new BobSaid("b1", "Hello, this is Bob."),
        new BobSpoke("b1", 1500),
        new UsageReported("r1", 300, 0, 120, 0, 12, 40),
        new CallerTurn("c1", 7200, 8100),
        new BobSaid("b2", "We are open from nine to five."),
        new BobCut("b2", "We are open", 1000, 2500, false),
        new CallerWords("c1", " When are you open? "),
        new CallerTurn("c2", null, null),
        new CallerWordsFailed("c2"),
        new ToolCalled("t1", "look_up", """{"day":"Monday"}"""),
        new ToolReturned("t1", "nine to five", 42, "ok"),
        new KeysPressed("12#"),
        new StepChanged(CallPhase.Ending, CallEnd.Goodbye, null),
        new CallEnded(CallEnd.CallerHungUp, 850, 0));
}
