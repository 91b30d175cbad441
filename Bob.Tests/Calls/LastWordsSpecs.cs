using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Host.Records;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Faults;
using Microsoft.EntityFrameworkCore;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Calls;

/// <summary>A caller hangs up, and what they said last is on record nevertheless (K3), and what it cost (K6).</summary>
public sealed class LastWordsSpecs
{
    private const string CallMe = "Call me back at five five five.";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, TranscriptArrival.Early)]
    [InlineData(500, TranscriptArrival.Early)]
    [InlineData(500, TranscriptArrival.Late)]
    public async Task K3_Who_hangs_up_with_their_last_word_has_said_it(int delayMs, TranscriptArrival arrives)
    {
        var script = Script() with
        {
            CallerSays = [WhenOpen, CallMe],
            Transcription = new ScriptedTranscription { DelayMs = delayMs, Arrives = arrives },
        };
        await using var house = await StartAsync(script);
        var call = house.Twilio.PlaceCall(new CallPlan
        {
            Steps =
            [
                new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen)),
                new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(CallMe)), new CallerStep.HangUp(),
            ],
        });

        var report = await call.Completion;
        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);

        (await TurnsAsync(house)).Should().Equal(Greeting, WhenOpen, Hours, CallMe);
        var session = house.Model.Sessions.Single();
        session.Errors.Should().BeEmpty();
        await ShouldHaveBeenPaidAsync(house);
    }

    [Fact]
    public async Task K6_An_answer_that_hanging_up_breaks_off_is_paid_for()
    {
        await using var house = await StartAsync(Script());
        var call = house.Twilio.PlaceCall(new CallPlan
        {
            Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen)), new CallerStep.WaitForBobToSpeak(TimeSpan.FromSeconds(1)), new CallerStep.HangUp()],
        });

        var report = await call.Completion;
        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);

        house.Model.Sessions.Single().Responses.Should().HaveCount(2);
        await ShouldHaveBeenPaidAsync(house);
    }

    [Fact]
    public async Task K3_Who_hangs_up_while_Bob_speaks_has_heard_no_more_than_that()
    {
        await using var house = await StartAsync(Script());
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen)), new CallerStep.WaitForBobToSpeak(TimeSpan.FromSeconds(1)), new CallerStep.HangUp()] });

        var report = await call.Completion;
        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);

        var answer = await house.Records.WhenAsync(
            db => db.Turns.SingleOrDefaultAsync(turn => turn.Role == TurnRole.Bob && turn.Text != Greeting, Cancellation), turn => turn is { HeardMs: not null });
        var heardMs = (report.Playback.Sum(heard => heard.Audio.Length) - Voice(Greeting).Length) / 8;
        answer!.Interrupted.Should().BeTrue();
        answer.HeardMs!.Value.Should().BeCloseTo(heardMs, 300, "the caller heard {0} ms of {1}", heardMs, answer.ReceivedMs).And.BeLessThan(answer.ReceivedMs!.Value);
        answer.HeardText.Should().NotBeEmpty();
        Hours.Should().StartWith(answer.HeardText).And.NotBe(answer.HeardText);
    }

    [Fact]
    public async Task Words_that_never_come_keep_nothing_back()
    {
        await using var house = await StartAsync(Script() with { Transcription = new ScriptedTranscription { Arrives = TranscriptArrival.Missing } });
        var call = house.Twilio.PlaceCall(new CallPlan
        {
            Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen)), new CallerStep.HangUp()],
        });

        var report = await call.Completion;
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        house.Model.OpenSessions.Should().Be(1, "the end is told at once, and not after the words");
        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
    }

    [Fact]
    public async Task The_end_of_a_call_whose_model_is_frozen_waits_for_nobody()
    {
        await using var house = await StartAsync(Script(new Fault { At = new FaultPoint { Event = "input_audio_buffer.speech_started" }, Do = FaultAction.Freeze }));
        var call = house.Twilio.PlaceCall(new CallPlan { Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(Voice(WhenOpen)), new CallerStep.HangUp()] });

        var report = await call.Completion;

        await house.ShouldBeOverAsync(report, CallEnd.CallerHungUp, frozen: 1);
    }

    private static Task<List<string>> TurnsAsync(WholeHouse house) => house.Records.WhenAsync(
        db => db.Turns.OrderBy(turn => turn.Number).Select(turn => turn.Text).ToListAsync(Cancellation), turns => turns is [_, _, _, { Length: > 0 }]);

    /// <summary>Each response that the model made is in the books with all that it is billed for.</summary>
    private static async Task ShouldHaveBeenPaidAsync(WholeHouse house)
    {
        var made = house.Model.Sessions.SelectMany(session => session.Responses).Select(response => response.Id).ToList();
        var paid = await house.Records.WhenAsync(
            db => db.Usage.Where(row => row.Kind == UsageKind.Model).Select(row => row.ResponseId!).ToListAsync(Cancellation), paid => paid.Count >= made.Count);
        paid.Should().BeEquivalentTo(made);
    }
}
