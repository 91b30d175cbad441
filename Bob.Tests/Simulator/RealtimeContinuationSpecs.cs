using System.Text.Json;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Voice;
using Xunit;

namespace Bob.Tests.Simulator;

public class RealtimeContinuationSpecs
{
    private const string Hours = "We are open Monday to Friday, from nine in the morning until five in the afternoon.";

    [Theory]
    [InlineData("We are open Monday —", "to Friday, from nine in the morning until five in the afternoon.", 4)]
    [InlineData("We are open Mond—", "Monday to Friday, from nine in the morning until five in the afternoon.", 3)]
    [InlineData("we are open Monday to Friday", "from nine in the morning until five in the afternoon.", 6)]
    public async Task A_line_that_was_cut_is_continued_at_the_word(string heard, string rest, int word)
    {
        await using var simulator = await StartAsync(RealtimeScript.Rehearsal);
        await using var client = await ReplayAsync(simulator, ("user", "When are you open?"), ("assistant", heard));

        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");

        simulator.Sessions[0].Responses.Should().ContainSingle().Which.Text.Should().Be(rest);
        client.AudioOf().Should().Equal(ScriptedVoice.Say(Hours).From(word).Audio.ToArray());
    }

    [Fact]
    public async Task The_lines_and_calls_after_the_cut_line_follow_it()
    {
        var script = new RealtimeScript
        {
            Rules = [new ScriptRule { When = new Occasion { Turn = 1 }, Say = ["I am on it.", "Just a second please."], Call = [new ScriptedCall { Tool = "look" }] }],
        };
        await using var simulator = await StartAsync(script);
        await using var client = await ReplayAsync(simulator, ("user", "Please look"), ("assistant", "I am on it."));

        await client.SendAsync("""{"type":"response.create"}""");
        var done = await client.UntilAsync("response.done");

        done.GetProperty("response").GetProperty("output").GetArrayLength().Should().Be(2);
        simulator.Sessions[0].Responses[0].Text.Should().Be("Just a second please.");
    }

    [Fact]
    public async Task Replayed_turns_count_and_the_greeting_is_not_repeated()
    {
        await using var simulator = await StartAsync(RealtimeScript.Rehearsal);
        await using var client = await ReplayAsync(
            simulator, ("assistant", RealtimeScript.Rehearsal.Greeting.Say[0]), ("user", "When are you open?"), ("assistant", Hours), ("user", "The caller pressed 4."), ("user", "A message please."));

        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.done");

        simulator.Sessions[0].Responses[0].Text.Should().Be("You pressed a key. Thank you, I have noted that.");
        await client.SpeakAsync();
        await client.UntilAsync("response.done");
        simulator.Sessions[0].Responses[1].Text.Should().StartWith("Thank you. I have written that down"); // the third turn
    }

    [Fact]
    public async Task A_whole_line_is_no_cut_line_and_a_waiting_caller_comes_first()
    {
        await using var simulator = await StartAsync(RealtimeScript.Rehearsal);
        await using var whole = await ReplayAsync(simulator, ("user", "Hours?"), ("assistant", Hours));
        await using var waiting = await ReplayAsync(simulator, ("user", "Hours?"), ("assistant", "We are open Monday—"), ("user", "No, a message."));

        await whole.SendAsync("""{"type":"response.create"}""");
        await whole.UntilAsync("response.done");
        await waiting.SendAsync("""{"type":"response.create"}""");
        await waiting.UntilAsync("response.done");

        simulator.Sessions[0].Responses[0].Text.Should().Be(RealtimeScript.Rehearsal.Otherwise.Say[0]);
        simulator.Sessions[1].Responses[0].Text.Should().StartWith("I can take a message.");
    }

    private static Task<RealtimeSimulator> StartAsync(RealtimeScript script) =>
        RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Script = script, Speed = 200 }, TestContext.Current.CancellationToken);

    private static async Task<RealtimeTestClient> ReplayAsync(RealtimeSimulator simulator, params (string Role, string Text)[] history)
    {
        var client = await RealtimeTestClient.ConfiguredAsync(simulator);
        foreach (var (role, text) in history)
        {
            var content = new[] { new { type = role == "user" ? "input_text" : "output_text", text } };
            await client.SendAsync(JsonSerializer.Serialize(new { type = "conversation.item.create", item = new { type = "message", role, content } }));
            await client.UntilAsync("conversation.item.done");
        }

        return client;
    }
}
