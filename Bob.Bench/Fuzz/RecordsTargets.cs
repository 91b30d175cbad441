using System.Text;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Bench.Fuzz;

/// <summary>Entries as the database has them: a line with the kind, and the payload behind it.</summary>
internal sealed class JournalTarget : FuzzTarget
{
    private static readonly JournalEntry[] Entries =
    [
        new CallOpened("+15550100001", "+15550100002", null), new JournalEntry.StreamAttached(new StreamSid("MZ1")), new CallerTurn("u1", 10, null), new CallerWords("u1", "Hello ☎"),
        new CallerWordsFailed("u1"), new BobWords("i1", "We"), new JournalEntry.BobSaid("i1", "We are open"), new JournalEntry.BobSpoke("i1", 500), new BobCut("i1", "We", 100, 500, true),
        new JournalEntry.ToolCalled("c1", "hours", "{}"), new ToolReturned("c1", "9-17", 20, "ok"), new KeyPressed("123"), new KeysPressed("123#", 16), new StepChanged(CallPhase.Ending, CallEnd.Goodbye, null),
        new RecordingBegun("CA1.wav"), new RecordingTruncated("disk full"), new UsageReported("r1", 1, 2, 3, 4, 5, 6, 0.000123m), new TranscriptionReported("u1", 0, 26, 12, null, 0.000093m), new TranscriptionReported("u1", 0, 0, 0, 2.5, 0.000708m), new CallEnded(CallEnd.CallerHungUp, 700, 1, 60, 0.0085m),
    ];

    public override string Name => "journal";

    public override int Share => 25;

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. Entries.Select(entry => JsonSeeds.Bytes($"{JournalCodec.Kind(entry)}\n{JournalCodec.Payload(entry)}"))];

    public static IReadOnlyList<byte[]> Lines { get; } = [.. Entries.Select((entry, i) => JsonSeeds.Bytes(
        Spool.Line(entry with { CallSid = new CallSid("CA1"), Number = i + 1, At = DateTimeOffset.UnixEpoch.AddSeconds(i) })[9..]))];

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var (kind, payload) = end < 0 ? (text, "") : (text[..end], text[(end + 1)..]);
        JournalEntry entry;
        try
        {
            entry = JournalCodec.Read(kind, JournalCodec.Version, payload);
        }
        catch (FormatException)
        {
            return;
        }

        Holds(JournalCodec.Kind(entry) == kind, "another kind");
        Holds(JournalCodec.Read(kind, JournalCodec.Version, JournalCodec.Payload(entry)) == entry, "it does not come back as it was");
    }
}

/// <summary>Lines of the spool, with the checksum that belongs to them: a damaged disk is not all that writes strange lines.</summary>
internal sealed class SpoolTarget : FuzzTarget
{
    public override string Name => "spool";

    public override int Share => 20;

    public override IReadOnlyList<byte[]> Seeds => JournalTarget.Lines;

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        byte[] line = [.. Encoding.ASCII.GetBytes(SpoolLine.Checksum(input.Span)), (byte)' ', .. input.Span];
        Holds(SpoolLine.IsWhole(line), "its own checksum is wrong");
        if (SpoolLine.Parse(line) is { } entry)
        {
            using var again = new MemoryStream();
            SpoolLine.Write(again, entry);
            var written = again.ToArray().AsMemory(0, (int)again.Length - 1);
            Holds(SpoolLine.IsWhole(written.Span) && SpoolLine.Parse(written) == entry, "it does not come back as it was");
        }

        if (input.IsEmpty)
            return;
        line[^(1 + random.Below(input.Length))] ^= (byte)(1 << random.Below(8));
        Holds(!SpoolLine.IsWhole(line), "a damaged line passes for a whole one");
    }
}
