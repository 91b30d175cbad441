using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using Xunit;

namespace Bob.Tests.Host;

/// <summary>Who sends a request so slowly that it never ends holds nothing for long.</summary>
public sealed class SlowRequestSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task T11_An_upgrade_whose_headers_trickle_in_is_ended_by_the_server_after_ten_seconds_and_others_are_served_meanwhile()
    {
        await using var bob = await RunningBob.StartAsync(_ => null);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, bob.Http.BaseAddress!.Port, Cancellation);
        var line = client.GetStream();
        var clock = Stopwatch.StartNew();
        await line.WriteAsync("GET /media-stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Slow: "u8.ToArray(), Cancellation);

        var ending = AnswerAsync(line);
        var dripped = await DripAsync(line, ending);

        var answer = await ending;
        clock.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(9)).And.BeLessThan(TimeSpan.FromSeconds(16), "10 s, and a machine may be busy");
        answer.Should().Match(text => text.Length == 0 || text.StartsWith("HTTP/1.1 408 "), "it is refused or cut, never upgraded");
        dripped.Should().BeGreaterThan(5);
        bob.Asked.Should().BeEmpty();

        // One byte a second, until the server has had enough; each time somebody else is served.
        async Task<int> DripAsync(NetworkStream slow, Task end)
        {
            using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1));
            for (var bytes = 0; ; bytes++)
            {
                await Task.WhenAny(end, tick.WaitForNextTickAsync(Cancellation).AsTask());
                if (end.IsCompleted)
                    return bytes;
                (await bob.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
                try
                {
                    await slow.WriteAsync("x"u8.ToArray(), Cancellation);
                }
                catch (IOException)
                {
                    return bytes; // the server is gone, and the reader learns of it too
                }
            }
        }
    }

    /// <summary>All that comes until the server ends the connection; for at most 20 s.</summary>
    private static async Task<string> AnswerAsync(NetworkStream line)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        var answer = new StringBuilder();
        var buffer = new byte[1024];
        try
        {
            while (await line.ReadAsync(buffer, deadline.Token) is var read and > 0)
                answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        catch (IOException)
        {
            // Reset: an end as well.
        }

        return answer.ToString();
    }
}
