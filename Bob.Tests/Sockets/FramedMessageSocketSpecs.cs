using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Tests.Sockets.Frame;

namespace Bob.Tests.Sockets;

/// <summary>What the socket does beside taking and sending messages.</summary>
public sealed partial class FramedMessageSocketSpecs
{
    private const byte Pong = Fin | 10, PingFrame = Fin | 9, CloseFrame = Fin | 8, Text = Fin | 1;
    private const int Cap = 1024 * 1024;
    private readonly FakeTimeProvider _clock = new();
    private readonly Wire _wire = new();
    private readonly FramedMessageSocket _socket;

    public FramedMessageSocketSpecs() => _socket = Over(_wire);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_ping_is_answered_with_its_payload()
    {
        Feed(Ping("one"));
        Feed(Ping("two"));
        Feed(Of("text"));

        await _socket.ReceiveAsync(Cancellation);

        Written().Should().Equal((Pong, "one"), (Pong, "two"));
    }

    [Fact]
    public async Task Of_pings_that_come_at_once_only_the_latest_is_answered()
    {
        Feed(Ping("one"), Ping("two"), Ping("three"), Of("text"));

        await _socket.ReceiveAsync(Cancellation);

        Written().Should().Equal((Pong, "three"));
    }

    [Fact]
    public async Task T13_Pings_are_answered_up_to_twenty_a_second_and_then_the_socket_is_closed()
    {
        for (var second = 0; second < 5; second++)
        {
            Feed([.. Enumerable.Repeat(Ping("p"), 10), .. Enumerable.Repeat(Of("p", Pong), 10), Of("text")]);
            await _socket.ReceiveAsync(Cancellation);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Feed([.. Enumerable.Repeat(Ping(), 20), Of("text"), Ping(), Of("not heard")]);
        await _socket.ReceiveAsync(Cancellation);
        var end = await Fails(_socket.ReceiveAsync(Cancellation));

        SocketFailure.Word(end).Should().Be("protocol-error");
        _wire.Frames[^1].Code.Should().Be(1008);
    }

    [Fact]
    public async Task After_a_violation_the_rest_is_read_away_so_that_the_close_arrives()
    {
        Feed(Of("a", Fin | 3));
        await Fails(_socket.ReceiveAsync(Cancellation));
        for (var i = 0; i < 100; i++)
            Feed(Of(new string('x', 10_000)));
        _wire.Disposed.Should().BeFalse();

        _wire.Finish();
        await _socket.CloseAsync(1000, "").WaitAsync(TimeSpan.FromSeconds(10), Cancellation);

        _wire.Disposed.Should().BeTrue();
        _wire.Frames.Should().ContainSingle().Which.Code.Should().Be(1002);
    }

    [Fact]
    public async Task A_violation_is_waited_out_for_a_second_at_most()
    {
        Feed(Of("a", Fin | 3));
        await Fails(_socket.ReceiveAsync(Cancellation));
        var closing = _socket.CloseAsync(1000, "");

        _clock.Advance(TimeSpan.FromSeconds(1));

        await closing.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        _wire.Disposed.Should().BeTrue();
    }

    [Fact]
    public async Task What_finds_a_message_under_way_goes_out_right_after_it()
    {
        var receiving = _socket.ReceiveAsync(Cancellation).AsTask();
        _wire.Hold();
        var sending = _socket.SendAsync("message"u8.ToArray(), Cancellation).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(2));
        Feed(Ping("p"), Of("heard"));
        await receiving;
        var closing = _socket.CloseAsync(1000, "bye");
        sending.IsCompleted.Should().BeFalse();

        _wire.Release();
        await sending;
        _clock.Advance(TimeSpan.FromSeconds(1));
        await closing;

        Written().Select(frame => frame.First).Should().Equal(Text, Pong, PingFrame, CloseFrame);
        _wire.Misused.Should().BeFalse();
    }

    [Fact]
    public async Task A_message_that_finds_a_pong_under_way_goes_out_after_it()
    {
        _wire.Hold();
        Feed(Ping("p"), Of("heard"));
        await _socket.ReceiveAsync(Cancellation);
        var sending = _socket.SendAsync("message"u8.ToArray(), Cancellation).AsTask();
        sending.IsCompleted.Should().BeFalse();

        _wire.Release();
        await sending;

        Written().Should().Equal((Pong, "p"), (Text, "message"));
        _wire.Misused.Should().BeFalse();
    }

    [Fact]
    public async Task Nothing_follows_a_close()
    {
        Feed(Close(1000), Ping());
        await _socket.ReceiveAsync(Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(2));

        // The one who sends hears of the end from the reader, with its reason: a failure here would be another one.
        await _socket.SendAsync("late"u8.ToArray(), Cancellation);
        await _socket.CloseAsync(1001, "again");

        Written().Should().ContainSingle().Which.First.Should().Be(CloseFrame);
    }

    [Theory]
    [InlineData("☎", 41)]
    [InlineData("x", 123)]
    public async Task A_reason_is_cut_where_a_close_ends(string letter, int fit)
    {
        _ = _socket.CloseAsync(1000, string.Concat(Enumerable.Repeat(letter, 200)));

        await _wire.WrittenAsync();

        Encoding.UTF8.GetString(_wire.Frames.Single().Payload.AsSpan(2)).Should().Be(string.Concat(Enumerable.Repeat(letter, fit)));
    }

    [Fact]
    public async Task O16_A_silent_peer_is_pinged_and_then_lost()
    {
        var receiving = _socket.ReceiveAsync(Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        _wire.Writes.Should().BeEmpty();

        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Written().Should().Equal((PingFrame, ""));
        for (var i = 0; i < 29; i++)
            _clock.Advance(TimeSpan.FromSeconds(0.1));
        receiving.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        SocketFailure.Word(await Fails(receiving)).Should().Be("pong-timeout");
        _wire.Disposed.Should().BeTrue();
    }

    [Fact]
    public async Task A_process_that_stood_still_reads_what_came_meanwhile_before_it_calls_a_peer_dead()
    {
        using var waking = new WakingTime(_clock);
        var wire = new Wire();
        var socket = Over(wire, waking);
        var receiving = socket.ReceiveAsync(Cancellation).AsTask();
        Pass(2);
        wire.Frames.Should().ContainSingle().Which.First.Should().Be(PingFrame);

        _clock.Advance(TimeSpan.FromSeconds(10));
        receiving.IsCompleted.Should().BeFalse();
        wire.Feed(Frame.Bytes([Of("", Pong), Of("a")], masked: true));
        (await receiving).Kind.Should().Be(SocketMessageKind.Text);

        var silent = socket.ReceiveAsync(Cancellation);
        Pass(6);
        SocketFailure.Word(await Fails(silent)).Should().Be("pong-timeout");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pong_or_any_other_byte_is_a_sign_of_life(bool pong)
    {
        for (var i = 0; i < 10; i++)
        {
            var receiving = _socket.ReceiveAsync(Cancellation).AsTask();
            _clock.Advance(TimeSpan.FromSeconds(2));
            _wire.Frames.Should().HaveCount(i + 1, "the peer was silent for another interval").And.OnlyContain(frame => frame.First == PingFrame);
            Feed(pong ? [Of("", Pong), Of("a")] : [Of("a")]);
            (await receiving).Kind.Should().Be(SocketMessageKind.Text);
        }
    }

    [Fact]
    public async Task A_peer_that_talks_is_not_pinged()
    {
        for (var i = 0; i < 100; i++)
        {
            Feed(Of("a"));
            await _socket.ReceiveAsync(Cancellation);
            _clock.Advance(TimeSpan.FromSeconds(0.5));
        }

        _wire.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Cancelling_cuts_the_connection()
    {
        using var stopping = new CancellationTokenSource();
        Feed(Of("a"));
        await _socket.ReceiveAsync(stopping.Token);
        var receiving = _socket.ReceiveAsync(stopping.Token);

        await stopping.CancelAsync();

        (await Fails(receiving)).Should().BeOfType<OperationCanceledException>();
        _wire.Disposed.Should().BeTrue();
    }

    [Fact]
    public async Task The_words_for_an_end_stay_what_they_are()
    {
        _wire.Finish();
        SocketFailure.Word(await Fails(_socket.ReceiveAsync(Cancellation))).Should().Be("closed-without-goodbye");

        var reset = new Wire();
        reset.Fail(new IOException("", new SocketException((int)SocketError.ConnectionReset)));
        SocketFailure.Word(await Fails(Over(reset).ReceiveAsync(Cancellation))).Should().Be("connection-reset");

        var cut = new Wire();
        var socket = Over(cut);
        var receiving = socket.ReceiveAsync(Cancellation);
        socket.Abort();
        SocketFailure.Word(await Fails(receiving)).Should().Be("connection-lost");
    }

    [Fact]
    public async Task T12_The_buffer_grows_with_what_comes_and_not_with_what_is_announced()
    {
        Feed(Of("") with { Announced = Cap });
        var receiving = _socket.ReceiveAsync(Cancellation);
        _wire.LargestRoom.Should().BeLessThanOrEqualTo(2048);

        _wire.Feed(Of(new string('x', Cap)).Bytes(masked: true).AsMemory(14));
        await receiving;
        _wire.LargestRoom.Should().BeGreaterThan(100_000);
    }

    [Fact]
    public async Task A_large_message_leaves_no_large_buffer_behind()
    {
        var large = new Wire();
        var socket = Over(large);
        large.Feed(Of(new string('x', Cap)).Bytes(masked: true));
        (await socket.ReceiveAsync(Cancellation)).Utf8.Length.Should().Be(Cap);

        var before = large.LargestRoom;
        large.ForgetRoom();
        large.Feed(Of("a").Bytes(masked: true));
        await socket.ReceiveAsync(Cancellation);

        before.Should().BeGreaterThan(100_000);
        large.LargestRoom.Should().BeLessThanOrEqualTo(2048);
    }

    [Fact]
    public void A_message_is_sent_in_one_write_within_the_call_and_without_garbage()
    {
        var message = new byte[400];
        foreach (var role in new[] { SocketRole.Client, SocketRole.Server })
        {
            var socket = new FramedMessageSocket(Stream.Null, new SocketTerms(role, Cap), TimeProvider.System);
            socket.SendAsync(message, Cancellation).IsCompletedSuccessfully.Should().BeTrue();

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
                _ = socket.SendAsync(message, CancellationToken.None);

            (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        }

        _ = _socket.SendAsync(message, Cancellation);
        _wire.Writes.Should().ContainSingle();
    }

    [Theory]
    [InlineData(SocketRole.Server)]
    [InlineData(SocketRole.Client)]
    public async Task Two_messages_are_sent_in_one_write_and_are_two(SocketRole role)
    {
        var wire = new Wire();
        var socket = new FramedMessageSocket(wire, new SocketTerms(role, Cap), TimeProvider.System);
        var longer = new string('x', 70_000);

        await socket.SendAsync("one"u8.ToArray(), "two"u8.ToArray(), Cancellation);
        await socket.SendAsync(Encoding.UTF8.GetBytes(longer), "four"u8.ToArray(), Cancellation);

        wire.Writes.Should().HaveCount(2);
        wire.Frames.Select(frame => (frame.First, frame.Text, frame.Masked)).Should().Equal(
            new[] { "one", "two", longer, "four" }.Select(text => (Text, text, (bool?)(role == SocketRole.Client))));
    }

    [Fact]
    public async Task Two_messages_that_find_another_under_way_go_out_after_it()
    {
        _wire.Hold();
        Feed(Ping("p"), Of("heard"));
        await _socket.ReceiveAsync(Cancellation);
        var sending = _socket.SendAsync("one"u8.ToArray(), "two"u8.ToArray(), Cancellation).AsTask();
        sending.IsCompleted.Should().BeFalse();

        _wire.Release();
        await sending;

        Written().Should().Equal((Pong, "p"), (Text, "one"), (Text, "two"));
        _wire.Misused.Should().BeFalse();
    }

    [Fact]
    public async Task What_came_with_the_handshake_is_heard_first_however_much_it_is_and_wherever_it_is_cut()
    {
        var texts = new[] { "one", new string('x', 5_000), "three" };
        var bytes = Frame.Bytes(texts.Select(text => Of(text)), masked: true);
        foreach (var cut in new[] { 1, 5, 9, 12, 2_047, 2_048, 2_049, bytes.Length - 1, bytes.Length })
        {
            var wire = new Wire();
            var socket = new FramedMessageSocket(wire, new SocketTerms(SocketRole.Server, Cap), TimeProvider.System, come: bytes.AsMemory(0, cut).ToArray());
            wire.Feed(bytes.AsMemory(cut).ToArray());

            foreach (var text in texts)
                Encoding.UTF8.GetString((await ReceiveAsync(socket)).Utf8.Span).Should().Be(text);
        }
    }

    [Fact]
    public async Task A_close_that_came_with_the_handshake_is_told()
    {
        var socket = new FramedMessageSocket(
            _wire, new SocketTerms(SocketRole.Server, Cap), TimeProvider.System, come: Frame.Bytes([Close(1013, "later")], masked: true));

        (await ReceiveAsync(socket)).Should().Be(new SocketMessage(SocketMessageKind.Close, default, 1013, "later"));
    }

    [Fact]
    public void A_message_that_is_there_is_received_within_the_call_and_without_a_copy()
    {
        var messages = new MemoryStream(Frame.Bytes(Enumerable.Repeat(Of(new string('x', 400)), 2000), masked: true));
        var socket = new FramedMessageSocket(messages, new SocketTerms(SocketRole.Server, Cap, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)), TimeProvider.System);
        Receive(1000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive(1000);

        // A release build makes none; a debug build makes an object of every async method.
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1000 * 200);

        void Receive(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var receiving = socket.ReceiveAsync(CancellationToken.None);
                if (!receiving.IsCompletedSuccessfully || receiving.Result.Utf8.Length != 400)
                    throw new InvalidOperationException("A message should have been there.");
            }
        }
    }

    [Fact]
    public async Task A_client_masks_every_frame_with_another_key()
    {
        var keys = new HashSet<uint>();
        for (var connection = 0; connection < 10; connection++)
        {
            var wire = new Wire();
            var client = new FramedMessageSocket(wire, new SocketTerms(SocketRole.Client, Cap), TimeProvider.System);
            for (var frame = 0; frame < 100; frame++)
                await client.SendAsync("text"u8.ToArray(), Cancellation);
            keys.UnionWith(wire.Writes.Select(bytes => BitConverter.ToUInt32(bytes, 2)));
        }

        keys.Should().HaveCountGreaterThan(995);
    }

    private static Task<SocketMessage> ReceiveAsync(FramedMessageSocket socket) =>
        socket.ReceiveAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancellation);

    private static async Task<Exception> Fails(ValueTask<SocketMessage> receiving) => await Fails(new ValueTask(receiving.AsTask()));

    private static async Task<Exception> Fails(ValueTask operation) =>
        (await operation.AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancellation).Awaiting(task => task).Should().ThrowAsync<Exception>()).Which;

    private FramedMessageSocket Over(Wire wire, TimeProvider? clock = null) =>
        new(wire, new SocketTerms(SocketRole.Server, Cap, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)), clock ?? _clock);

    private void Pass(double seconds)
    {
        for (var i = 0; i < seconds * 10; i++)
            _clock.Advance(TimeSpan.FromSeconds(0.1));
    }

    /// <summary>The peer sends frames, in one piece.</summary>
    private void Feed(params Frame[] frames) => _wire.Feed(Frame.Bytes(frames, masked: true));

    private IEnumerable<(byte First, string Text)> Written() => _wire.Frames.Select(frame => (frame.First, frame.Text));
}
