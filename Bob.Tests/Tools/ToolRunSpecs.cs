using System.Text.Json;
using AwesomeAssertions;
using Bob.Actors.Realtime;
using Bob.Actors.Tools;
using CsCheck;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Tools;

public sealed class ToolRunSpecs
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);
    private readonly FakeTimeProvider _clock = new();
    private string? _failure;
    private int _runs;

    [Fact]
    public async Task A_tool_gets_its_arguments_and_gives_its_answer()
    {
        _failure = "not run";

        var output = await Run(AIFunctionFactory.Create((string day, int guests) => $"{guests} on {day}", "book"), """{"day":"Monday","guests":4}""");

        output.Should().Be("4 on Monday");
        _failure.Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("{}")]
    public async Task No_arguments_are_none(string arguments)
    {
        (await Run(Counted(), arguments)).Should().Be("done");

        _runs.Should().Be(1);
    }

    [Fact]
    public async Task An_object_is_answered_as_JSON()
    {
        var output = await Run(AIFunctionFactory.Create(() => new { status = "shipped" }, "book"), "{}");

        JsonDocument.Parse(output).RootElement.GetProperty("status").GetString().Should().Be("shipped");
    }

    [Fact]
    public async Task O47_An_unknown_tool_is_an_answer_that_names_those_there_are()
    {
        var (output, failure) = await ToolRun.RunAsync([Counted()], "cook", "{}", Timeout, _clock);

        (ErrorOf(output), failure).Should().Be(("unknown_tool", "unknown_tool"));
        output.Should().Contain("cook").And.Contain("book");
        _runs.Should().Be(0);
    }

    [Theory] // O46
    [InlineData("""{"date": """)]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("{} {}")]
    [InlineData("{'a':1}")]
    [InlineData("""{"\ud800":1}""")] // half a character in a name
    public async Task O46_Arguments_that_are_no_JSON_object_are_not_run(string arguments)
    {
        var output = await Run(Counted(), arguments);

        ErrorOf(output).Should().Be("invalid_arguments");
        _runs.Should().Be(0);
    }

    [Fact]
    public async Task O46_Arguments_that_are_no_text_are_not_run()
    {
        ErrorOf(await Run(Counted(), "{\"a\":\"\ud800\"}")).Should().Be("invalid_arguments");

        _runs.Should().Be(0);
    }

    [Fact]
    public async Task O48_Arguments_200_deep_are_not_run()
    {
        var output = await Run(Counted(), string.Concat(Enumerable.Repeat("""{"a":""", 200)) + "1" + new string('}', 200));

        ErrorOf(output).Should().Be("invalid_arguments");
        _runs.Should().Be(0);
    }

    [Fact]
    public async Task O48_Arguments_too_long_are_not_run()
    {
        ErrorOf(await Run(Counted(), RealtimeReader.ArgumentsTooLong)).Should().Be("arguments_too_long");

        _runs.Should().Be(0);
    }

    [Fact]
    public async Task Of_an_argument_given_twice_the_last_one_counts()
    {
        var output = await Run(AIFunctionFactory.Create((int guests) => $"{guests}", "book"), """{"guests":1,"guests":2}""");

        output.Should().Be("2");
    }

    [Fact]
    public async Task A_tool_that_ignores_its_token_times_out_all_the_same()
    {
        var (started, never) = (new TaskCompletionSource(), new TaskCompletionSource<string>());
        var running = Run(AIFunctionFactory.Create(() =>
        {
            started.SetResult();
            return never.Task;
        }, "book"), "{}");
        await started.Task;

        _clock.Advance(Timeout - TimeSpan.FromMilliseconds(1));
        running.IsCompleted.Should().BeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        ErrorOf(await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Should().Be("timeout");
        never.SetException(new InvalidOperationException("late")); // nobody listens any more
    }

    [Fact]
    public async Task A_tool_that_heeds_its_token_times_out()
    {
        var started = new TaskCompletionSource();
        var running = Run(AIFunctionFactory.Create(async (CancellationToken token) =>
        {
            started.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(token);
        }, "book"), "{}");
        await started.Task;

        _clock.Advance(Timeout);

        ErrorOf(await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Should().Be("timeout");
    }

    [Fact]
    public async Task A_tool_that_gives_up_by_itself_has_failed_and_not_timed_out()
    {
        var output = await Run(AIFunctionFactory.Create(string () => throw new TaskCanceledException("its own deadline"), "book"), "{}");

        ErrorOf(output).Should().Be("failed");
    }

    [Fact]
    public async Task What_a_tool_throws_stays_here()
    {
        var output = await Run(AIFunctionFactory.Create(string () => throw new InvalidOperationException("Password=hunter2"), "book"), "{}");

        ErrorOf(output).Should().Be("failed");
        output.Should().Contain("InvalidOperationException").And.NotContain("hunter2");
        _failure.Should().Be("InvalidOperationException");
    }

    [Fact]
    public async Task An_answer_that_cannot_be_written_is_a_failure()
    {
        var (output, _) = await ToolRun.RunAsync([new Unwritable()], "book", "{}", Timeout, _clock);

        ErrorOf(output).Should().Be("failed");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("😀")] // two halves, which stay together
    [InlineData("x😀")]
    public async Task A_huge_answer_is_cut(string text)
    {
        var huge = string.Concat(Enumerable.Repeat(text, 400_000));

        var output = await Run(AIFunctionFactory.Create(() => huge, "book"), "{}");

        output.Length.Should().BeInRange(ToolRun.MaxOutput - 8, ToolRun.MaxOutput);
        output.Should().EndWith("(cut)");
        output.Count(char.IsHighSurrogate).Should().Be(output.Count(char.IsLowSurrogate));
    }

    [Fact]
    public void Whatever_the_model_writes_is_answered()
    {
        var json = Gen.String[Gen.Char["{}[]\":,\\ud80 1aé"], 0, 40];
        Gen.OneOf(json, Gen.String, json.Select(inner => $$"""{"{{inner}}":1}""")).Sample(arguments =>
        {
            var output = Run(Counted(), arguments).GetAwaiter().GetResult();

            output.Should().NotBeNull();
        }, iter: 5_000);
    }

    private AIFunction Counted() => AIFunctionFactory.Create(() =>
    {
        Interlocked.Increment(ref _runs);
        return "done";
    }, "book");

    private async Task<string> Run(AIFunction tool, string arguments)
    {
        var (output, failure) = await ToolRun.RunAsync([tool], "book", arguments, Timeout, _clock);
        _failure = failure;
        return output;
    }

    private static string? ErrorOf(string output) => JsonDocument.Parse(output).RootElement.GetProperty("error").GetString();

    private sealed class Unwritable : AIFunction
    {
        public override string Name => "book";

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
        {
            var loop = new Dictionary<string, object>();
            loop["me"] = loop;
            return new ValueTask<object?>(loop);
        }
    }
}
