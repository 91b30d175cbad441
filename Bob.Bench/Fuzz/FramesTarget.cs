using System.Buffers.Binary;
using System.Text;
using Bob.Actors.Sockets;

namespace Bob.Bench.Fuzz;

/// <summary>
/// Bytes of a WebSocket, cut at random, judged by a second reading of the RFC. The first byte of an input tells which end reads, and how much a message
/// may have.
/// </summary>
internal sealed class FramesTarget : FuzzTarget
{
    private static readonly int[] Caps = [16, 125, 300, 2000];
    private readonly List<FramesSay> _expected = [], _said = [];

    public override string Name => "frames";

    public override int Share => 250;

    public override IReadOnlyList<byte[]> Seeds { get; } = Make();

    public override IReadOnlyList<byte[]> Words => FuzzWords.Frames;

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        var how = input.IsEmpty ? 0 : input.Span[0];
        var bytes = input.Span[Math.Min(1, input.Length)..];
        var (masks, cap) = ((how & 1) != 0, Caps[(how >> 1) & 3]);
        _expected.Clear();
        _said.Clear();
        ReferenceFrames.Read(bytes, masks, cap, _expected);
        Read(bytes, new FrameReader(masks, cap), ref random);
        Holds(_said.Count == _expected.Count, $"{_said.Count} things were said, and should be {_expected.Count}");
        for (var i = 0; i < _said.Count; i++)
            Holds(_said[i] == _expected[i], $"number {i} is {_said[i]}, and should be {_expected[i]}");
    }

    private void Read(ReadOnlySpan<byte> bytes, FrameReader reader, ref FuzzRandom random)
    {
        var largest = 1 + random.Below(1 + bytes.Length);
        while (true)
        {
            var received = reader.Next();
            switch (received.Kind)
            {
                case ReceivedKind.Nothing when bytes.IsEmpty:
                    return;
                case ReceivedKind.Nothing:
                    var room = reader.Room().Span;
                    var piece = bytes[..Math.Min(Math.Min(1 + random.Below(largest), room.Length), bytes.Length)];
                    piece.CopyTo(room);
                    reader.Came(piece.Length);
                    bytes = bytes[piece.Length..];
                    break;
                case ReceivedKind.Close or ReceivedKind.Violation or ReceivedKind.TooBig:
                    _said.Add(new FramesSay(received.Kind, received.Code, received.Kind == ReceivedKind.Close ? FramesSay.HashOf(received.Payload.Span) : 0));
                    return;
                case ReceivedKind.Binary:
                    _said.Add(new FramesSay(received.Kind, 0, 0));
                    break;
                default:
                    _said.Add(new FramesSay(received.Kind, 0, FramesSay.HashOf(received.Payload.Span)));
                    break;
            }
        }
    }

    private static IReadOnlyList<byte[]> Make()
    {
        (byte First, byte[] Payload)[][] streams =
        [
            [Text(0x81, "a"), Text(0x89, "ping"), Text(0x81, "µ☎𝄞")],
            [Text(0x01, "Hello "), Text(0x89, ""), Text(0x00, "wörld"), Text(0x80, "!")],
            [(0x01, [0xF0, 0x9D]), (0x00, [0x84]), (0x80, [0x9E])],
            [(0x01, [0xE2, 0x98]), (0x80, [0x8E, 0xC3])],
            [(0x82, new byte[130]), Text(0x81, new string('x', 126)), Text(0x8A, "pong")],
            [(0x02, new byte[10]), (0x80, new byte[10]), (0x88, [0x03, 0xE8, (byte)'b', (byte)'y', (byte)'e'])],
            [Text(0x81, new string('x', 300)), (0x88, [])],
            [Text(0x81, new string('µ', 900)), (0x88, [0x0F, 0xA0])],
            [Text(0x01, ""), Text(0x00, ""), Text(0x80, ""), (0x88, [0x03])],
            [Text(0x81, ""), Text(0x89, new string('p', 125)), Text(0x8A, new string('p', 125)), (0x88, [0x03, 0xED])],
            [Text(0x81, new string('x', 2001))],
            [Text(0x01, new string('x', 1500)), Text(0x80, new string('y', 500)), Text(0x81, "z")],
        ];
        return [.. from stream in streams from how in Enumerable.Range(0, 8) select Bytes(stream, (byte)how)];
    }

    private static (byte, byte[]) Text(byte first, string text) => (first, Encoding.UTF8.GetBytes(text));

    private static byte[] Bytes((byte First, byte[] Payload)[] frames, byte how)
    {
        var masks = (how & 1) != 0;
        var bytes = new List<byte> { how };
        foreach (var (first, payload) in frames)
        {
            var mask = (byte)(masks ? 0x80 : 0);
            var size = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)payload.Length);
            bytes.AddRange(payload.Length < 126 ? [first, (byte)(mask | payload.Length)] : [first, (byte)(mask | 126), .. size]);
            byte[] key = masks ? [0x37, 0xFA, 0x21, 0x3D] : [0, 0, 0, 0];
            if (masks)
                bytes.AddRange(key);
            bytes.AddRange(payload.Select((octet, i) => (byte)(octet ^ key[i & 3])));
        }

        return [.. bytes];
    }
}
