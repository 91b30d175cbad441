using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using Bob.Tests.Calls;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>What is over holds nothing. Alone, because to collect the garbage of all specs stops them all.</summary>
[Collection(Alone.Name)]
public sealed class LetGoSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_timer_that_was_disposed_holds_nothing_though_its_time_is_far_away()
    {
        using var waking = new WakingTime(TimeProvider.System);
        var held = Held();

        GC.Collect();

        held.IsAlive.Should().BeFalse();

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Held()
        {
            var what = new object();
            waking.CreateTimer(static _ => { }, what, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan).Dispose();
            return new WeakReference(what);
        }
    }

    [Fact]
    public async Task What_a_read_will_need_changes_nothing_while_it_is_moved_about_and_is_let_go_with_the_connection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = (EpollStream)await SocketLoop.ConnectAsync(new DnsEndPoint("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port), Cancellation);
        await using var far = new NetworkStream(await listener.AcceptSocketAsync(Cancellation), ownsSocket: true);
        near.CompletesInline = true;
        var expected = Expect();
        var room = new byte[10];

        for (byte round = 0; round < 20; round++)
        {
            var reading = near.ReadAsync(room, Cancellation).AsTask();
            GC.Collect(0, GCCollectionMode.Forced, blocking: true, compacting: true);
            await far.WriteAsync(new[] { round }, Cancellation);
            (await reading.WaitAsync(TimeSpan.FromSeconds(10), Cancellation)).Should().Be(1);
            room[0].Should().Be(round);
            await Task.Yield(); // and off the loop's thread
        }

        await near.DisposeAsync();
        GC.Collect();
        expected.IsAlive.Should().BeFalse();
        GC.KeepAlive(near);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Expect()
        {
            var needed = new object();
            near.Expect([needed, new byte[1], "text", new byte[100_000]]);
            return new WeakReference(needed);
        }
    }
}
