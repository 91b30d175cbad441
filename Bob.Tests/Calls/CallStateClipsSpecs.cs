using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Xunit;
using static Bob.Actors.Calls.CallEvent;

namespace Bob.Tests.Calls;

/// <summary>What Bob says without the model, and when: one row each, as in <see cref="CallStateSpecs"/>. Only the clips and their timers are looked at.</summary>
public sealed class CallStateClipsSpecs
{
    private const string Answered = "admitted stream model bob bob-pause caller caller-pause";

    private static readonly Dictionary<string, CallEvent> Words = new()
    {
        ["admitted"] = new Admitted(),
        ["stream"] = new StreamAttached(),
        ["lost"] = new StreamLost(),
        ["caller"] = new CallerSpoke(),
        ["caller-pause"] = new CallerPaused(),
        ["bob"] = new BobSpoke(),
        ["bridge"] = new BridgeBegan(),
        ["bob-pause"] = new BobPaused(),
        ["model"] = new ModelReady(),
        ["no-model"] = new ModelGone("timeout"),
        ["session-lost"] = new SessionLost(),
        ["answer-cut"] = new AnswerCut(),
        ["answer-ended"] = new AnswerEnded(),
        ["tool"] = new ToolBegan(),
        ["tool-ended"] = new ToolEnded(),
        ["end"] = new EndRequested(),
        ["t-greeting"] = new TimerFired(CallTimer.Greeting),
        ["t-filler"] = new TimerFired(CallTimer.Filler),
    };

    [Theory]
    // The caller is greeted while the model is still being dialled.
    [InlineData("admitted", "stream", "start Greeting 1")]
    [InlineData("admitted stream", "t-greeting", "play Greeting")]
    [InlineData("admitted stream", "model", "stop Greeting")]
    [InlineData("admitted model", "stream", "")]
    [InlineData("admitted stream t-greeting bridge bob-pause", "model", "")]
    [InlineData("admitted stream t-greeting", "t-greeting", "")]
    [InlineData("admitted stream t-greeting bob bob-pause lost", "stream", "")]
    [InlineData("admitted stream lost", "stream", "start Greeting 1")]
    [InlineData("admitted stream", "lost", "stop Greeting")]
    [InlineData("admitted stream model", "session-lost", "play Greeting")] // nobody has heard Bob yet, for an hour
    [InlineData("admitted stream model session-lost", "model", "stop Greeting")] // it was not mute for so long
    [InlineData("admitted stream model session-lost bridge bob-pause", "session-lost", "")] // nor was there another
    [InlineData("admitted stream model bob bob-pause", "session-lost", "")]
    [InlineData("admitted stream", "no-model", "play Apology, stop Greeting")]
    [InlineData("admitted no-model", "stream", "play Apology")]
    // An answer takes long.
    [InlineData("admitted stream model bob bob-pause caller", "caller-pause", "start Filler 1.5")]
    [InlineData(Answered, "bob", "stop Filler")]
    [InlineData(Answered, "caller", "stop Filler")]
    [InlineData(Answered, "answer-ended", "stop Filler")] // it has nothing to say
    [InlineData(Answered, "lost", "stop Filler")]
    [InlineData(Answered, "end", "stop Filler")]
    [InlineData(Answered, "t-filler", "play Filler")]
    [InlineData(Answered + " t-filler", "bridge", "")]
    [InlineData(Answered + " t-filler bridge", "bob-pause", "")] // once a turn
    [InlineData(Answered + " t-filler bridge bob-pause", "session-lost", "start Filler 1.5")] // and another one may be mute, too
    [InlineData(Answered + " t-filler bridge bob-pause bob bob-pause caller", "caller-pause", "start Filler 1.5")]
    [InlineData(Answered + " t-filler bridge caller", "caller-pause", "")] // he still says it
    [InlineData(Answered + " t-filler bridge caller caller-pause", "bob-pause", "start Filler 1.5")]
    [InlineData(Answered + " bob", "t-filler", "")] // it had fired already
    [InlineData(Answered + " caller", "t-filler", "")]
    [InlineData(Answered + " lost", "stream", "start Filler 1.5")] // still owed
    [InlineData("admitted stream model", "bob", "")]
    // The model's session is lost.
    [InlineData(Answered, "session-lost", "")] // the time goes on
    [InlineData(Answered + " bob session-lost answer-cut", "bob-pause", "start Filler 1.5")] // O13
    [InlineData(Answered + " bob bob-pause session-lost", "answer-cut", "start Filler 1.5")]
    [InlineData("admitted stream model bob bob-pause caller session-lost", "answer-cut", "")] // the caller speaks
    // Tools run.
    [InlineData(Answered, "tool", "")]
    [InlineData(Answered + " tool", "t-filler", "play Filler, start Filler 8")]
    [InlineData(Answered + " tool t-filler bridge", "bob-pause", "start Filler 8")]
    [InlineData(Answered + " tool t-filler bridge bob-pause", "t-filler", "play StillAtIt, start Filler 8")]
    [InlineData(Answered + " tool t-filler bridge bob-pause", "tool-ended", "stop Filler")]
    [InlineData(Answered + " bob tool", "bob-pause", "start Filler 8")] // "let me look that up"
    [InlineData(Answered + " bob tool answer-ended bob-pause", "t-filler", "play Filler, start Filler 8")]
    [InlineData(Answered + " bob tool answer-ended bob-pause", "tool-ended", "start Filler 1.5")]
    [InlineData(Answered + " bob tool tool answer-ended bob-pause", "tool-ended", "start Filler 1.5")]
    [InlineData(Answered + " bob tool answer-ended bob-pause tool-ended", "answer-ended", "stop Filler")]
    [InlineData(Answered + " tool tool-ended", "answer-ended", "")] // the end of the response that called it
    public void A_rule(string before, string happens, string actions)
    {
        var state = Play(new CallOptions(), before);

        var (_, done) = state.On(Words[happens], TimeSpan.FromHours(2));

        Names(done).Should().Be(actions);
    }

    [Fact]
    public void A_call_without_fillers_has_none()
    {
        var options = new CallOptions { FillerAfter = TimeSpan.Zero };

        foreach (var before in new[] { "admitted stream model caller", Answered + " bob tool", Answered + " session-lost bob answer-cut" })
        {
            var (_, done) = Play(options, before).On(before.EndsWith("caller") ? new CallerPaused() : new BobPaused(), TimeSpan.FromHours(2));
            Names(done).Should().BeEmpty();
        }
    }

    [Theory]
    [InlineData(Fallback.Voicemail, "play Apology")]
    [InlineData(Fallback.Human, "play Apology, play Transfer")]
    [InlineData(Fallback.HangUp, "play Apology, play CallAgain")]
    public void The_caller_hears_what_comes_after_the_apology(Fallback fallback, string clips)
    {
        var options = new CallOptions { Fallback = fallback };

        Names(Play(options, "admitted stream model bob bob-pause").On(new ModelGone("timeout"), TimeSpan.FromHours(2)).Actions).Should().Be(clips);
        Names(Play(options, "admitted no-model").On(new StreamAttached(), TimeSpan.FromHours(2)).Actions).Should().Be(clips);
    }

    private static CallState Play(CallOptions options, string happenings) =>
        happenings.Split(' ').Aggregate(new CallState(options), (state, word) => state.On(Words[word], TimeSpan.FromHours(1)).State);

    private static string Names(IEnumerable<CallAction> actions) => string.Join(", ", actions.Select(action => action switch
    {
        CallAction.StartTimer { Timer: CallTimer.Greeting or CallTimer.Filler } start => $"start {start.Timer} {start.Due.TotalSeconds}",
        CallAction.StopTimer { Timer: CallTimer.Greeting or CallTimer.Filler } stop => $"stop {stop.Timer}",
        CallAction.PlayClip play => $"play {play.Clip}",
        _ => null,
    }).OfType<string>());
}
