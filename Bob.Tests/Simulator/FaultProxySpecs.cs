using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Bob.Simulator.Faults;
using Xunit;

namespace Bob.Tests.Simulator;

/// <summary>The proxy that breaks connections, between a client and a server that sends back what it gets.</summary>
public sealed class FaultProxySpecs : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly FaultProxy _proxy;
    private readonly Task _serving;
    private int _received;

    public FaultProxySpecs()
    {
        _server.Start();
        _serving = ServeAsync();
        _proxy = FaultProxy.Start(((IPEndPoint)_server.LocalEndpoint).Port);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_not_broken_passes_both_ways()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(Bytes(100_000), Cancellation);

        (await ReadAsync(client, 100_000)).Should().Equal(Bytes(100_000));
        _proxy.Open.Should().ContainSingle();
        client.Shutdown(SocketShutdown.Send);
        (await client.ReceiveAsync(new byte[1], Cancellation)).Should().Be(0, "the end passes too");
        await UntilAsync(() => _proxy.Open.Count == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(70_000)]
    public async Task A_reset_strikes_at_its_very_byte(int bytes)
    {
        _proxy.Schedule(new ProxyFault { Do = ProxyAction.Reset, AfterBytes = bytes });
        using var client = await ConnectAsync();

        await client.SendAsync(Bytes(100_000), Cancellation);

        var (got, reset) = await ReadToEndAsync(client);
        reset.Should().BeTrue();
        got.Should().BeLessThanOrEqualTo(bytes);
    }

    [Fact]
    public async Task A_FIN_ends_both_ways_after_what_has_passed()
    {
        using var client = await ConnectAsync();
        await client.SendAsync(Bytes(10), Cancellation);
        await ReadAsync(client, 10);

        _proxy.Strike(new ProxyFault { Do = ProxyAction.Fin }).Should().Be(1);

        (await client.ReceiveAsync(new byte[1], Cancellation)).Should().Be(0);
        await UntilAsync(() => _proxy.Open.Count == 0);
    }

    [Theory]
    [InlineData(ProxyAction.Freeze)]
    [InlineData(ProxyAction.Withhold)]
    public async Task What_stands_still_goes_on_when_it_is_healed(ProxyAction still)
    {
        using var client = await ConnectAsync();
        _proxy.Strike(new ProxyFault { Do = still });
        await client.SendAsync(Bytes(10), Cancellation);
        await IsSilentAsync(client);

        _proxy.Strike(new ProxyFault { Do = ProxyAction.Heal });

        (await ReadAsync(client, 10)).Should().Equal(Bytes(10));
    }

    [Theory]
    [InlineData(ProxyAction.Freeze)]
    [InlineData(ProxyAction.BlackHole)]
    public async Task Who_leaves_a_dead_line_is_noticed(ProxyAction dead)
    {
        using (var client = await ConnectAsync())
        {
            _proxy.Strike(new ProxyFault { Do = dead });
            await client.SendAsync(Bytes(10), Cancellation);
            await IsSilentAsync(client);
        }

        await UntilAsync(() => _proxy.Open.Count == 0);
        _received.Should().Be(0);
    }

    [Fact]
    public async Task One_way_alone_can_be_broken()
    {
        using var client = await ConnectAsync();
        _proxy.Strike(new ProxyFault { Do = ProxyAction.BlackHole, Way = ProxyDirection.ToClient });

        await client.SendAsync(Bytes(10), Cancellation);

        await UntilAsync(() => _received == 10);
        await IsSilentAsync(client);
    }

    [Fact]
    public async Task A_delay_delays_and_a_throttle_throttles()
    {
        using var client = await ConnectAsync();
        _proxy.Strike(new ProxyFault { Do = ProxyAction.Delay, Ms = 400, Way = ProxyDirection.ToServer });
        var since = Stopwatch.StartNew();
        await client.SendAsync(Bytes(10), Cancellation);
        await ReadAsync(client, 10);
        since.ElapsedMilliseconds.Should().BeGreaterThanOrEqualTo(390);

        _proxy.Strike(new ProxyFault { Do = ProxyAction.Heal });
        _proxy.Strike(new ProxyFault { Do = ProxyAction.Throttle, BytesPerSecond = 1000, Way = ProxyDirection.ToServer });
        since.Restart();
        await client.SendAsync(Bytes(500), Cancellation);
        await ReadAsync(client, 500);
        since.ElapsedMilliseconds.Should().BeGreaterThanOrEqualTo(400);
    }

    [Fact]
    public async Task Slices_are_whole_in_the_end_and_corruption_flips_one_bit_at_its_place()
    {
        using var client = await ConnectAsync();
        _proxy.Strike(new ProxyFault { Do = ProxyAction.Slice });
        await client.SendAsync(Bytes(1000), Cancellation);
        (await ReadAsync(client, 1000)).Should().Equal(Bytes(1000));

        _proxy.Strike(new ProxyFault { Do = ProxyAction.Heal });
        _proxy.Strike(new ProxyFault { Do = ProxyAction.Corrupt, EveryBytes = 100, Way = ProxyDirection.ToServer });
        await client.SendAsync(Bytes(1000), Cancellation);

        var got = await ReadAsync(client, 1000);
        got.Zip(Bytes(1000)).Select((pair, at) => (at, Wrong: pair.First ^ pair.Second)).Where(one => one.Wrong != 0)
            .Should().HaveCount(10).And.OnlyContain(one => one.at % 100 == 99 && one.Wrong == 4);
    }

    [Fact]
    public async Task A_connection_is_held_until_somebody_listens()
    {
        var port = _proxy.TargetPort;
        (_proxy.TargetPort, _proxy.Holds) = (0, Patience);
        using var client = await ConnectAsync();
        await client.SendAsync(Bytes(10), Cancellation);
        await IsSilentAsync(client);

        _proxy.TargetPort = port;

        (await ReadAsync(client, 10)).Should().Equal(Bytes(10));
    }

    [Fact]
    public async Task Where_nobody_listens_a_connection_is_reset()
    {
        _proxy.TargetPort = 0;
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        var reaching = async () =>
        {
            await client.ConnectAsync(IPAddress.Loopback, _proxy.Port, Cancellation);
            await client.ReceiveAsync(new byte[1], Cancellation).AsTask().WaitAsync(Patience, Cancellation);
        };

        (await reaching.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _server.Dispose();
        await _serving;
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(n => (byte)(n % 251))];

    private static async Task<byte[]> ReadAsync(Socket client, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await client.ReceiveAsync(bytes.AsMemory(at), Cancellation).AsTask().WaitAsync(Patience, Cancellation);
            read.Should().BePositive($"{count} bytes should come, not {at}");
            at += read;
        }

        return bytes;
    }

    private static async Task<(int Bytes, bool Reset)> ReadToEndAsync(Socket client)
    {
        var got = 0;
        try
        {
            while (await client.ReceiveAsync(new byte[4096], Cancellation).AsTask().WaitAsync(Patience, Cancellation) is > 0 and var read)
                got += read;
            return (got, false);
        }
        catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
        {
            return (got, true);
        }
    }

    private static async Task IsSilentAsync(Socket client)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        moment.CancelAfter(Moment);
        var reading = async () => await client.ReceiveAsync(new byte[1], moment.Token);
        await reading.Should().ThrowAsync<OperationCanceledException>("nothing should come");
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var since = Stopwatch.StartNew(); !holds() && since.Elapsed < Patience;)
            await tick.WaitForNextTickAsync(Cancellation);
        holds().Should().BeTrue();
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port, Cancellation);
        await UntilAsync(() => _proxy.Open.Count > 0 || _proxy.TargetPort == 0);
        return client;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = EchoAsync(await _server.AcceptSocketAsync());
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // the spec is over
        }
    }

    private async Task EchoAsync(Socket client)
    {
        using var owned = client;
        var buffer = new byte[4096];
        try
        {
            while (await client.ReceiveAsync(buffer) is > 0 and var read)
            {
                Interlocked.Add(ref _received, read);
                await client.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (SocketException)
        {
            // cut by the proxy
        }
    }
}
