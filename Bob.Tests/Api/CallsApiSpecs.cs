using System.Net;
using System.Text.Json;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Records;
using Bob.Host.Records;
using Bob.Tests.Records;
using Xunit;

namespace Bob.Tests.Api;

/// <summary>What is found of calls, wherever they are kept.</summary>
public abstract class CallsApiSpecs : IAsyncLifetime
{
    /// <summary>In which calls words are found, of three that hold whatever may stand between words.</summary>
    private static readonly Dictionary<string, string[]> Found = new()
    {
        ["cafe"] = ["CA3", "CA2", "CA1"],
        ["CAFÉ"] = ["CA3", "CA2", "CA1"],
        ["cafe\u0301"] = ["CA3", "CA2", "CA1"],
        ["étude"] = ["CA3"],
        ["and"] = ["CA1"],
        ["or"] = ["CA2", "CA1"],
        ["and/or"] = ["CA1"],
        ["or/and"] = [],
        ["3"] = ["CA2", "CA1"],
        ["50"] = ["CA2", "CA1"],
        ["3.50"] = ["CA1"],
        ["3 50"] = ["CA2", "CA1"],
        ["refund"] = ["CA1"],
        ["able"] = ["CA1"],
        ["refund-able"] = ["CA1"],
        ["able refund"] = ["CA1"],
        ["example"] = ["CA2", "CA1"],
        ["com"] = ["CA1"],
        ["example.com"] = ["CA1"],
        ["price & cafe"] = ["CA1"],
        ["creme brulee"] = ["CA2"],
        ["4"] = ["CA2"],
        ["https"] = ["CA2"],
        ["a"] = ["CA2"],
        ["b?c"] = ["CA2"],
        ["bob"] = ["CA2"],
        ["您好"] = ["CA3"],
        ["世界"] = ["CA3"],
        ["한국어"] = ["CA3"],
        ["caf"] = [],
    };

    private ApiHost _bob = null!;

    /// <summary>Connection string of a server's database; null: a file.</summary>
    protected abstract Task<string?> ServerAsync();

    public async ValueTask InitializeAsync() => _bob = await ApiHost.StartAsync(await ServerAsync());

    public ValueTask DisposeAsync() => _bob.DisposeAsync();

    [Fact]
    public async Task Calls_are_found_by_what_is_known_of_them()
    {
        await _bob.WriteAsync(
            Call("CA1", 1, "+15550100001", CallEnd.CallerHungUp, 10_000), Call("CA2", 2, "+15550100002", CallEnd.Goodbye, 200_000),
            Call("CA3", 3, "+15550100001", CallEnd.ModelUnavailable("no-credit"), null), Call("CA4", 4, "anonymous", CallEnd.CallerLost, 3_000_000),
            Call("CA0", 0, "72255", CallEnd.ModelUnavailable("key-refused"), null));

        (await FoundAsync("")).Should().Equal("CA4", "CA3", "CA2", "CA1", "CA0");
        (await FoundAsync("number=72255")).Should().Equal(["CA0"], "a short code is what Twilio calls a caller, too");
        (await FoundAsync("number=%2B15550100001")).Should().Equal("CA3", "CA1");
        (await FoundAsync("number=%2B1%20(555)%20010-0001")).Should().Equal("CA3", "CA1");
        (await FoundAsync("number=anonymous")).Should().Equal("CA4");
        (await FoundAsync("number=+15550100001")).Should().Equal(["CA3", "CA1"], "a plus that nobody escaped is one all the same");
        (await FoundAsync("number=%2B15550100009")).Should().BeEmpty();
        (await FoundAsync("result=completed")).Should().Equal("CA2", "CA1");
        (await FoundAsync("side=Twilio")).Should().Equal("CA4");
        (await FoundAsync("reason=model-no-credit")).Should().Equal("CA3");
        (await FoundAsync("number=Withheld")).Should().Equal("CA4");
        (await FoundAsync("number=sip:ada@example.com")).Should().BeEmpty();
        (await FoundAsync("reason=process-died&minCost=0.25&maxCost=0.25")).Should().BeEmpty();
        (await FoundAsync("result=Completed&side=Bob&reason=goodbye&number=%2B15550100002")).Should().Equal("CA2");
        (await FoundAsync("result=Completed&side=Model")).Should().BeEmpty();
        (await FoundAsync("minCost=0.2")).Should().Equal("CA4", "CA2");
        (await FoundAsync("minCost=0.005&maxCost=0.2")).Should().Equal("CA2", "CA1");
        (await FoundAsync("maxCost=0.01&result=Completed")).Should().Equal("CA1");
    }

    [Fact]
    public async Task Calls_are_found_by_when_they_began()
    {
        await _bob.WriteAsync(
            Call("CA1", At("2026-02-28T23:59:59.999Z")), Call("CA2", At("2026-03-01T00:00:00Z")), Call("CA3", At("2026-03-01T23:59:59Z")), Call("CA4", At("2026-03-02T00:00:00Z")));

        (await FoundAsync("from=2026-03-01")).Should().Equal("CA4", "CA3", "CA2");
        (await FoundAsync("to=2026-03-01")).Should().Equal("CA3", "CA2", "CA1");
        (await FoundAsync("from=2026-03-01&to=2026-03-01")).Should().Equal("CA3", "CA2");
        (await FoundAsync("to=2026-03-01T00:00:00Z")).Should().Equal("CA1");
        (await FoundAsync("from=2026-03-02T01:00:00%2B01:00")).Should().Equal("CA4");
        (await FoundAsync("from=2026-03-02T00:00")).Should().Equal("CA4");
    }

    [Fact]
    public async Task Calls_are_found_by_the_words_that_were_heard()
    {
        await _bob.WriteAsync(
            Call("CA1", 1), Turn("CA1", TurnRole.Caller, "I want a REFUND, please"), Turn("CA1", TurnRole.Bob, "You will have your money", heard: "You will"),
            Call("CA2", 2), Turn("CA2", TurnRole.Bob, "There is no refund on Monday"), Turn("CA2", TurnRole.Caller, "please"),
            Call("CA3", 3), Turn("CA3", TurnRole.Caller, "l'été — 您好, it's a \"quote\" of 100%"));

        (await FoundAsync("words=refund")).Should().Equal("CA2", "CA1");
        (await FoundAsync("words=please%20refund")).Should().Equal("CA1");
        (await FoundAsync("words=money")).Should().BeEmpty("nobody heard it");
        (await FoundAsync("words=refund&number=%2B15550100001")).Should().Equal("CA2", "CA1");
        (await FoundAsync("words=refund&from=2026-03-01T12:02:00Z")).Should().Equal("CA2");
        (await FoundAsync("words=refunds")).Should().BeEmpty();
        (await FoundAsync("words=%E6%82%A8%E5%A5%BD")).Should().Equal("CA3");
        (await FoundAsync("words=%22quote%22")).Should().Equal("CA3");
        (await FoundAsync("words=100%25")).Should().Equal("CA3");
        foreach (var hostile in new[] { "refund OR quote", "NOT refund", "refund*", "words:refund", "refund') --", "\"refund", "NEAR(a b)", "'; DROP TABLE calls", "refund & !quote", "{0} refund" })
            (await FoundAsync($"words={Uri.EscapeDataString(hostile)}")).Should().NotContain("CA3", hostile);
    }

    [Fact]
    public async Task A_word_ends_where_its_letters_and_digits_do_and_accents_make_no_other_word()
    {
        await _bob.WriteAsync(
            Call("CA1", 1), Turn("CA1", TurnRole.Caller, "The café price is 3.50, and/or refund-able at example.com"),
            Call("CA2", 2), Turn("CA2", TurnRole.Bob, "Café—CRÈME “brûlée” costs €4…or 50%, 3 times: https://example.org/a_b?c=d bob@example.net"),
            Call("CA3", 3), Turn("CA3", TurnRole.Caller, "cafe\u0301 您好。世界 한국어 e\u0301tude"));

        var found = new Dictionary<string, string[]>();
        foreach (var word in Found.Keys)
            found[word] = await FoundAsync($"words={Uri.EscapeDataString(word)}");

        found.Should().BeEquivalentTo(Found);
    }

    [Fact]
    public async Task Paging_through_everything_shows_every_call_once_whatever_comes_meanwhile()
    {
        // Several of one instant: the order must not hang on the time alone.
        await _bob.WriteAsync([.. Enumerable.Range(1, 25).SelectMany(i => new object[] { Call($"CA{i:00}", i / 4), Turn($"CA{i:00}", TurnRole.Bob, "hello") })]);

        foreach (var filter in new[] { "", "&words=hello", "&result=Completed", "&number=%2B15550100001", "&minCost=0" })
        {
            List<string> seen = [];
            string? cursor = null;
            do
            {
                var page = await _bob.JsonAsync($"/api/calls?limit=4{filter}{(cursor is null ? "" : $"&cursor={cursor}")}");
                seen.AddRange(Sids(page));
                cursor = page.GetProperty("next").GetString();
                var newcomer = $"CB{Guid.NewGuid():N}";
                await _bob.WriteAsync(Call(newcomer, 1_000), Turn(newcomer, TurnRole.Bob, "hello"));
            }
            while (cursor is not null && seen.Count < 100);

            seen.Where(sid => sid.StartsWith("CA", StringComparison.Ordinal)).Should().Equal(Enumerable.Range(1, 25).Reverse().Select(i => $"CA{i:00}"), filter);
            seen.Should().OnlyHaveUniqueItems();
        }
    }

    [Fact]
    public async Task One_call_is_told_with_all_that_is_on_record_of_it()
    {
        await new JournalStore(_bob.Database, "node-1").WriteAsync(Entries.WholeCall("CA1"), TestContext.Current.CancellationToken);
        await _bob.WriteAsync(new MessageRow { CallSid = "CA1", Kind = MessageKind.Taken, Caller = "+15550100001", Text = "call me back", At = Entries.Noon });

        var whole = await _bob.JsonAsync("/api/calls/CA1");

        var call = whole.GetProperty("call");
        call.GetProperty("caller").GetString().Should().Be("+15550100001");
        call.GetProperty("startedAt").GetDateTimeOffset().Should().Be(Entries.Noon);
        call.GetProperty("result").GetString().Should().Be("Completed");
        call.GetProperty("reason").GetString().Should().Be("caller-hung-up");
        var turns = whole.GetProperty("turns").EnumerateArray().ToList();
        turns.Select(turn => turn.GetProperty("text").GetString()).Should().Equal("Hello, this is Bob.", "When are you open?", "We are open from nine to five.", "", "12#");
        turns[2].GetProperty("heardText").GetString().Should().Be("We are open");
        turns[2].GetProperty("interrupted").GetBoolean().Should().BeTrue();
        turns[4].GetProperty("startedMs").GetInt64().Should().Be(15_000, "the keys were pressed then");
        whole.GetProperty("toolRuns")[0].GetProperty("output").GetString().Should().Be("nine to five");
        whole.GetProperty("messages")[0].GetProperty("text").GetString().Should().Be("call me back");
        whole.GetProperty("usage")[0].GetProperty("textIn").GetInt64().Should().Be(300);
        (await (await _bob.GetAsync("/api/calls/CA2")).ShouldBeProblemAsync(404)).Should().Contain("CallSid");
        (await (await _bob.GetAsync("/api/calls/CA1%0a")).ShouldBeProblemAsync(404)).Should().Contain("CallSid");
        (await (await _bob.GetAsync("/api/calls/%27%20OR%201=1")).ShouldBeProblemAsync(404)).Should().Contain("CallSid");
    }

    [Theory]
    [InlineData("limit=0", "limit is not a whole number from 1 to 200. Write one such as 50.")]
    [InlineData("limit=201", "limit is not")]
    [InlineData("limit=many", "limit is not")]
    [InlineData("from=yesterday", "from is no time. Write 2026-03-01 or 2026-03-01T12:30:00Z.")]
    [InlineData("to=9999-12-31", "to is no time")]
    [InlineData("from=2026-13-01", "from is no time")]
    [InlineData("result=Fine", "result is not known. Write one of Completed, Abandoned, Lost, Failed.")]
    [InlineData("result=1", "result is not known")]
    [InlineData("side=Nobody", "side is not known. Write one of Caller, Bob, Model, Twilio.")]
    [InlineData("minCost=-1", "minCost is no amount. Write one such as 0.25.")]
    [InlineData("maxCost=99999999999", "maxCost is no amount")]
    [InlineData("words=%21%21", "words has no word in it")]
    [InlineData("words=a%00b", "hold")]
    [InlineData("cursor=x", "cursor is none that this address gave")]
    [InlineData("cursor=%00", "cursor")]
    [InlineData("cursor=AQ", "cursor is none")]
    [InlineData("cursor=Af________9DQTE", "cursor is none")]
    [InlineData("cursor=AgAAAAAAAAAB", "cursor is none")]
    [InlineData("reason=zzz", "reason is not known. Write one of caller-hung-up, goodbye,")]
    [InlineData("reason=model-No_Credit", "or model- and the word of the log")]
    [InlineData("from=2026-03-02&to=2026-03-01", "from is not before to. Write an earlier from, or a later to.")]
    [InlineData("from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:00Z", "from is not before to")]
    [InlineData("minCost=0.3&maxCost=0.25", "minCost is above maxCost. Write a smaller minCost, or a larger maxCost.")]
    [InlineData("limt=5", "limt is no parameter of this address. Write number, words,")]
    [InlineData("limit=5&limit=6", "limit is given more than once. Write it once.")]
    public async Task A_question_that_is_not_understood_is_said(string query, string says) =>
        (await (await _bob.GetAsync($"/api/calls?{query}")).ShouldBeProblemAsync(400)).Should().Contain(says);

    [Fact]
    public async Task A_cursor_that_was_changed_is_refused_or_harmless()
    {
        await _bob.WriteAsync(Call("CA1", 1), Call("CA2", 2));
        var cursor = (await _bob.JsonAsync("/api/calls?limit=1")).GetProperty("next").GetString()!;

        for (var at = 0; at < cursor.Length; at++)
        {
            var changed = $"{cursor[..at]}{(cursor[at] == 'A' ? 'z' : 'A')}{cursor[(at + 1)..]}";
            (await _bob.GetAsync($"/api/calls?cursor={changed}")).StatusCode.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.BadRequest);
            (await _bob.GetAsync($"/api/calls?cursor={cursor[..at]}")).StatusCode.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.BadRequest);
        }
    }

    protected static CallRow Call(string callSid, int minute, string caller = "+15550100001", CallEnd? end = null, long? costMicros = 1_000) =>
        Call(callSid, Entries.Noon.AddMinutes(minute), caller, end, costMicros);

    private static CallRow Call(string callSid, DateTimeOffset at, string caller = "+15550100001", CallEnd? end = null, long? costMicros = 1_000)
    {
        end ??= CallEnd.CallerHungUp;
        return new CallRow
        {
            CallSid = callSid,
            Caller = caller,
            Called = "+15550100009",
            Node = "node-1",
            StartedAt = at,
            EndedAt = at.AddMinutes(1),
            Step = CallPhase.Over,
            Result = end.Result,
            Side = end.Side,
            Reason = end.Reason,
            CostMicros = costMicros,
        };
    }

    private static TurnRow Turn(string callSid, TurnRole role, string text, string? heard = null) =>
        new() { CallSid = callSid, Number = 1, ItemId = Guid.NewGuid().ToString(), Role = role, Words = TurnWords.Whole, Text = text, HeardText = heard };

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);

    private async Task<string[]> FoundAsync(string query) => Sids(await _bob.JsonAsync($"/api/calls?{query}"));

    private static string[] Sids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(call => call.GetProperty("callSid").GetString()!)];
}

public sealed class SqliteCallsApiSpecs : CallsApiSpecs
{
    protected override Task<string?> ServerAsync() => Task.FromResult<string?>(null);
}

public sealed class PostgresCallsApiSpecs(PostgresServer server) : CallsApiSpecs
{
    protected override async Task<string?> ServerAsync() => await server.NewDatabaseAsync();
}
