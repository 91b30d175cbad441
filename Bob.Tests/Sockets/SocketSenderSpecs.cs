using System.Text;
using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Sockets;

public sealed class SocketSenderSpecs : Akka.TestKit.Xunit.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeMessageSocket _socket = new();
    private readonly SocketSender _sender;

    public SocketSenderSpecs() => _sender = new SocketSender(_socket, TestActor, "drained", failure => failure, _clock);

    [Fact]
    public void A_send_that_is_taken_at_once_says_nothing()
    {
        Send("\"one\"");
        _sender.Post("\"two\""u8.ToArray());

        _socket.Sent.Should().Equal("\"one\"", "\"two\"");
        _sender.Busy.Should().BeFalse();
        ExpectNoMsg(Soon);
    }

    [Fact]
    public void Two_messages_of_one_buffer_are_two_also_when_they_have_to_wait()
    {
        "12"u8.CopyTo(_sender.Buffer(2));
        _sender.Send(1, 1);
        _socket.Hold();
        "34"u8.CopyTo(_sender.Buffer(2));
        _sender.Send(1, 1);
        _sender.Busy.Should().BeTrue();

        _socket.Release();
        ExpectMsg("drained");

        _socket.Sent.Should().Equal("1", "2", "3", "4");
        _socket.Misused.Should().BeFalse();
    }

    [Fact]
    public void What_is_posted_while_busy_goes_in_its_turn_and_one_at_a_time()
    {
        _socket.Hold();
        Send("1");
        _sender.Post("2"u8.ToArray());
        _sender.Post("3"u8.ToArray());
        _sender.Busy.Should().BeTrue();

        _socket.Release();
        ExpectMsg("drained");
        _sender.Drained();

        _socket.Sent.Should().Equal("1", "2", "3");
        (_sender.Busy, _socket.Misused).Should().Be((false, false));
        ExpectNoMsg(Soon);
    }

    [Fact]
    public void What_waits_stays_in_order_when_the_socket_is_slow_again()
    {
        _socket.Hold();
        Send("1");
        _sender.Post("2"u8.ToArray());
        _sender.Post("3"u8.ToArray());
        _socket.Release();
        ExpectMsg("drained");
        _socket.Hold();

        _sender.Drained();
        _sender.Busy.Should().BeTrue();
        _sender.Post("4"u8.ToArray());
        _socket.Release();
        ExpectMsg("drained");
        _sender.Drained();

        _socket.Sent.Should().Equal("1", "2", "3", "4");
        _socket.Misused.Should().BeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_send_that_fails_is_told_to_the_leg(bool slow)
    {
        if (slow)
        {
            _socket.Hold();
            Send("1");
            _socket.BreakSends(new IOException("gone"));
        }
        else
        {
            _socket.BreakSends(new IOException("gone"));
            Send("1");
        }

        ExpectMsg<IOException>();
        ExpectNoMsg(Soon);
    }

    [Fact]
    public void It_knows_for_how_long_the_socket_has_taken_nothing()
    {
        _sender.Stalled.Should().Be(TimeSpan.Zero);
        _socket.Hold();
        _clock.Advance(TimeSpan.FromSeconds(5));
        Send("1");
        _clock.Advance(TimeSpan.FromSeconds(2));

        _sender.Stalled.Should().Be(TimeSpan.FromSeconds(2));

        _socket.Release();
        ExpectMsg("drained");
        _sender.Drained();
        _sender.Stalled.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void A_message_longer_than_the_buffer_is_sent_whole()
    {
        var text = new string('7', 100_000);

        Send(text);

        _socket.Sent.Should().Equal(text);
    }

    private void Send(string text) => _sender.Send(Encoding.UTF8.GetBytes(text, _sender.Buffer(text.Length)));
}
