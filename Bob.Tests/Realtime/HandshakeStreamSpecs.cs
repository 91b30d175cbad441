using System.Text;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Tests.Sockets;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class HandshakeStreamSpecs
{
    private const string Head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_read_goes_past_the_head_of_an_answer()
    {
        var (near, far) = await LoopbackPair.OpenAsync();
        await using var _ = far;
        await using var stream = new HandshakeStream(near);
        await far.WriteAsync(Encoding.ASCII.GetBytes(Head + "frames"), Cancellation);

        var client = await ReadAsync(stream, Head.Length);
        var (connection, come) = stream.Over();

        client.Should().Be(Head);
        (await ReadAsync(connection, 6, come)).Should().Be("frames");
    }

    [Fact]
    public async Task However_the_answer_is_cut_the_client_gets_its_head_alone()
    {
        for (var cut = 1; cut < Head.Length + 6; cut++)
        {
            var (near, far) = await LoopbackPair.OpenAsync();
            await using var _ = far;
            await using var stream = new HandshakeStream(near);
            var answer = Encoding.ASCII.GetBytes(Head + "frames");

            await far.WriteAsync(answer.AsMemory(0, cut), Cancellation);
            var client = await ReadAsync(stream, Math.Min(cut, Head.Length));
            await far.WriteAsync(answer.AsMemory(cut), Cancellation);
            client += await ReadAsync(stream, Head.Length - client.Length);
            var (connection, come) = stream.Over();

            client.Should().Be(Head);
            (await ReadAsync(connection, 6, come)).Should().Be("frames");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public async Task A_body_with_empty_lines_comes_whole(int room)
    {
        const string answer = "HTTP/1.1 401 No\r\nContent-Length: 17\r\n\r\none\r\n\r\ntwo\r\n\r\r\n\r\n";
        var (near, far) = await LoopbackPair.OpenAsync();
        await using var stream = new HandshakeStream(near);
        await using (far)
            await far.WriteAsync(Encoding.ASCII.GetBytes(answer), Cancellation);

        var read = new StringBuilder();
        var buffer = new byte[room];
        while (await stream.ReadAsync(buffer, Cancellation) is > 0 and var length)
            read.Append(Encoding.ASCII.GetString(buffer, 0, length));

        read.ToString().Should().Be(answer);
    }

    private static async Task<string> ReadAsync(Stream stream, int length, ReadOnlyMemory<byte> come = default)
    {
        var (text, buffer) = (Encoding.ASCII.GetString(come.Span), new byte[4096]);
        while (text.Length < length)
            text += Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, Cancellation));
        return text;
    }
}
