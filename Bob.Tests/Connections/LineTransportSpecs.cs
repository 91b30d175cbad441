using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using Bob.Host.Connections;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Bob.Tests.Connections;

/// <summary>Kestrel on Bob's transport: HTTP as ever, and connections that can be taken over.</summary>
public sealed class LineTransportSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly List<string> _logged = [];
    private readonly TaskCompletionSource<(Stream Connection, ReadOnlyMemory<byte> Come)?> _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _app = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(new Listener(_logged)).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<IConnectionListenerFactory, LineTransport>();
        _app = builder.Build();
        _app.MapGet("/hello", () => "hello");
        _app.MapPost("/length", async (HttpRequest request) =>
        {
            var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            return body.Length;
        });
        _app.MapGet("/endless", EndlessAsync);
        _app.MapGet("/upgrade", UpgradeAsync);
        await _app.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Requests_follow_one_another_on_a_connection()
    {
        using var http = new HttpClient { BaseAddress = Address };

        for (var i = 0; i < 5; i++)
            (await http.GetStringAsync("/hello", Cancellation)).Should().Be("hello");
    }

    [Fact]
    public async Task Requests_that_come_all_at_once_are_answered_in_turn()
    {
        using var caller = await DialAsync();
        await caller.SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET /hello HTTP/1.1\r\nHost: bob\r\n\r\n", 3))), Cancellation);

        var answers = await ReadUntilAsync(caller, text => text.Split("\r\nhello").Length == 4 || text.Split("hello").Length == 4);

        answers.Split("HTTP/1.1 200 OK").Should().HaveCount(4);
    }

    [Fact]
    public async Task A_body_of_many_reads_comes_whole()
    {
        using var http = new HttpClient { BaseAddress = Address };

        var answer = await http.PostAsync("/length", new ByteArrayContent(new byte[3_000_000]), Cancellation);

        (await answer.Content.ReadFromJsonAsync<long>(Cancellation)).Should().Be(3_000_000);
    }

    [Fact]
    public async Task A_client_that_goes_away_aborts_its_request_and_is_no_error()
    {
        using (var caller = await DialAsync())
        {
            await caller.SendAsync("GET /endless HTTP/1.1\r\nHost: bob\r\n\r\n"u8.ToArray(), Cancellation);
            await ReadUntilAsync(caller, text => text.Contains("more"));
        }

        await _aborted.Task.WaitAsync(Deadline, Cancellation);
        await _app.StopAsync(Cancellation);
        _logged.Should().BeEmpty();
    }

    [Fact]
    public async Task What_comes_with_the_request_belongs_to_who_takes_the_connection_over()
    {
        using var caller = await DialAsync();
        await caller.SendAsync("GET /upgrade HTTP/1.1\r\nHost: bob\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly "u8.ToArray(), Cancellation);
        await ReadUntilAsync(caller, text => text.EndsWith("\r\n\r\n", StringComparison.Ordinal));
        var (line, come) = (await _taken.Task.WaitAsync(Deadline, Cancellation))!.Value;
        await caller.SendAsync("late"u8.ToArray(), Cancellation);

        var (read, buffer) = (Encoding.ASCII.GetString(come.Span), new byte[3]);
        while (read.Length < 10)
            read += Encoding.ASCII.GetString(buffer, 0, await line.ReadAsync(buffer, Cancellation));
        await line.WriteAsync("answer"u8.ToArray(), Cancellation);

        read.Should().Be("early late");
        (await ReadUntilAsync(caller, text => text.Length >= 6)).Should().Be("answer");
    }

    [Fact]
    public async Task Ending_a_connection_that_was_taken_over_ends_its_pending_read_and_tells_the_far_end()
    {
        using var caller = await DialAsync();
        await caller.SendAsync("GET /upgrade HTTP/1.1\r\nHost: bob\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"u8.ToArray(), Cancellation);
        await ReadUntilAsync(caller, text => text.EndsWith("\r\n\r\n", StringComparison.Ordinal));
        var (line, _) = (await _taken.Task.WaitAsync(Deadline, Cancellation))!.Value;
        var reading = line.ReadAsync(new byte[1], Cancellation).AsTask();

        await line.DisposeAsync();
        _over.TrySetResult();

        (await caller.ReceiveAsync(new byte[1], Cancellation).AsTask().WaitAsync(Deadline, Cancellation)).Should().Be(0);
        await Task.WhenAny(reading).WaitAsync(Deadline, Cancellation);
        (reading.IsFaulted || await reading == 0).Should().BeTrue();
        await _app.StopAsync(Cancellation);
        _logged.Should().BeEmpty();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_as_such()
    {
        var again = () => new LineTransport().BindAsync(new IPEndPoint(IPAddress.Loopback, Address.Port), Cancellation).AsTask();

        await again.Should().ThrowAsync<AddressInUseException>();
    }

    private static async Task<string> ReadUntilAsync(Socket caller, Func<string, bool> enough)
    {
        var (text, buffer) = ("", new byte[4096]);
        while (!enough(text))
        {
            var length = await caller.ReceiveAsync(buffer, Cancellation).AsTask().WaitAsync(Deadline, Cancellation);
            length.Should().BePositive("more is to come after {0}", text);
            text += Encoding.ASCII.GetString(buffer, 0, length);
        }

        return text;
    }

    private async Task<Socket> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port, Cancellation);
        return socket;
    }

    private async Task EndlessAsync(HttpContext context)
    {
        using var aborted = context.RequestAborted.Register(() => _aborted.TrySetResult());
        while (!context.RequestAborted.IsCancellationRequested)
            await context.Response.WriteAsync(new string('.', 10_000) + "more");
    }

    private async Task UpgradeAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = "echo";
        await using var upgraded = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        _taken.TrySetResult(LineConnection.TakeOver(context));
        await _over.Task;
    }

    private sealed class Listener(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
            // Nothing is held.
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
                lines.Add(formatter(state, exception));
        }
    }
}
