using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;
using Bob.Simulator.Realtime;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Realtime;

public sealed class ModelProviderSpecs : IDisposable
{
    private const string Created = """{"type":"session.created","event_id":"event_1","session":{"id":"sess_1"}}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly ModelFailure Refused = new(FailureKind.Transient, "connection-refused");

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeDialer _dialer = new();
    private readonly Lines _log = new();
    private readonly ModelProvider _model;

    public ModelProviderSpecs() => _model = new ModelProvider(_dialer, Options(new Uri("ws://127.0.0.1:1/v1/realtime")), 0, _clock, _log);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_asks_and_nothing_is_dialled()
    {
        _clock.Advance(TimeSpan.FromHours(1));

        _dialer.Count.Should().Be(0);

        var asked = _model.FailureAsync(Patience);
        await AnswerAsync(Created);
        (await asked).Should().BeNull();
    }

    [Fact]
    public async Task The_first_question_waits_for_the_first_word_and_the_probe_hangs_up()
    {
        var asked = _model.FailureAsync(Patience);
        var socket = new FakeMessageSocket();
        (await _dialer.NextAsync()).Connect(socket);

        asked.IsCompleted.Should().BeFalse("an upgrade says nothing yet");

        socket.Say(Created);
        (await asked).Should().BeNull();
        await socket.Gone.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        socket.Closed.Should().Be((1000, ""));
        socket.Sent.Should().BeEmpty("a probe asks for nothing");
    }

    [Fact]
    public async Task A_question_is_answered_within_its_patience_and_the_next_one_knows()
    {
        var asked = _model.FailureAsync(Patience);
        var dial = await _dialer.NextAsync();

        _clock.Advance(Patience);
        (await asked).Should().BeNull("nothing is known");

        dial.Fail(Refused);
        (await _model.FailureAsync(Patience)).Should().Be(Refused);
        _dialer.Count.Should().Be(1);
    }

    [Fact]
    public async Task A_server_that_never_says_a_word_is_not_reached()
    {
        var asked = _model.FailureAsync(TimeSpan.FromMinutes(1));
        (await _dialer.NextAsync()).Connect(new FakeMessageSocket());

        _clock.Advance(TimeSpan.FromSeconds(6));

        (await asked)!.Reason.Should().Be("timeout");
    }

    [Fact]
    public async Task Questions_at_once_share_one_probe_and_the_next_comes_15_seconds_after_it()
    {
        Task<ModelFailure?>[] asked = [.. Enumerable.Range(0, 20).Select(_ => _model.FailureAsync(Patience))];
        (await _dialer.NextAsync()).Fail(Refused);
        (await Task.WhenAll(asked)).Should().AllBeEquivalentTo(Refused);

        _clock.Advance(ModelProvider.ProbeInterval - TimeSpan.FromMilliseconds(1));
        (await _model.FailureAsync(Patience)).Should().Be(Refused);
        _dialer.Count.Should().Be(1);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var again = _model.FailureAsync(Patience);
        await AnswerAsync(Created);
        (await again).Should().BeNull();
        _dialer.Count.Should().Be(2);
    }

    [Fact]
    public async Task A_success_stands_for_a_minute_and_an_old_one_is_probed_behind_the_answer()
    {
        await CallAsync(Created);
        _clock.Advance(ModelProvider.Fresh);
        (await _model.FailureAsync(Patience)).Should().BeNull();
        _dialer.Count.Should().Be(1);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        (await _model.FailureAsync(Patience)).Should().BeNull();

        (await _dialer.NextAsync()).Fail(Refused);
        await _log.NextAsync();
        (await _model.FailureAsync(Patience)).Should().Be(Refused);
    }

    [Fact]
    public async Task What_calls_find_counts_and_needs_no_probe()
    {
        await CallAsync(Created);
        var dialling = _model.DialAsync(Cancellation);
        (await _dialer.NextAsync()).Fail(Refused);
        (await dialling).Failure.Should().Be(Refused);
        (await _log.NextAsync()).Should().Be("Warning The model cannot be reached: connection-refused");

        await CallAsync(Created);

        (await _log.NextAsync()).Should().Be("Information The model can be reached again");
        (await _model.FailureAsync(Patience)).Should().BeNull();
        _dialer.Count.Should().Be(3);
    }

    [Fact]
    public async Task A_preparation_that_fails_late_knows_less_than_the_calls_meanwhile()
    {
        var late = new TaskCompletionSource<ModelFailure?>();
        _dialer.Preparation = late.Task;
        var preparing = _model.PrepareAsync(Cancellation);
        await CallAsync(Created);

        late.SetResult(new ModelFailure(FailureKind.Transient, "timeout"));
        await preparing;

        _model.Failure.Should().BeNull();
        _clock.Advance(TimeSpan.FromMinutes(1));
        _dialer.Preparation = Task.FromResult<ModelFailure?>(Refused);
        await _model.PrepareAsync(Cancellation);
        _model.Failure.Should().Be(Refused, "nothing better is known");
    }

    [Theory]
    [InlineData("invalid_api_key", "invalid-api-key", "Error The model refuses to be dialled until somebody acts")]
    [InlineData("insufficient_quota", "no-credit", "Error The model refuses to be dialled until somebody acts")]
    [InlineData("model_not_found", "model-not-found", "Error The model refuses to be dialled until somebody acts")]
    [InlineData("rate_limit_exceeded", "rate-limited", "Warning The model cannot be reached")]
    public async Task O1_O3_O4_O35_A_refusal_after_the_upgrade_is_a_failure_whether_a_call_or_a_probe_meets_it(string code, string reason, string says)
    {
        var error = Error(code);

        await CallAsync(error);
        var probed = _model.FailureAsync(Patience);
        await AnswerAsync(error);

        (await probed)!.Reason.Should().Be(reason);
        (await _log.NextAsync()).Should().Be($"{says}: {reason}", "once for both");
        _log.Waiting.Should().Be(0);
    }

    [Fact]
    public async Task An_error_that_refuses_nothing_is_not_the_last_word()
    {
        const string error = """{"type":"error","event_id":"event_1","error":{"type":"invalid_request_error","code":"some_advice","message":"Hm."}}""";
        var asked = _model.FailureAsync(Patience);
        await AnswerAsync(error, Created);

        (await asked).Should().BeNull();
    }

    [Fact]
    public async Task A_session_that_ends_before_it_began_was_none()
    {
        var dialling = _model.DialAsync(Cancellation);
        var far = new FakeMessageSocket();
        (await _dialer.NextAsync()).Connect(far);
        far.Hangup(1013, "insufficient_quota.credit_balance_exhausted");

        (await (await dialling).Socket!.ReceiveAsync(Cancellation)).Kind.Should().Be(SocketMessageKind.Close);

        (await _log.NextAsync()).Should().EndWith("no-credit");
    }

    [Fact]
    public async Task A_call_that_ends_while_it_dials_says_nothing_of_the_model()
    {
        await CallAsync(Created);
        using var ended = new CancellationTokenSource();
        var dialling = _model.DialAsync(ended.Token);
        var dial = await _dialer.NextAsync();
        await ended.CancelAsync();
        dial.Fail(new ModelFailure(FailureKind.Transient, "connection-reset"));
        await dialling;

        (await _model.FailureAsync(Patience)).Should().BeNull();
    }

    [Fact]
    public async Task A_call_that_leaves_before_the_first_word_says_nothing_of_the_model()
    {
        await CallAsync(Created);
        var dialling = _model.DialAsync(Cancellation);
        var far = new FakeMessageSocket();
        (await _dialer.NextAsync()).Connect(far);
        var socket = (await dialling).Socket!;
        var receiving = socket.ReceiveAsync(Cancellation).AsTask();
        socket.Abort();
        await FluentActions.Awaiting(() => receiving).Should().ThrowAsync<Exception>();

        (await _model.FailureAsync(Patience)).Should().BeNull();
    }

    [Fact]
    public async Task O1_A_server_that_refuses_is_tried_again_by_itself_and_its_end_is_told_once_as_well()
    {
        using var alerts = new Alerts("account-deactivated");
        await CallAsync(Error("account_deactivated"));
        (await _log.NextAsync()).Should().Be("Error The model refuses to be dialled until somebody acts: account-deactivated");
        _model.Bar(first: false)!.Reason.Should().Be("account-deactivated");

        _clock.Advance(TimeSpan.FromSeconds(15));
        await AnswerAsync(Error("account_deactivated"));
        await HadItAsync();
        _clock.Advance(TimeSpan.FromSeconds(29));
        _dialer.Count.Should().Be(2, "rests get longer");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await AnswerAsync(Created);

        (await _log.NextAsync()).Should().Be("Information The model can be dialled again; it was account-deactivated");
        _model.Bar(first: false).Should().BeNull();
        _log.Waiting.Should().Be(0);
        alerts.Counted.Should().Equal("raised", "over");
    }

    [Fact]
    public async Task O35_Credit_that_an_answer_found_missing_is_not_there_because_a_session_begins()
    {
        await CallAsync(Created);
        _model.Failed(new ModelFailure(FailureKind.Permanent, "no-credit"));
        (await _log.NextAsync()).Should().EndWith("no-credit");

        _clock.Advance(TimeSpan.FromMinutes(1));
        _dialer.Count.Should().Be(1, "a probe would find out nothing");
        _model.Admits(first: true).Should().BeTrue("one call finds out");
        _model.Admits(first: true).Should().BeFalse("and only one");
        await CallAsync(Created);
        (await _model.FailureAsync(Patience))!.Reason.Should().Be("no-credit");
        _model.Answered(_model.Refusals - 1);
        _log.Waiting.Should().Be(0, "an answer of a session from before proves nothing");

        _model.Answered(_model.Refusals);

        (await _log.NextAsync()).Should().Be("Information The model can be dialled again; it was no-credit");
        (await _model.FailureAsync(Patience)).Should().BeNull();
    }

    [Fact]
    public async Task A_probe_ends_with_its_host()
    {
        var asked = _model.FailureAsync(TimeSpan.FromMinutes(1));
        var dial = await _dialer.NextAsync();

        _model.Dispose();

        dial.Cancelled.Should().BeTrue();
        dial.Fail(Refused);
        (await asked).Should().BeNull();
        _log.Waiting.Should().Be(0);
    }

    [Fact]
    public async Task A_real_model_is_up_goes_down_and_comes_back()
    {
        var first = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions(), Cancellation);
        var url = first.Url;
        var dialer = new OpenAiDialer(Options(url), TimeProvider.System);
        using var model = new ModelProvider(dialer, Options(url), 0, _clock, _log);

        (await model.FailureAsync(Patience)).Should().BeNull();
        first.Connections.Should().Be(1);
        await first.Sessions.Single().Ended.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);

        await first.DisposeAsync();
        _clock.Advance(ModelProvider.Fresh + TimeSpan.FromSeconds(1));
        await model.FailureAsync(Patience);
        await _log.NextAsync();
        (await model.FailureAsync(Patience)).Should().Be(Refused);

        await using var second = await RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Port = url.Port }, Cancellation);
        _clock.Advance(ModelProvider.ProbeInterval);
        (await model.FailureAsync(Patience)).Should().BeNull();
    }

    public void Dispose() => _model.Dispose();

    private static RealtimeOptions Options(Uri url) => new() { Url = url, Model = "gpt-realtime", ApiKey = "key", Instructions = "i", Greeting = "g" };

    private static string Error(string code) =>
        $$$"""{"type":"error","event_id":"event_1","error":{"type":"invalid_request_error","code":"{{{code}}}","message":"No, sk-secret-0123456789abcdef0123456789."}}""";

    /// <summary>The probe that was answered last is over: a question shares it, or has its own.</summary>
    private async Task HadItAsync() => (await _model.FailureAsync(TimeSpan.FromMinutes(1)))!.Kind.Should().Be(FailureKind.Permanent);

    /// <summary>Connects the next dial, which hears these words.</summary>
    private async Task AnswerAsync(params string[] words)
    {
        var socket = new FakeMessageSocket();
        foreach (var word in words)
            socket.Say(word);
        (await _dialer.NextAsync()).Connect(socket);
    }

    /// <summary>A call's dial, whose session begins with this and goes on.</summary>
    private async Task CallAsync(string word)
    {
        var dialling = _model.DialAsync(Cancellation);
        await AnswerAsync(word, "{}");
        var socket = (await dialling).Socket!;
        foreach (var said in new[] { word, "{}" })
            System.Text.Encoding.UTF8.GetString((await socket.ReceiveAsync(Cancellation)).Utf8.Span).Should().Be(said, "the call hears everything");
    }

    /// <summary>What the metric counts of a reason; other specs run at the same time.</summary>
    private sealed class Alerts : IDisposable
    {
        private readonly MeterListener _listener = new();

        public Alerts(string reason)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument == CallMetrics.ModelAlerts)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                var counted = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
                if (reason.Equals(counted["reason"]))
                    Counted.Enqueue((string)counted["state"]!);
            });
            _listener.Start();
        }

        public ConcurrentQueue<string> Counted { get; } = new();

        public void Dispose() => _listener.Dispose();
    }

    private sealed class Lines : ILogger<ModelProvider>
    {
        private readonly Channel<string> _written = Channel.CreateUnbounded<string>();

        public int Waiting => _written.Reader.Count;

        /// <summary>The next line, with its level; waits up to 10 s.</summary>
        public Task<string> NextAsync() => _written.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancellation);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _written.Writer.TryWrite($"{logLevel} {formatter(state, exception)}");
    }
}
