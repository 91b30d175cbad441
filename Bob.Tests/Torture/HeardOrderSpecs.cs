using AwesomeAssertions;
using Bob.Simulator.Torture;
using Xunit;

namespace Bob.Tests.Torture;

/// <summary>What a torture run calls heard: each line whole, once, and in its place.</summary>
public sealed class HeardOrderSpecs
{
    private const int Length = 2000;

    public static TheoryData<string, string[], HeardPiece[]> Good => new()
    {
        { "whole lines", ["a", "b"], [Whole("a"), Whole("b")] },
        { "a line in two pieces", ["a"], [Piece("a", 0, 900), Piece("a", 900, 2000)] },
        { "a seam that lacks a part of the silence between two words", ["a"], [Piece("a", 0, 160), Piece("a", 165, 2000)] },
        { "a seam that begins a moment earlier", ["a"], [Piece("a", 0, 1500), Piece("a", 700, 2000)] },
        { "a beginning where that is enough", ["part:a", "b"], [Piece("a", 0, 300), Whole("b")] },
        { "a hole where that may be", ["holes:a"], [Piece("a", 0, 300), Piece("a", 600, 2000)] },
        { "what may be missing is missing", ["?clip:greeting", "a"], [Whole("a")] },
        { "what may be missing is there", ["?clip:greeting", "a"], [Whole("clip:greeting"), Whole("a")] },
        { "one moment, anywhere", ["a", "b"], [Whole("a"), Whole("clip:filler"), Whole("b")] },
        { "the greeting as a clip", ["$greeting"], [Whole("clip:greeting")] },
        { "an apology and a message", ["$fallback"], [Whole("clip:apology"), Said("say:Leave a message."), Said("record:")] },
        { "noise where it may be", ["a", "??"], [Whole("a"), Said("?")] },
    };

    public static TheoryData<string, string[], HeardPiece[]> Bad => new()
    {
        { "nothing", ["a"], [] },
        { "half a line", ["a"], [Piece("a", 0, 900)] },
        { "a line without its beginning", ["a"], [Piece("a", 100, 2000)] },
        { "a hole", ["a"], [Piece("a", 0, 900), Piece("a", 960, 2000)] },
        { "a line twice", ["a"], [Whole("a"), Whole("a")] },
        { "more than a second again", ["a"], [Piece("a", 0, 1500), Piece("a", 400, 2000)] },
        { "the wrong order", ["a", "b"], [Whole("b"), Whole("a")] },
        { "another line", ["a"], [Whole("a"), Whole("b")] },
        { "noise", ["a"], [Said("?"), Whole("a")] },
        { "an apology that nobody wanted", ["a"], [Whole("a"), Whole("clip:apology")] },
        { "no message after the apology", ["$fallback"], [Whole("clip:apology")] },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void What_should_be_heard_is_fine(string what, string[] wanted, HeardPiece[] heard) =>
        HeardOrder.Fault(wanted, heard, bridges: true).Should().BeNull(what);

    [Theory]
    [MemberData(nameof(Bad))]
    public void What_should_not_be_heard_is_a_fault(string what, string[] wanted, HeardPiece[] heard) =>
        HeardOrder.Fault(wanted, heard, bridges: true).Should().NotBeNull(what);

    [Fact]
    public void One_moment_is_a_fault_where_nothing_should_have_been_noticed() =>
        HeardOrder.Fault(["a"], [Whole("a"), Whole("clip:filler")], bridges: false).Should().NotBeNull();

    private static HeardPiece Whole(string name) => Piece(name, 0, Length);

    private static HeardPiece Piece(string name, int fromMs, int toMs) => new(name, fromMs, toMs, Length, TimeSpan.Zero);

    private static HeardPiece Said(string name) => new(name, 0, 100, 100, TimeSpan.Zero);
}
