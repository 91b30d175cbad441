using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Serilog.Events;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The first of two model servers cannot be had: the second one talks to the caller, and to the next caller at once.</summary>
public sealed class ModelFailoverSpecs
{
    [Fact]
    public async Task O7_A_server_where_nobody_listens_is_replaced_at_once()
    {
        await using var houses = await TwoServers.StartAsync([], ("OPENAI_REALTIME_URL", "ws://localhost:1/v1/realtime"));

        var report = await houses.CallAsync(WhenOpen);

        await houses.House.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours);
    }

    [Theory]
    [InlineData(FaultAction.Withhold)]
    [InlineData(FaultAction.Reject)]
    public async Task O9_O11_A_session_that_does_not_begin_is_begun_elsewhere(FaultAction fault)
    {
        var at = fault == FaultAction.Withhold ? new FaultPoint { Event = "session.created" } : new FaultPoint { Received = "session.update" };
        var error = new FaultError { Code = "invalid_value", Message = "Invalid value: 'marin'.", Param = "session.audio.output.voice" };
        await using var houses = await TwoServers.StartAsync(new Fault { At = at, Do = fault, Error = error, Times = 0 });

        var report = await houses.CallAsync(WhenOpen);

        await houses.House.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        TwoServers.ShouldHaveBeenGreetedAndAnswered(report, stalled: fault == FaultAction.Withhold);
        (houses.First.Connections, houses.Second.Connections).Should().Be((1, 1));
    }

    [Fact]
    public async Task O1_The_second_caller_does_not_wait_for_what_the_first_one_learned_and_the_operator_is_told_once()
    {
        await using var houses = await TwoServers.StartAsync([], ("OPENAI_API_KEY", "sk-wrong-0123456789abcdef0123456789abcdef"));

        for (var caller = 0; caller < 3; caller++)
        {
            var report = await houses.CallAsync();
            report.ShouldHaveHeardLines(Greeting);
        }

        houses.First.Connections.Should().BeLessThan(3, "a probe may come in between, but no caller is one");
        houses.Second.Connections.Should().Be(3);
        houses.House.Lines.Should().ContainSingle(line => line == "[bob] ERR Model 1 refuses to be dialled until somebody acts: invalid-api-key");
        houses.House.LogEvents.Where(line => line.Level == LogEventLevel.Error).Should().ContainSingle()
            .Which.Properties["EventId"].ToString().Should().Contain("ModelAlert");
        houses.House.Lines.Should().NotContain(line => line.Contains("sk-wrong"));
    }

    [Fact]
    public async Task O35_Credit_that_runs_out_in_the_middle_of_a_call_does_not_end_it()
    {
        var empty = new ScriptedFailure { Type = "insufficient_quota", Code = "insufficient_quota", Message = "You exceeded your quota." };
        var script = Script();
        script = script with { Rules = [new ScriptRule { When = new Occasion { Turn = 1 }, Fail = empty }, .. script.Rules] };
        await using var houses = await TwoServers.StartAsync(script);

        var report = await houses.CallAsync(WhenOpen, WhereAreYou);

        await houses.House.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        report.ShouldHaveHeardLines(Greeting, Hours, Address);
        (houses.First.Connections, houses.Second.Connections).Should().Be((1, 1));
    }

    [Fact]
    public async Task O13_A_session_that_drops_a_third_time_goes_on_elsewhere_with_all_that_was_said()
    {
        await using var houses = await TwoServers.StartAsync(
            [.. new[] { ModelDropSpecs.MidAnswer, new FaultPoint { Session = 2, Response = 1, AudioMs = 500 }, new FaultPoint { Session = 3, Response = 1, AudioMs = 500 } }
                .Select(at => new Fault { At = at, Do = FaultAction.Drop })]);

        var report = await houses.CallAsync(WhenOpen);

        await houses.House.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        (houses.First.Connections, houses.Second.Connections).Should().Be((3, 1));
        houses.Second.Sessions.Single().Conversation.Where(item => item.FromClient).Select(item => item.Text).Should().StartWith([Greeting, WhenOpen, "We open at nine—"]);
    }

    [Fact]
    public async Task O1_O3_When_none_is_left_the_caller_hears_an_apology_and_the_next_one_at_once()
    {
        await using var houses = await TwoServers.StartAsync(
            [], ("OPENAI_API_KEY", "sk-wrong-0123456789abcdef0123456789abcdef"), ("MODEL_2_NAME", "gpt-realtime-gone"));

        await ModelRefusalSpecs.ApologisedAsync(houses.House, "model-model-not-found");
        (await houses.House.Twilio.PlaceCall(new CallPlan()).Completion).ShouldHaveApologised();

        (houses.First.Connections, houses.Second.Connections).Should().Be((1, 1));
    }

    [Fact]
    public async Task Each_server_gets_the_session_that_its_settings_say()
    {
        await using var houses = await TwoServers.StartAsync(
            [],
            ("OPENAI_REALTIME_URL", "ws://localhost:1/v1/realtime"), ("MODEL_2_NAME", "gpt-realtime-1.5"), ("MODEL_2_VOICE", "cedar"), ("MODEL_2_TRANSCRIPTION", "none"));

        await houses.CallAsync();

        var session = houses.Second.Sessions.Single();
        session.Model.Should().Be("gpt-realtime-1.5");
        var audio = session.Configuration.GetProperty("audio");
        audio.GetProperty("output").GetProperty("voice").GetString().Should().Be("cedar");
        audio.GetProperty("input").GetProperty("transcription").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
    }
}
