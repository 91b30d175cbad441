using System.Net.WebSockets;
using System.Text;
using AwesomeAssertions;
using Bob.Actors.Sockets;
using Xunit;

namespace Bob.Tests.Sockets;

/// <summary>What every <see cref="IMessageSocket"/> keeps: the fake of the specs and the real one.</summary>
public abstract class MessageSocketSpecs
{
    protected const int Cap = 10_000;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("hel", "lo, ", "", "wörld ☎")]
    public async Task A_message_comes_whole_however_it_was_cut(params string[] parts)
    {
        await using var line = await OpenAsync();

        await line.SayAsync(parts);
        await line.SayAsync("next");

        (await NextAsync(line.Socket)).Should().Be(string.Concat(parts));
        (await NextAsync(line.Socket)).Should().Be("next");
    }

    [Fact]
    public async Task A_message_of_the_cap_is_taken_and_one_byte_more_is_not()
    {
        await using var line = await OpenAsync();

        await line.SayAsync(new string('x', Cap));
        (await NextAsync(line.Socket)).Should().HaveLength(Cap);

        await line.SayAsync(new string('x', Cap + 1));
        (await line.Socket.ReceiveAsync(Cancellation)).Kind.Should().Be(SocketMessageKind.TooBig);
    }

    [Fact]
    public async Task T9_The_cap_counts_over_all_fragments_of_a_message()
    {
        await using var line = await OpenAsync();

        await line.SayAsync([.. Enumerable.Repeat(new string('x', 1000), 11)]);

        (await line.Socket.ReceiveAsync(Cancellation)).Kind.Should().Be(SocketMessageKind.TooBig);
    }

    [Fact]
    public async Task A_binary_message_is_told_without_its_content()
    {
        await using var line = await OpenAsync();

        await line.SayBinaryAsync();
        await line.SayAsync("text");

        (await line.Socket.ReceiveAsync(Cancellation)).Should().Be(new SocketMessage(SocketMessageKind.Binary, default));
        (await NextAsync(line.Socket)).Should().Be("text");
    }

    [Fact]
    public async Task A_close_is_told_with_its_code_and_reason()
    {
        await using var line = await OpenAsync();

        await line.HangupAsync(1013, "try again later");

        var message = await line.Socket.ReceiveAsync(Cancellation);
        (message.Kind, message.CloseCode, message.CloseReason).Should().Be((SocketMessageKind.Close, 1013, "try again later"));
    }

    [Fact]
    public async Task What_is_sent_arrives_in_order()
    {
        await using var line = await OpenAsync();

        foreach (var text in new[] { "one", "two", new string('x', 5000) })
            await line.Socket.SendAsync(Encoding.UTF8.GetBytes(text), Cancellation);

        (await line.HeardAsync(3)).Should().Equal("one", "two", new string('x', 5000));
    }

    [Fact]
    public async Task Two_that_are_sent_together_arrive_as_two()
    {
        await using var line = await OpenAsync();

        await line.Socket.SendAsync("one"u8.ToArray(), "two"u8.ToArray(), Cancellation);
        await line.Socket.SendAsync("three"u8.ToArray(), Cancellation);

        (await line.HeardAsync(3)).Should().Equal("one", "two", "three");
    }

    [Fact]
    public async Task Closing_says_the_code_and_the_reason()
    {
        await using var line = await OpenAsync();
        var receiving = line.Socket.ReceiveAsync(Cancellation).AsTask();

        await line.Socket.CloseAsync(1008, "no start in time");

        (await line.FarewellAsync()).Should().Be((1008, "no start in time"));
        await EndsAsync(receiving);
    }

    [Fact]
    public async Task Closing_ends_although_the_far_end_never_answers()
    {
        await using var line = await OpenAsync(answersClose: false);
        var receiving = line.Socket.ReceiveAsync(Cancellation).AsTask();

        await line.Socket.CloseAsync(1000, "").WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        await EndsAsync(receiving);
    }

    [Fact]
    public async Task Closing_ends_although_nobody_receives()
    {
        await using var line = await OpenAsync();

        await line.Socket.CloseAsync(1000, "").WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    [Fact]
    public async Task Closing_and_aborting_may_come_in_any_number_and_order()
    {
        await using var line = await OpenAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => line.Socket.CloseAsync(1000, ""), Cancellation)))
            .WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        line.Socket.Abort();
        line.Socket.Abort();
        await line.Socket.CloseAsync(1000, "").WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    [Fact]
    public async Task Aborting_ends_a_pending_receive()
    {
        await using var line = await OpenAsync();
        var receiving = line.Socket.ReceiveAsync(Cancellation).AsTask();

        line.Socket.Abort();

        await EndsAsync(receiving);
    }

    [Fact]
    public async Task A_send_after_the_end_fails_as_a_task_and_not_in_the_call()
    {
        await using var line = await OpenAsync();
        line.Socket.Abort();

        var sending = line.Socket.SendAsync("late"u8.ToArray(), Cancellation).AsTask();

        SocketFailure.Expected((await sending.Awaiting(task => task).Should().ThrowAsync<Exception>()).Which).Should().BeTrue();
    }

    protected abstract Task<Line> OpenAsync(bool answersClose = true);

    private static async Task<string> NextAsync(IMessageSocket socket)
    {
        var message = await socket.ReceiveAsync(Cancellation);
        message.Kind.Should().Be(SocketMessageKind.Text);
        return Encoding.UTF8.GetString(message.Utf8.Span);
    }

    /// <summary>A receive that was pending ends: with the far end's CLOSE, or with an exception that is no bug.</summary>
    private static async Task EndsAsync(Task<SocketMessage> receiving)
    {
        try
        {
            (await receiving.WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Kind.Should().Be(SocketMessageKind.Close);
        }
        catch (Exception failure) when (failure is not TimeoutException)
        {
            SocketFailure.Expected(failure).Should().BeTrue($"{failure} is no bug");
        }
    }

    /// <summary>The socket, and what the far end does and hears.</summary>
    protected abstract class Line : IAsyncDisposable
    {
        public abstract IMessageSocket Socket { get; }

        /// <summary>Sends one message in fragments.</summary>
        public abstract Task SayAsync(params string[] parts);

        public abstract Task SayBinaryAsync();

        public abstract Task HangupAsync(int code, string reason);

        public abstract Task<IReadOnlyList<string>> HeardAsync(int count);

        /// <summary>The code and the reason of the CLOSE that came.</summary>
        public abstract Task<(int, string)> FarewellAsync();

        public abstract ValueTask DisposeAsync();
    }
}

public sealed class FakeMessageSocketSpecs : MessageSocketSpecs
{
    protected override Task<Line> OpenAsync(bool answersClose = true) => Task.FromResult<Line>(new FakeLine(new FakeMessageSocket(Cap) { AnswersClose = answersClose }));

    private sealed class FakeLine(FakeMessageSocket socket) : Line
    {
        public override IMessageSocket Socket => socket;

        public override Task SayAsync(params string[] parts)
        {
            socket.Say(string.Concat(parts));
            return Task.CompletedTask;
        }

        public override Task SayBinaryAsync()
        {
            socket.SayBinary();
            return Task.CompletedTask;
        }

        public override Task HangupAsync(int code, string reason)
        {
            socket.Hangup(code, reason);
            return Task.CompletedTask;
        }

        public override Task<IReadOnlyList<string>> HeardAsync(int count) => Task.FromResult(socket.Sent);

        public override Task<(int, string)> FarewellAsync() => Task.FromResult(socket.Closed!.Value);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>The contract over a real connection to the framework's WebSocket, once as the server (Twilio's side) and once as the client (the model's).</summary>
public abstract class RealMessageSocketSpecs(SocketRole role) : MessageSocketSpecs
{
    protected override async Task<Line> OpenAsync(bool answersClose = true)
    {
        var (near, far) = await LoopbackPair.OpenAsync();
        var peer = WebSocket.CreateFromStream(far, new WebSocketCreationOptions { IsServer = role == SocketRole.Client, KeepAliveInterval = TimeSpan.Zero });
        return new RealLine(new FramedMessageSocket(near, new SocketTerms(role, Cap), TimeProvider.System), peer, answersClose);
    }

    private sealed class RealLine(FramedMessageSocket near, WebSocket far, bool answersClose) : Line
    {
        private readonly byte[] _buffer = new byte[100_000];

        public override IMessageSocket Socket => near;

        public override async Task SayAsync(params string[] parts)
        {
            for (var i = 0; i < parts.Length; i++)
                await far.SendAsync(Encoding.UTF8.GetBytes(parts[i]), WebSocketMessageType.Text, i == parts.Length - 1, Cancellation);
        }

        public override Task SayBinaryAsync() => far.SendAsync(new byte[100], WebSocketMessageType.Binary, true, Cancellation);

        public override Task HangupAsync(int code, string reason) => far.CloseOutputAsync((WebSocketCloseStatus)code, reason, Cancellation);

        public override async Task<IReadOnlyList<string>> HeardAsync(int count)
        {
            var heard = new List<string>();
            while (heard.Count < count)
            {
                var (length, end) = (0, false);
                while (!end)
                {
                    var part = await far.ReceiveAsync(_buffer.AsMemory(length), Cancellation);
                    (length, end) = (length + part.Count, part.EndOfMessage);
                }

                heard.Add(Encoding.UTF8.GetString(_buffer, 0, length));
            }

            return heard;
        }

        public override async Task<(int, string)> FarewellAsync()
        {
            (await far.ReceiveAsync(_buffer.AsMemory(), Cancellation)).MessageType.Should().Be(WebSocketMessageType.Close);
            if (answersClose)
                await far.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Cancellation);
            return ((int)far.CloseStatus!.Value, far.CloseStatusDescription!);
        }

        public override ValueTask DisposeAsync()
        {
            near.Abort();
            far.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

public sealed class AcceptedMessageSocketSpecs() : RealMessageSocketSpecs(SocketRole.Server);

public sealed class DialledMessageSocketSpecs() : RealMessageSocketSpecs(SocketRole.Client);
