using System.Net.WebSockets;
using System.Text;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using CsCheck;
using Xunit;
using static Bob.Tests.Sockets.Frame;

namespace Bob.Tests.Sockets;

/// <summary><see cref="FramingRules"/> against the socket: as both ends, and with every sequence of frames whole, cut at every byte and cut at random.</summary>
public sealed class FramingRulesSpecs
{
    private const int Cap = 70_000;

    private static readonly IReadOnlyList<(string What, Frame[] Sent, string[] Comes)> Sequences = FramingRules.For(Cap);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<SocketRole, string> All
    {
        get
        {
            var all = new TheoryData<SocketRole, string>();
            foreach (var role in new[] { SocketRole.Server, SocketRole.Client })
                foreach (var sequence in Sequences)
                    all.Add(role, sequence.What);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task T9_T10_The_rules_hold_however_the_bytes_are_cut(SocketRole role, string what)
    {
        var (_, sent, comes) = Sequences.Single(sequence => sequence.What == what);
        var bytes = Bytes(sent, masked: role == SocketRole.Server);

        (await ComesAsync(role, [bytes])).Should().Equal(comes);
        if (bytes.Length < 5000)
            (await ComesAsync(role, bytes.Select(octet => (ReadOnlyMemory<byte>)new[] { octet }))).Should().Equal(comes);
        await Gen.Int[1, Math.Max(2, bytes.Length / 3)].Array[1, 20].SampleAsync(
            async lengths => (await ComesAsync(role, Pieces(bytes, lengths))).SequenceEqual(comes), iter: 20);
    }

    [Fact]
    public async Task T10_A_server_takes_no_frame_without_a_mask_and_a_client_none_with_one()
    {
        foreach (var frame in new[] { Of("a"), Ping(), Close(1000), Of("a", 1) })
        {
            (await ComesAsync(SocketRole.Server, [(frame with { Masked = false }).Bytes(true)])).Should().Equal("violation 1002");
            (await ComesAsync(SocketRole.Client, [(frame with { Masked = true }).Bytes(false)])).Should().Equal("violation 1002");
        }
    }

    /// <summary>Receives until the end; what came, in words.</summary>
    private static async Task<IReadOnlyList<string>> ComesAsync(SocketRole role, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var wire = new Wire();
        var socket = new FramedMessageSocket(wire, new SocketTerms(role, Cap), TimeProvider.System);
        foreach (var piece in pieces)
            wire.Feed(piece);
        wire.Finish();
        var came = new List<string>();
        while (true)
        {
            SocketMessage message;
            try
            {
                message = await socket.ReceiveAsync(Cancellation);
            }
            catch (WebSocketException end)
            {
                came.Add(end.WebSocketErrorCode == WebSocketError.ConnectionClosedPrematurely ? "eof" : $"violation {wire.Frames.Single(IsClose).Code}");
                break;
            }

            var text = Encoding.UTF8.GetString(message.Utf8.Span);
            came.Add(message.Kind switch
            {
                SocketMessageKind.Text => $"text {FramingRules.Told(text)}",
                SocketMessageKind.Binary => "binary",
                SocketMessageKind.TooBig => "too big",
                _ => $"close {message.CloseCode} {message.CloseReason}",
            });
            if (message.Kind == SocketMessageKind.Close)
                wire.Frames.Single(IsClose).Code.Should().Be(message.CloseCode, "a CLOSE is answered with its code");
            if (message.Kind is SocketMessageKind.Close or SocketMessageKind.TooBig)
                break;
        }

        await socket.CloseAsync(1009, "");
        wire.Frames.Count(IsClose).Should().Be(1);
        wire.Frames.Should().OnlyContain(frame => frame.Masked == (role == SocketRole.Client));
        wire.Misused.Should().BeFalse();
        wire.Disposed.Should().BeTrue();
        return came;
    }

    private static bool IsClose(Frame frame) => frame.First == (Fin | 8);

    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes, int[] lengths)
    {
        for (int start = 0, i = 0; start < bytes.Length; i++)
        {
            var length = Math.Min(lengths[i % lengths.Length], bytes.Length - start);
            yield return bytes.AsMemory(start, length);
            start += length;
        }
    }
}
