using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Torture;
using Xunit;

namespace Bob.Tests.Torture;

/// <summary>What a torture run calls paid for once.</summary>
public sealed class PaidOnceSpecs
{
    private static readonly DateTimeOffset Began = new(2026, 11, 27, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    public static TheoryData<string, BilledSession[], BookedUsage[]> Good => new()
    {
        { "nothing told, nothing booked", [Session(10)], [] },
        { "each once", [Session(10, Told("a", 1), Told("b", 2)), Session(20, Told("c", 12))], [Booked("a"), Booked("b"), Booked("c")] },
        { "an event that came twice, booked once", [Session(10, Told("a", 1), Told("a", 1.1))], [Booked("a")] },
        { "told in the last moment, and booked", [Session(10, Told("a", 9.5))], [Booked("a")] },
        { "told in the last moment, and lost with the session", [Session(10, Told("a", 9.5))], [] },
        { "told into a line that was dead", [Session(10, Told("a", 12))], [] },
        { "the same id of two models", [Session(10, Told("a", 1)), Session(20, Told("a", 11))], [Booked("a"), Booked("a")] },
        { "the same id of two models, with tokens of its own each", [Session(10, Told("a", 1)), Session(20, Told("a", 11, audioOut: 7))], [Booked("a", audioOut: 7), Booked("a")] },
        { "the same id of two models, one of them lost", [Session(10, Told("a", 9.5)), Session(20, Told("a", 11))], [Booked("a")] },
    };

    public static TheoryData<string, BilledSession[], BookedUsage[], string> Bad => new()
    {
        { "told in time and not booked", [Session(10, Told("a", 1), Told("b", 2))], [Booked("b")], "*a was told*not booked" },
        { "told at the edge of the last moment", [Session(10, Told("a", 9))], [], "*not booked" },
        { "booked twice", [Session(10, Told("a", 1))], [Booked("a"), Booked("a")], "*more often*" },
        { "an event that came twice, booked twice", [Session(10, Told("a", 1), Told("a", 1))], [Booked("a"), Booked("a")], "*more often*" },
        { "booked and never told", [Session(10)], [Booked("a")], "*told of none" },
        { "booked with other tokens", [Session(10, Told("a", 1))], [Booked("a", audioOut: 7)], "*AudioOut = 7*told with*AudioOut = 20*" },
        { "booked without an id", [Session(10, Told("a", 1))], [Booked("a"), Booked(null)], "*told of none" },
        { "the same id of two models, booked once", [Session(10, Told("a", 1)), Session(20, Told("a", 11))], [Booked("a")], "*not booked" },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void What_is_paid_for_once_is_fine(string what, BilledSession[] sessions, BookedUsage[] booked) =>
        PaidOnce.Fault(sessions, booked, Moment).Should().BeNull(what);

    [Theory]
    [MemberData(nameof(Bad))]
    public void What_is_not_paid_for_once_is_a_fault(string what, BilledSession[] sessions, BookedUsage[] booked, string fault) =>
        PaidOnce.Fault(sessions, booked, Moment).Should().Match(fault, what);

    private static BilledSession Session(double soundUntil, params ToldUsage[] told) => new(told, Began.AddSeconds(soundUntil));

    private static ToldUsage Told(string id, double at, int audioOut = 20) => new(id, Tokens(audioOut), Began.AddSeconds(at));

    private static BookedUsage Booked(string? id, int audioOut = 20) => new(id, Tokens(audioOut));

    private static TokenCounts Tokens(int audioOut) => new(100, 10, 64, 5, 12, audioOut);
}
