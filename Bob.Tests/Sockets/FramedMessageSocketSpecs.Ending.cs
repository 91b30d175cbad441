using System.Net.Sockets;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using Xunit;
using static Bob.Tests.Sockets.Frame;

namespace Bob.Tests.Sockets;

/// <summary>What a peer had said before it broke off is heard, and then why it is over.</summary>
public sealed partial class FramedMessageSocketSpecs
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task O13_A_message_that_cannot_be_sent_is_told_of_behind_what_had_come(bool pongFails)
    {
        _wire.FailWrites(new IOException("", new SocketException((int)SocketError.ConnectionReset)));
        Feed([.. pongFails ? [Ping()] : Array.Empty<Frame>(), Of("one"), Of("two"), Of("three")]);
        if (pongFails)
            (await ReceiveAsync(_socket)).Kind.Should().Be(SocketMessageKind.Text);
        var sending = _socket.SendAsync("message"u8.ToArray(), Cancellation).AsTask();

        for (var messages = pongFails ? 1 : 0; messages < 3; messages++)
        {
            sending.IsCompleted.Should().BeFalse("more is still to be read");
            (await ReceiveAsync(_socket)).Kind.Should().Be(SocketMessageKind.Text);
        }

        _wire.Finish();
        SocketFailure.Word(await Fails(_socket.ReceiveAsync(Cancellation))).Should().Be("connection-reset");
        SocketFailure.Word(await Fails(new ValueTask(sending))).Should().Be("connection-reset");
        SocketFailure.Word(await Fails(_socket.SendAsync("another"u8.ToArray(), Cancellation))).Should().Be("connection-reset");
        await _wire.DisposedAsync();
    }

    [Fact]
    public async Task A_message_that_cannot_be_sent_because_the_peer_had_said_goodbye_fails_nobody()
    {
        _wire.FailWrites(new IOException("", new SocketException((int)SocketError.ConnectionReset)));
        Feed(Of("one"), Close(1013, "no more credit"));
        var sending = _socket.SendAsync("message"u8.ToArray(), Cancellation).AsTask();

        await ReceiveAsync(_socket);
        (await ReceiveAsync(_socket)).Should().Be(new SocketMessage(SocketMessageKind.Close, default, 1013, "no more credit"));

        await sending.WaitAsync(TimeSpan.FromSeconds(10), Cancellation); // the reader tells of the end, and why
        await _socket.SendAsync("another"u8.ToArray(), Cancellation);
        await _wire.DisposedAsync();
    }

    [Fact]
    public async Task What_waits_behind_a_pong_that_cannot_be_sent_is_told_why()
    {
        _wire.Hold();
        Feed(Ping(), Of("one"));
        await ReceiveAsync(_socket);
        var sending = _socket.SendAsync("message"u8.ToArray(), Cancellation).AsTask();
        _wire.FailWrites(new IOException("", new SocketException((int)SocketError.ConnectionReset)));

        _wire.Release();
        _wire.Finish();
        await Fails(_socket.ReceiveAsync(Cancellation));

        SocketFailure.Word(await Fails(new ValueTask(sending))).Should().Be("connection-reset");
    }

    [Fact]
    public async Task A_message_that_cannot_be_sent_is_told_of_after_a_second_when_the_peer_is_not_heard_to_end()
    {
        var receiving = _socket.ReceiveAsync(Cancellation);
        _wire.FailWrites(new IOException("", new SocketException((int)SocketError.ConnectionReset)));
        var sending = _socket.SendAsync("message"u8.ToArray(), Cancellation).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(0.9));
        sending.IsCompleted.Should().BeFalse();

        _clock.Advance(TimeSpan.FromSeconds(0.1));

        SocketFailure.Word(await Fails(new ValueTask(sending))).Should().Be("connection-reset");
        SocketFailure.Word(await Fails(receiving)).Should().Be("connection-reset");
        _wire.Disposed.Should().BeTrue();
    }
}
