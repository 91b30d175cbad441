using System.Diagnostics;
using Bob.Bench.Line;

namespace Bob.Bench.Figures;

/// <summary>All audio of all calls in one direction: what set out, what arrived, and how long it took.</summary>
internal sealed class Journey
{
    private const int GapsKept = 20;
    private readonly List<Gap> _gaps = [];

    /// <summary>Only what arrives in the measured window counts for the times.</summary>
    public bool Measuring { get; set; }

    public long Sent { get; private set; }

    public long Arrived { get; private set; }

    /// <summary>Pieces that came out of their order: twice, or late.</summary>
    public long OutOfOrder { get; private set; }

    /// <summary>Pieces that nobody stamped: silence in the place of a frame.</summary>
    public long Unstamped { get; private set; }

    public long Missing => Sent - Arrived;

    /// <summary>The first places where pieces are missing before one that came.</summary>
    public IReadOnlyList<Gap> Gaps => _gaps;

    public Latencies Latencies { get; } = new();

    public void SetOut() => Sent++;

    /// <param name="expected">Number of the piece that should come next in its call.</param>
    public void Arrive(ReadOnlySpan<byte> base64, ref int expected)
    {
        var now = Stopwatch.GetTimestamp();
        if (!FrameStamp.TryRead(base64, out var stamp))
        {
            Unstamped++;
            return;
        }

        if (stamp.Number < expected)
        {
            OutOfOrder++;
            return;
        }

        if (stamp.Number > expected && _gaps.Count < GapsKept)
            _gaps.Add(new Gap(stamp.Call, expected, stamp.Number - expected));
        expected = stamp.Number + 1;
        Arrived++;
        if (Measuring)
            Latencies.Add(now - stamp.SentAt);
    }
}

/// <summary>Pieces of a call that did not come, although later ones did.</summary>
/// <param name="From">Number of the first of them.</param>
internal sealed record Gap(int Call, int From, int Pieces);
