using System.Diagnostics;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Calls;
using Bob.Host.Records;
using Bob.Tests.Records;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Calls;

/// <summary>Calls are looked up in the database and in the spool, in bounded time, whatever state the database is in.</summary>
public sealed class LostCallsSpecs : IAsyncDisposable
{
    private static readonly CallSid Call = new("CA1");
    private static readonly JournalEntry[] Talk = Entries.WholeCall()[..^1];

    private readonly RecordsFolder _folder = RecordsFolder.Make();
    private readonly OrphanCalls _orphans = new(awaits: true);
    private readonly Spool _spool;
    private readonly JournalStore _store;

    public LostCallsSpecs()
    {
        _spool = Spool.Open(_folder.Spool);
        _store = new JournalStore(RecordsDatabase.InFile(_folder.Database), _spool.Node);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_end_of_a_book_that_waits_in_the_spool_belongs_to_it()
    {
        await _store.WriteAsync(Talk[..9], Cancellation);
        _spool.Append(Talk[7..]);
        _spool.Append(Entries.WholeCall("CA2"));

        var found = await FindAsync();

        found.Should().BeOfType<LostCall.Found>().Which.SoFar.Entries.Should().Equal(Talk);
    }

    [Fact]
    public async Task What_the_business_knows_of_the_caller_is_known_again()
    {
        await _store.WriteAsync(Talk, Cancellation);
        await using (var db = RecordsDatabase.InFile(_folder.Database).Open())
        {
            db.Callers.Add(new CallerRow { Number = "+15550100001", Name = "Ada", UpdatedAt = Entries.Noon });
            await db.SaveChangesAsync(Cancellation);
        }

        (await FindAsync()).Should().BeOfType<LostCall.Found>().Which.SoFar.Call.Known!.Name.Should().Be("Ada");
    }

    [Fact]
    public async Task P10_While_the_database_does_not_answer_what_the_spool_has_is_gone_on_with_and_the_caller_waits_a_second()
    {
        _spool.Append(Talk);
        using var other = Lock();

        var asked = Stopwatch.GetTimestamp();
        var found = await FindAsync();

        Stopwatch.GetElapsedTime(asked).Should().BeLessThan(TimeSpan.FromSeconds(4), "and the specs beside this one take their time");
        found.Should().BeOfType<LostCall.Found>().Which.SoFar.Entries.Should().Equal(Talk);
    }

    [Fact]
    public async Task P1_All_callers_of_a_dead_process_who_come_back_in_the_same_second_are_known()
    {
        const int calls = 200;
        for (var call = 0; call < calls; call++)
            await _store.WriteAsync([.. Entries.WholeCall($"CA{call}")[..^1]], Cancellation);
        var lost = Lost(new SlowReader(_store, TimeSpan.FromMilliseconds(50)));

        var found = await Task.WhenAll(Enumerable.Range(0, calls).Select(call => lost.FindAsync(new CallSid($"CA{call}"))));

        found.Should().AllBeOfType<LostCall.Found>("who waits for their turn does not wait for the database");
    }

    [Fact]
    public async Task P10_A_call_that_only_a_database_knows_that_does_not_answer_is_gone_and_gets_its_end()
    {
        await _store.WriteAsync(Talk, Cancellation);
        using (Lock())
            (await FindAsync()).Should().BeOfType<LostCall.Gone>();

        _orphans.Over.Should().Equal(Call);
    }

    [Fact]
    public async Task A_call_of_another_node_is_left_to_it()
    {
        await new JournalStore(RecordsDatabase.InFile(_folder.Database), "another").WriteAsync(Talk, Cancellation);

        (await FindAsync()).Should().BeOfType<LostCall.Gone>();
        (await _store.OrphansAsync(new HashSet<CallSid>(), Cancellation)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_call_that_is_over_stays_over_and_one_that_nobody_knows_is_unknown()
    {
        await _store.WriteAsync(Entries.WholeCall(), Cancellation);

        (await FindAsync()).Should().BeOfType<LostCall.Gone>();
        (await FindAsync("CA9")).Should().BeOfType<LostCall.Unknown>();
    }

    [Fact]
    public async Task A_call_that_has_been_given_up_does_not_come_back()
    {
        await _store.WriteAsync(Talk, Cancellation);
        _orphans.Found(await _store.OrphansAsync(new HashSet<CallSid>(), Cancellation));
        _orphans.GiveUp(Call);

        (await FindAsync()).Should().BeOfType<LostCall.Gone>();
    }

    [Fact]
    public async Task Who_comes_while_Twilio_is_told_to_send_them_is_answered_afterwards()
    {
        await _store.WriteAsync(Talk, Cancellation);
        _orphans.Found(await _store.OrphansAsync(new HashSet<CallSid>(), Cancellation));
        var telling = _orphans.TryBegin(Call)!;

        var finding = FindAsync();
        await Task.WhenAny(finding, Task.Delay(200, Cancellation));

        finding.IsCompleted.Should().BeFalse();
        telling.Dispose();
        (await finding).Should().BeOfType<LostCall.Found>();
    }

    [Fact]
    public async Task The_next_process_learns_when_the_last_one_was_alive()
    {
        using (var first = new SignOfLife(_folder.Spool, TimeProvider.System))
        {
            first.DeathAfter(DateTimeOffset.UtcNow).Should().BeNull();
            await first.StartAsync(Cancellation);
        }

        var died = DateTimeOffset.UtcNow;
        using var second = new SignOfLife(_folder.Spool, TimeProvider.System);
        await second.StartAsync(Cancellation);

        second.DeathAfter(died.AddSeconds(-30)).Should().BeCloseTo(died, TimeSpan.FromSeconds(1));
        second.DeathAfter(died.AddSeconds(30)).Should().BeNull("nothing is known of that time yet");
        using var third = new SignOfLife(_folder.Spool, TimeProvider.System);
        third.DeathAfter(died.AddSeconds(-30)).Should().BeCloseTo(died, TimeSpan.FromSeconds(1), "it is the first death after that counts");
    }

    public async ValueTask DisposeAsync()
    {
        _spool.Dispose();
        for (var deadline = DateTime.UtcNow.AddSeconds(20); ;)
        {
            try
            {
                _folder.Dispose();
                return;
            }
            catch (IOException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(200, CancellationToken.None); // a reading that was given up is still at the file
            }
        }
    }

    private Task<LostCall> FindAsync(string callSid = "CA1") => Lost(_store).FindAsync(new CallSid(callSid));

    private LostCalls Lost(IJournalReader store)
    {
        var life = new SignOfLife(_folder.Spool, TimeProvider.System);
        var callers = new CallerLookup(_store, new BlockedCallers(), TimeProvider.System, NullLogger<CallerLookup>.Instance);
        return new LostCalls(store, _spool, _orphans, life, callers, TimeProvider.System, NullLogger<LostCalls>.Instance);
    }

    private SqliteConnection Lock()
    {
        // Exclusive locking keeps readers out, too, which in WAL mode nobody else's writing does.
        var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        SqliteConnection.ClearAllPools();
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE calls SET caller = caller;";
        command.ExecuteNonQuery();
        return other;
    }

    /// <summary>Takes its time for each book.</summary>
    private sealed class SlowReader(IJournalReader books, TimeSpan delay) : IJournalReader
    {
        public async Task<IReadOnlyList<JournalEntry>> EntriesAsync(CallSid callSid, CancellationToken cancellation)
        {
            await Task.Delay(delay, cancellation);
            return await books.EntriesAsync(callSid, cancellation);
        }

        public Task<bool?> IsOwnAsync(CallSid callSid, CancellationToken cancellation) => books.IsOwnAsync(callSid, cancellation);

        public Task<IReadOnlyList<UnendedCall>> UnendedCallsAsync(CancellationToken cancellation) => books.UnendedCallsAsync(cancellation);

        public Task<KnownCaller?> CallerAsync(string number, CancellationToken cancellation) => books.CallerAsync(number, cancellation);
    }
}
