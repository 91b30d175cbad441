using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Bob.Tests.Recording;

namespace Bob.Tests.Calls;

/// <summary>A recording held against what the far end of the line knows of the call.</summary>
internal sealed class RecordingOfReport
{
    private const int Search = 100 * 8;
    private const int Frame = 160;

    /// <summary>What is looked for at once: long enough to be found nowhere else, short enough that where frames move, little is missed.</summary>
    private const int Piece = 50 * 8;

    private readonly RecordedCall _recorded;
    private readonly CallReport _report;
    private readonly int _shift;

    public RecordingOfReport(RecordedCall recorded, CallReport report, byte[] answer)
    {
        (_recorded, _report) = (recorded, report);
        var heard = report.Playback.SelectMany(stream => stream.Runs.Select(run => (At: Samples(run.At), Audio: stream.Audio[run.Offset..(run.Offset + run.Length)]))).ToList();
        var first = recorded.Right.AsSpan().IndexOf(answer.AsSpan(0, 800));
        first.Should().BeGreaterThanOrEqualTo(0, "the greeting is recorded");
        _shift = heard[0].At - first;
        for (var i = 0; i < heard.Count; i++)
        {
            var next = i + 1 < heard.Count ? heard[i + 1].At - _shift - Frame : int.MaxValue;
            Runs.Add(Compare(heard[i].At - _shift, heard[i].Audio, next, answer));
        }
    }

    /// <summary>Each stretch of Bob's that was heard: how far its begin and its end are from where they should be, ms.</summary>
    public List<(double PlaceMs, double CutMs)> Runs { get; } = [];

    public TimeSpan Duration => _recorded.Duration;

    /// <summary>How far what the caller said is from where they said it, ms: of each utterance the piece that is furthest.</summary>
    public List<double> CallersWords(byte[] voice) => [.. _report.Utterances.Select(words =>
    {
        var places = new List<double>();
        for (var piece = 0; piece + Piece <= voice.Length; piece += Piece)
        {
            var expected = Samples(words.From) - _shift + piece;
            if (Find(_recorded.Left, expected, voice.AsSpan(piece, Piece)) is >= 0 and var at)
                places.Add((at - expected) / 8.0);
        }

        places.Should().HaveCountGreaterThanOrEqualTo((voice.Length / Piece) - 1, $"what was said at {words.From.TotalSeconds:0.00} s is on the left");
        return places.MaxBy(Math.Abs);
    })];

    private static int Find(byte[] side, int expected, ReadOnlySpan<byte> piece)
    {
        var from = Math.Clamp(expected - Search, 0, side.Length);
        var at = side.AsSpan(from, Math.Min(piece.Length + (2 * Search), side.Length - from)).IndexOf(piece);
        return at < 0 ? -1 : from + at;
    }

    private (double PlaceMs, double CutMs) Compare(int expected, byte[] audio, int next, byte[] answer)
    {
        var begin = Find(_recorded.Right, expected, audio.AsSpan(0, Math.Clamp(audio.Length - (2 * Frame), Math.Min(Piece, audio.Length), 4 * Piece)));
        begin.Should().BeGreaterThanOrEqualTo(0, $"what was heard at {expected / 8} ms is on the right");
        // The recording follows the answer up to a point, and is silent from a point on; the cut is anywhere between, as far as can be told.
        var said = answer.AsSpan(answer.AsSpan().IndexOf(audio));
        var right = _recorded.Right.AsSpan(begin, Math.Min(audio.Length + (2 * Search), Math.Min(next, _recorded.Right.Length) - begin));
        var latest = right.CommonPrefixLength(said);
        var earliest = right.LastIndexOfAnyExcept((byte)0xFF) + 1;
        earliest.Should().BeLessThanOrEqualTo(latest, "after the cut there is silence");
        var cut = Math.Clamp(audio.Length, earliest, latest);
        return ((begin - expected) / 8.0, (cut - audio.Length) / 8.0);
    }

    private static int Samples(TimeSpan time) => (int)(time.Ticks / (TimeSpan.TicksPerMillisecond / 8));
}
