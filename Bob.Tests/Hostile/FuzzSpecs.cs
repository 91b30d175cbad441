using System.Text.Json;
using System.Text.Unicode;
using AwesomeAssertions;
using Bob.Bench.Fuzz;
using Xunit;

namespace Bob.Tests.Hostile;

/// <summary>The fuzzer of the bench, for some seconds; and that it finds what it is there for.</summary>
public sealed class FuzzSpecs(ITestOutputHelper output)
{
    private const ulong Seed = 1;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hundred_thousand_inputs_break_no_reader_of_what_strangers_write()
    {
        var figures = await RunAsync(FuzzTargets.All(), 0, 100_000);

        figures.Finding.Should().BeNull();
        figures.Total.Should().Be(100_000);
        figures.Iterations.Values.Should().AllSatisfy(done => done.Should().BeGreaterThan(100));
        output.WriteLine($"{figures.Elapsed.TotalSeconds:0.0} s, the most allocated by one {figures.MostAllocated} bytes");
    }

    [Fact]
    public async Task What_throws_is_found_and_its_iteration_alone_finds_it_again()
    {
        var targets = new FuzzTarget[] { new Planted(input => throw new InvalidOperationException(input), word: "}{") };

        var found = (await RunAsync(targets, 0, 100_000)).Finding!;
        var again = (await RunAsync(targets, found.Iteration, 1)).Finding!;

        found.Broken.Should().BeOfType<InvalidOperationException>();
        again.Input.Should().Equal(found.Input);
        again.ToString().Should().Contain($"fuzz --seed {Seed} --from {found.Iteration} --iterations 1");
        (await RunAsync(targets, 0, found.Iteration)).Finding.Should().BeNull("it is the first");
    }

    [Fact]
    public async Task What_allocates_without_bounds_is_found()
    {
        var found = (await RunAsync([new Planted(_ => new byte[10_000_000], word: "[")], 0, 20_000)).Finding!;

        found.Broken.Should().BeOfType<FuzzBrokenException>().Which.Message.Should().Contain("allocated");
    }

    [Fact]
    public void The_grammar_that_readers_are_judged_by_is_the_frameworks()
    {
        var (mutation, target, allowed) = (new Mutation(), new RealtimeTarget(), 0);
        for (var iteration = 0; iteration < 20_000; iteration++)
        {
            var random = new FuzzRandom(Seed, iteration);
            var input = mutation.Make(target, ref random);
            var allows = JsonGrammar.Allows(input.Span);
            allows.Should().Be(Parses(input), System.Text.Encoding.UTF8.GetString(input.Span));
            allowed += allows ? 1 : 0;
        }

        allowed.Should().BeInRange(500, 19_500, "both kinds are looked at");
    }

    private static bool Parses(ReadOnlyMemory<byte> input)
    {
        try
        {
            JsonDocument.Parse(input).Dispose();
            return Utf8.IsValid(input.Span);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Task<FuzzFigures> RunAsync(IReadOnlyList<FuzzTarget> targets, long from, long iterations) =>
        Task.Run(() => new FuzzRun(targets, Seed).Run(from, iterations, Cancellation), Cancellation).WaitAsync(Deadline, Cancellation);

    /// <summary>A reader with a bug, which a word brings out.</summary>
    private sealed class Planted(Func<string, object> bug, string word) : FuzzTarget
    {
        private object _last = "";

        public override string Name => "planted";

        public override int Share => 1;

        public override IReadOnlyList<byte[]> Seeds { get; } = [JsonSeeds.Bytes("""{"a":"b"}""")];

        public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
        {
            var text = System.Text.Encoding.UTF8.GetString(input.Span);
            if (text.Contains(word, StringComparison.Ordinal))
                _last = bug(text);
            Holds(_last is not null, "never");
        }
    }
}
