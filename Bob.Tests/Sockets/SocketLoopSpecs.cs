using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>Connections on Bob's own loop: nothing is lost, nothing waits for ever, and what ends says how.</summary>
public sealed class SocketLoopSpecs
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_comes_whole_and_in_order_in_both_directions_of_many_connections_at_once()
    {
        const int connections = 40, length = 1_000_000;

        async Task OneAsync(int number)
        {
            var (near, far) = await OpenAsync();
            near.CompletesInline = number % 2 == 0;
            await using var _ = near;
            await using var __ = far;
            await Task.WhenAll(
                SendAsync(near, number, length), ReceiveAsync(far, number, length),
                SendAsync(far, number + 1, length), ReceiveAsync(near, number + 1, length)).WaitAsync(Deadline, Cancellation);
        }

        await Task.WhenAll(Enumerable.Range(0, connections).Select(OneAsync));
    }

    [Fact]
    public async Task What_is_said_before_the_end_is_heard_and_then_the_end()
    {
        for (var i = 0; i < 500; i++)
        {
            var (near, far) = await OpenAsync();
            await using var _ = near;
            near.CompletesInline = i % 2 == 0;
            var room = new byte[100];
            if (i % 3 == 0)
            {
                var waiting = near.ReadAsync(room, Cancellation);
                await far.WriteAsync(new byte[10], Cancellation);
                await far.DisposeAsync();
                (await waiting.AsTask().WaitAsync(Deadline, Cancellation)).Should().Be(10);
            }
            else
            {
                await far.WriteAsync(new byte[10], Cancellation);
                await far.DisposeAsync();
                (await near.ReadAsync(room, Cancellation).AsTask().WaitAsync(Deadline, Cancellation)).Should().Be(10);
            }

            (await near.ReadAsync(room, Cancellation).AsTask().WaitAsync(Deadline, Cancellation)).Should().Be(0);
            (await near.ReadAsync(room, Cancellation).AsTask().WaitAsync(Deadline, Cancellation)).Should().Be(0, "an end stays an end");
        }
    }

    [Fact]
    public async Task A_reset_is_told_as_one()
    {
        var (near, far) = await OpenAsync();
        await using var _ = near;
        var waiting = near.ReadAsync(new byte[10], Cancellation).AsTask();

        far.Socket.Close(0);

        var failure = await Fails<IOException>(waiting);
        failure.InnerException.Should().BeOfType<SocketException>().Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
        await Fails<IOException>(WriteUntilItFailsAsync(near));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task O13_What_came_before_a_reset_is_heard_also_when_a_message_on_its_way_out_notices_first(bool frames)
    {
        var (near, far) = await OpenAsync();
        near.CompletesInline = frames;
        var socket = new FramedMessageSocket(near, new SocketTerms(SocketRole.Client, 10_000), new FakeTimeProvider()); // has all the time it needs
        await far.WriteAsync(Frame.Bytes(Enumerable.Repeat(Frame.Of("a"), 100), masked: false), Cancellation);
        far.Socket.Close(0);

        var sending = Task.CompletedTask;
        while (sending.IsCompletedSuccessfully)
            sending = socket.SendAsync("message"u8.ToArray(), Cancellation).AsTask();
        sending.IsCompleted.Should().BeFalse("nothing has been read yet");
        for (var messages = 0; messages < 100; messages++)
            (await socket.ReceiveAsync(Cancellation).AsTask().WaitAsync(Deadline, Cancellation)).Kind.Should().Be(SocketMessageKind.Text);

        await Fails<WebSocketException>(socket.ReceiveAsync(Cancellation).AsTask());
        await Fails<WebSocketException>(sending);
    }

    [Fact]
    public async Task An_empty_read_waits_for_something_to_read_and_takes_nothing()
    {
        var (near, far) = await OpenAsync();
        await using var _ = near;
        var waiting = near.ReadAsync(Memory<byte>.Empty, Cancellation).AsTask();
        waiting.IsCompleted.Should().BeFalse();

        await far.WriteAsync(new byte[] { 1, 2 }, Cancellation);

        (await waiting.WaitAsync(Deadline, Cancellation)).Should().Be(0);
        (await near.ReadAsync(Memory<byte>.Empty, Cancellation)).Should().Be(0);
        var room = new byte[10];
        (await near.ReadAsync(room, Cancellation)).Should().Be(2);
        waiting = near.ReadAsync(Memory<byte>.Empty, Cancellation).AsTask();
        waiting.IsCompleted.Should().BeFalse("all is read");
        await far.DisposeAsync();
        (await waiting.WaitAsync(Deadline, Cancellation)).Should().Be(0);
    }

    [Fact]
    public async Task What_waits_fails_when_the_connection_is_disposed()
    {
        var (near, far) = await OpenAsync();
        await using var _ = far;
        var reading = near.ReadAsync(new byte[10], Cancellation).AsTask();
        var writing = WriteMuch(near, Cancellation);

        await near.DisposeAsync();

        await Fails<ObjectDisposedException>(reading);
        await Fails<ObjectDisposedException>(writing);
        await Fails<ObjectDisposedException>(near.ReadAsync(new byte[10], Cancellation).AsTask());
        await Fails<ObjectDisposedException>(near.WriteAsync(new byte[10], Cancellation).AsTask());
    }

    [Fact]
    public async Task A_connection_that_is_disposed_as_somebody_begins_to_read_leaves_nobody_waiting()
    {
        for (var i = 0; i < 300; i++)
        {
            var (near, far) = await OpenAsync();
            await using var _ = far;
            near.CompletesInline = i % 2 == 0;
            using var both = new Barrier(2);
            var reading = Task.Run(async () =>
            {
                both.SignalAndWait(Deadline, Cancellation);
                await near.ReadExactlyAsync(new byte[10], Cancellation);
            }, Cancellation);
            var disposing = Task.Run(() =>
            {
                both.SignalAndWait(Deadline, Cancellation);
                near.Dispose();
            }, Cancellation);

            await disposing;
            await Fails<ObjectDisposedException>(reading);
        }
    }

    [Fact]
    public async Task A_read_that_is_cancelled_leaves_the_next_one_alone()
    {
        var (near, far) = await OpenAsync();
        await using var _ = near;
        await using var __ = far;
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var cancelled = near.ReadAsync(new byte[10], first.Token).AsTask();
        await first.CancelAsync();
        await Fails<OperationCanceledException>(cancelled);

        var room = new byte[10];
        var waiting = near.ReadAsync(room, second.Token).AsTask();
        await far.WriteAsync(new byte[] { 7 }, Cancellation);
        (await waiting.WaitAsync(Deadline, Cancellation)).Should().Be(1);
        waiting = near.ReadAsync(room, Cancellation).AsTask();
        await second.CancelAsync();
        await far.WriteAsync(new byte[] { 8, 9 }, Cancellation);

        (await waiting.WaitAsync(Deadline, Cancellation)).Should().Be(2);
        await Fails<OperationCanceledException>(near.ReadAsync(room, first.Token).AsTask());
    }

    [Fact]
    public async Task A_write_that_waits_goes_on_when_the_peer_reads_and_can_be_cancelled()
    {
        var (near, far) = await OpenAsync();
        await using var _ = near;
        await using var __ = far;
        var much = new byte[20_000_000];
        for (var i = 0; i < much.Length; i++)
            much[i] = At(7, i);
        var waiting = near.WriteAsync(much, Cancellation).AsTask();
        waiting.IsCompleted.Should().BeFalse();

        await ReceiveAsync(far, 7, much.Length).WaitAsync(Deadline, Cancellation);
        await waiting.WaitAsync(Deadline, Cancellation);
        await near.DisposeAsync();
        (await far.ReadAsync(new byte[10], Cancellation)).Should().Be(0, "it was closed, not reset");

        var (other, silent) = await OpenAsync();
        await using var ___ = other;
        await using var ____ = silent;
        using var patience = new CancellationTokenSource();
        var cancelled = WriteMuch(other, patience.Token);
        await patience.CancelAsync();
        await Fails<OperationCanceledException>(cancelled);
    }

    [Fact]
    public async Task A_second_read_at_the_same_time_is_refused_and_the_first_goes_on()
    {
        var (near, far) = await OpenAsync();
        await using var _ = near;
        await using var __ = far;
        var first = near.ReadAsync(new byte[10], Cancellation).AsTask();

        await Fails<InvalidOperationException>(near.ReadAsync(new byte[10], Cancellation).AsTask());

        await far.WriteAsync(new byte[] { 1 }, Cancellation);
        (await first.WaitAsync(Deadline, Cancellation)).Should().Be(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_waited_goes_on_in_the_pool_until_it_is_frames_that_are_read(bool frames)
    {
        var (near, far) = await OpenAsync();
        await using var _ = near;
        await using var __ = far;
        near.CompletesInline = frames;

        async Task<(string? Thread, bool Pool)> ReadAsync()
        {
            await near.ReadAsync(new byte[10], Cancellation).ConfigureAwait(false);
            return (Thread.CurrentThread.Name, Thread.CurrentThread.IsThreadPoolThread);
        }

        var reading = ReadAsync();
        await far.WriteAsync(new byte[] { 1 }, Cancellation);
        var (thread, pool) = await reading.WaitAsync(Deadline, Cancellation);

        pool.Should().Be(!frames);
        (thread?.StartsWith("Bob lines", StringComparison.Ordinal) ?? false).Should().Be(frames);
    }

    [Fact]
    public async Task A_host_is_reached_by_its_name_or_its_address_and_one_that_is_not_there_is_an_error()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        foreach (var name in new[] { "localhost", "127.0.0.1" })
        {
            await using var near = await SocketLoop.ConnectAsync(new DnsEndPoint(name, port), Cancellation);
            using var far = await listener.AcceptSocketAsync(Cancellation);
            await near.WriteAsync("hello"u8.ToArray(), Cancellation);
            (await far.ReceiveAsync(new byte[10], Cancellation)).Should().Be(5);
        }

        listener.Stop();
        (await Fails<SocketException>(SocketLoop.ConnectAsync(new DnsEndPoint("127.0.0.1", port), Cancellation).AsTask()))
            .SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
        await Fails<SocketException>(SocketLoop.ConnectAsync(new DnsEndPoint("nobody.invalid", port), Cancellation).AsTask());
    }

    [Fact]
    public async Task A_connection_that_was_not_made_leaves_nothing_behind()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        const int tries = 300;
        var before = SocketLoop.Connections;

        for (var i = 0; i < tries; i++)
            await Fails<SocketException>(SocketLoop.ConnectAsync(new DnsEndPoint("127.0.0.1", port), Cancellation).AsTask());

        (SocketLoop.Connections - before).Should().BeLessThan(tries / 2, "others come and go meanwhile, but not so many");
    }

    [Fact]
    public async Task A_host_that_does_not_answer_is_waited_for_until_that_is_cancelled()
    {
        // A listener whose backlog is full answers nobody.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(1);
        var port = ((IPEndPoint)full.LocalEndPoint!).Port;
        using var patience = new CancellationTokenSource();
        var waiting = new List<Task<Stream>>();
        for (var i = 0; i < 10; i++)
            waiting.Add(SocketLoop.ConnectAsync(new DnsEndPoint("127.0.0.1", port), patience.Token).AsTask());
        (await Task.WhenAny(waiting)).IsCompletedSuccessfully.Should().BeTrue();

        await patience.CancelAsync();

        await Task.WhenAll(waiting).ContinueWith(_ => { }, Cancellation, TaskContinuationOptions.None, TaskScheduler.Default).WaitAsync(Deadline, Cancellation);
        waiting.Should().Contain(connection => connection.IsCanceled);
        foreach (var connection in waiting.Where(connection => connection.IsCompletedSuccessfully))
            await (await connection).DisposeAsync();
    }

    [Fact]
    public async Task Many_connections_come_and_go_and_each_hears_its_own()
    {
        async Task ChurnAsync(int worker)
        {
            for (var i = 0; i < 100; i++)
            {
                var (near, far) = await OpenAsync();
                near.CompletesInline = true;
                var said = new[] { (byte)worker, (byte)i };
                var room = new byte[10];
                var reading = near.ReadAsync(room, Cancellation).AsTask();
                await far.WriteAsync(said, Cancellation);
                (await reading.WaitAsync(Deadline, Cancellation)).Should().Be(2);
                room[..2].Should().Equal(said);
                far.Dispose();
                near.Dispose();
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(() => ChurnAsync(worker))));
    }

    private static async Task<(EpollStream Near, NetworkStream Far)> OpenAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = (EpollStream)await SocketLoop.ConnectAsync(new DnsEndPoint("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port), Cancellation);
        return (near, new NetworkStream(await listener.AcceptSocketAsync(Cancellation), ownsSocket: true));
    }

    private static byte At(int number, long position) => (byte)((position * 31) + (position >> 8) + number);

    private static async Task SendAsync(Stream line, int number, int length)
    {
        var random = new Random(number);
        for (var sent = 0; sent < length;)
        {
            var piece = new byte[Math.Min(length - sent, random.Next(1, 60_000))];
            for (var i = 0; i < piece.Length; i++)
                piece[i] = At(number, sent + i);
            await line.WriteAsync(piece, Cancellation);
            sent += piece.Length;
        }
    }

    private static async Task ReceiveAsync(Stream line, int number, int length)
    {
        var random = new Random(-number);
        for (var received = 0; received < length;)
        {
            if (random.Next(10) == 0)
                (await line.ReadAsync(Memory<byte>.Empty, Cancellation)).Should().Be(0);
            var room = new byte[random.Next(1, 40_000)];
            var bytes = await line.ReadAsync(room, Cancellation);
            bytes.Should().BePositive();
            for (var i = 0; i < bytes; i++)
            {
                if (room[i] != At(number, received + i))
                    throw new InvalidOperationException($"Byte {received + i} of {number} is another's.");
            }

            received += bytes;
        }
    }

    /// <summary>More than the kernel holds for a peer that does not read.</summary>
    private static Task WriteMuch(Stream line, CancellationToken cancellation) => line.WriteAsync(new byte[64_000_000], cancellation).AsTask();

    private static async Task WriteUntilItFailsAsync(Stream line)
    {
        for (var i = 0; i < 100; i++)
            await line.WriteAsync(new byte[100], Cancellation);
    }

    private static async Task<TException> Fails<TException>(Task task)
        where TException : Exception =>
        (await FluentActions.Awaiting(() => task.WaitAsync(Deadline, Cancellation)).Should().ThrowAsync<TException>()).Which;
}
