using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Voice;
using Xunit;

namespace Bob.Tests.Simulator;

public class RealtimeScriptSpecs
{
    [Theory]
    [InlineData("{", "my.json line 1*")]
    [InlineData("""{ "gretting": {} }""", "my.json line 1 ($.gretting): *")]
    [InlineData("""{ "rules": [ { "say": ["Hi"] } ] }""", "my.json line 1 ($.rules[0]): *when*")]
    [InlineData("""{ "rules": [ { "when": { "turn": 1 } } ] }""", "my.json: rules[0] does nothing; give it \"say\"*")]
    [InlineData("""{ "rules": [ { "when": { "turn": 0 }, "say": ["Hi"] } ] }""", "my.json: rules[0].when.turn is 0; turns count from 1.")]
    [InlineData("""{ "faults": [ { "at": { "session": 1 }, "do": "drop" } ] }""", "my.json: faults[0].at names no place; *")]
    [InlineData("""{ "faults": [ { "at": { "event": "x", "received": "y" }, "do": "drop" } ] }""", "my.json: faults[0].at names several places; *")]
    [InlineData("""{ "faults": [ { "at": { "response": 1 }, "do": "withhold" } ] }""", "my.json: faults[0]: \"withhold\" needs \"at\": { \"event\"*")]
    [InlineData("""{ "faults": [ { "at": { "response": 1 }, "do": "explode" } ] }""", "my.json line 1 ($.faults[0].do): *")]
    [InlineData("""{ "faults": [ { "at": { "event": "session.created" }, "do": "http" } ] }""", "my.json: faults[0]: \"http\" happens on connect; *")]
    public void A_fault_in_a_script_is_named_with_its_place(string json, string message)
    {
        var parsing = () => RealtimeScript.Parse(json, "my.json");

        parsing.Should().Throw<ScriptException>().WithMessage(message);
    }

    [Fact]
    public void A_script_survives_its_own_json()
    {
        var script = RealtimeScript.Rehearsal with
        {
            Transcription = new ScriptedTranscription { Arrives = TranscriptArrival.Late },
            Faults = [new Fault { At = new FaultPoint { Session = 1, Response = 2, AudioMs = 700 }, Do = FaultAction.Drop, Times = 0 }],
        };

        var again = RealtimeScript.Parse(script.ToJson());

        again.Should().BeEquivalentTo(script);
        script.ToJson().Should().Contain("\"do\": \"drop\"");
    }

    [Fact]
    public void Every_line_of_the_rehearsal_is_recorded()
    {
        var script = RealtimeScript.Rehearsal;

        var lines = script.Rules.SelectMany(rule => rule.Say).Concat(script.Greeting.Say).Concat(script.Otherwise.Say);

        lines.Should().OnlyContain(line => ScriptedVoice.Recorded.Contains(line));
    }

    [Fact]
    public void Every_recording_has_a_time_for_each_word()
    {
        foreach (var line in ScriptedVoice.Recorded.Select(ScriptedVoice.Say))
        {
            line.WordsMs.Should().HaveSameCount(line.Words, line.Text).And.BeInAscendingOrder();
            line.WordsMs[^1].Should().BeLessThan(line.AudioMs);
        }
    }

    [Fact]
    public void Other_text_sounds_different_for_every_text_and_the_same_each_time()
    {
        var one = ScriptedVoice.Say("Any text").Audio.ToArray();

        ScriptedVoice.Say("Any text").Audio.ToArray().Should().Equal(one);
        ScriptedVoice.Say("Any tent").Audio.ToArray().Should().NotEqual(one);
    }
}
