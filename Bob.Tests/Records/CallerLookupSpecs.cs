using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Bob.Host.Twilio;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>A database that does not answer makes strangers of callers, and holds none of them up.</summary>
public sealed class CallerLookupSpecs
{
    private static readonly Caller Ann = Caller.Of("+15550100001");
    private static readonly KnownCaller Known = new("+15550100001", "Ann", null, null, [], false, false);
    private readonly FakeTimeProvider _clock = new();
    private readonly Callers _callers = new();
    private readonly BlockedCallers _blocked = new();
    private readonly KeptLog _log = new();
    private readonly CallerLookup _lookup;

    public CallerLookupSpecs() => _lookup = new CallerLookup(_callers, _blocked, _clock, _log);

    [Theory]
    [InlineData("+15550100001")]
    [InlineData("+1 (555) 010-0001")]
    public async Task A_caller_is_found_by_the_number_as_the_table_has_it(string from)
    {
        (await _lookup.FindAsync(Caller.Of(from))).Should().BeSameAs(Known);

        _callers.Asked.Should().Equal("+15550100001");
        _log.Lines.Should().BeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("+266696687")]
    [InlineData("sip:+15550100001@example.com")]
    [InlineData("client:ann")]
    [InlineData("15550100001")]
    [InlineData("+15550100001; DROP TABLE callers")]
    public async Task What_is_no_number_is_a_stranger_and_nobody_is_asked(string? from)
    {
        (await _lookup.FindAsync(Caller.Of(from))).Should().BeNull();

        _callers.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task A_slow_database_costs_one_caller_its_patience_and_the_next_ones_nothing_and_is_logged_once()
    {
        _callers.Answer = cancellation => Task.Delay(Timeout.Infinite, cancellation);
        var first = _lookup.FindAsync(Ann);
        first.IsCompleted.Should().BeFalse();
        _clock.Advance(CallerLookup.Patience);
        (await first).Should().BeNull();

        for (var i = 0; i < 3; i++)
            (await _lookup.FindAsync(Ann).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Should().BeNull("and no time passes");
        _clock.Advance(CallerLookup.Pause);
        var probe = _lookup.FindAsync(Ann);
        await _callers.UntilAskedAsync(2);
        _clock.Advance(CallerLookup.Patience);
        (await probe).Should().BeNull();
        _callers.Answer = _ => Task.CompletedTask;
        _clock.Advance(CallerLookup.Pause);

        (await _lookup.FindAsync(Ann)).Should().BeSameAs(Known);
        _log.Lines.Should().Equal(
            "Warning: Callers cannot be looked up: slow; until they can, all are strangers but those who were blocked before", "Information: Callers are looked up again");
    }

    [Fact]
    public async Task P10_A_dead_database_and_a_bug_cost_nobody_a_call()
    {
        _callers.Answer = _ => throw new RecordsFailure("unreachable", "", "");
        (await _lookup.FindAsync(Ann)).Should().BeNull();
        _clock.Advance(CallerLookup.Pause);
        _callers.Answer = _ => throw new InvalidOperationException("Ann's notes");
        (await _lookup.FindAsync(Ann)).Should().BeNull();

        _log.Lines.Should().ContainSingle().Which.Should().Contain("unreachable");
    }

    [Fact]
    public async Task P10_Who_was_blocked_before_the_database_went_stays_blocked_and_nobody_else_is()
    {
        _blocked.Are([Known.Number]);
        (await _lookup.FindAsync(Ann)).Should().BeSameAs(Known, "the database has the last word");

        _callers.Answer = _ => throw new RecordsFailure("unreachable", "", "");
        (await _lookup.FindAsync(Ann))!.Blocked.Should().BeTrue();
        (await _lookup.FindAsync(Ann))!.Blocked.Should().BeTrue("and the database is not asked again");
        (await _lookup.FindAsync(Caller.Of("+15550100002"))).Should().BeNull();
        _callers.Asked.Should().HaveCount(2);
    }

    [Fact]
    public async Task P10_A_driver_that_blocks_its_threads_is_given_a_few_of_them_and_no_more()
    {
        using var free = new ManualResetEventSlim();
        _callers.Answer = _ =>
        {
            free.Wait(TimeSpan.FromSeconds(20));
            return Task.CompletedTask;
        };

        var all = Enumerable.Range(0, 50).Select(_ => _lookup.FindAsync(Ann)).ToArray();
        await _callers.UntilAskedAsync(8);
        _clock.Advance(CallerLookup.Patience);
        (await Task.WhenAll(all)).Should().OnlyContain(known => known == null);

        free.Set();
        _callers.Asked.Should().HaveCount(8);
    }

    private sealed class Callers : IJournalReader
    {
        private readonly List<string> _asked = [];
        private readonly SemaphoreSlim _questions = new(0);

        public Func<CancellationToken, Task> Answer { get; set; } = _ => Task.CompletedTask;

        public IReadOnlyList<string> Asked
        {
            get
            {
                lock (_asked)
                    return [.. _asked];
            }
        }

        public async Task UntilAskedAsync(int times)
        {
            for (var i = 0; i < times; i++)
                (await _questions.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Should().BeTrue("somebody should have asked by now");
        }

        public async Task<KnownCaller?> CallerAsync(string number, CancellationToken cancellation)
        {
            lock (_asked)
                _asked.Add(number);
            _questions.Release();
            await Answer(cancellation);
            return Known;
        }

        public Task<IReadOnlyList<JournalEntry>> EntriesAsync(CallSid callSid, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<bool?> IsOwnAsync(CallSid callSid, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<IReadOnlyList<UnendedCall>> UnendedCallsAsync(CancellationToken cancellation) => throw new NotSupportedException();
    }

    private sealed class KeptLog : ILogger<CallerLookup>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
