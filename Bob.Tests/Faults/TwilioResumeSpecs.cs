using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Faults.TwilioLine;

namespace Bob.Tests.Faults;

/// <summary>A dropped media socket is a pause, not an end. Judged to the frame, which a machine that is full cannot be.</summary>
[Collection(Alone.Name)]
public sealed class TwilioResumeSpecs(ITestOutputHelper output)
{
    private const string Long = "abcdefghijklm nopqrstuvwxyz mlkjihgfedcba zyxwvutsrqpon";

    [Theory]
    [InlineData(false, 8)]
    [InlineData(true, 8)]
    [InlineData(true, 1)]
    public async Task T17_A_dropped_socket_is_a_pause_after_which_Bob_goes_on_where_he_was(bool reset, int speed)
    {
        await using var house = await WholeHouse.StartAsync(Script(Long, "yes"), model => model with { Speed = speed });
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(1200);
        call.DropMedia(reset);
        await call.WaitForStreamAsync(2);
        await call.WaitForHeardAsync(3000);
        await call.WaitForQuietAsync();
        call.Speak(WholeHouse.Voice("hello"));
        await call.WaitForHeardAsync((Lines(Long, "yes").Length / 8) - 20);
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();

        ShouldHaveMissedNothing(report, Long, "yes");
        report.Streams.Should().HaveCount(2).And.OnlyHaveUniqueItems(stream => stream.StreamSid);
        report.Streams.Select(stream => stream.Parameters["ticket"]).Should().OnlyHaveUniqueItems();
        house.Model.Connections.Should().Be(1);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        house.Lines.Should().ContainSingle(line => line.Contains("Media stream lost")).And.ContainSingle(line => line.Contains("Media stream resumed"));
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task T17_What_the_caller_said_before_and_after_the_drop_reaches_the_same_session()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"));
        var call = house.Twilio.PlaceCall(new CallPlan());

        await call.WaitForHeardAsync(200);
        await call.WaitForQuietAsync();
        call.Speak(WholeHouse.Voice("abcdefgh"));
        await house.Model.Sessions[0].WaitUntilAsync(session => session.CallerAudio.AsSpan().IndexOf(WholeHouse.Voice("abcdefgh")) > 0, TestContext.Current.CancellationToken);
        call.DropMedia(reset: false);
        await call.WaitForStreamAsync(2);
        call.Speak(WholeHouse.Voice("ijklmnop"));
        await call.WaitForHeardAsync((Lines("hello", "yes").Length / 8) - 20);
        await call.WaitForQuietAsync();
        await call.HangUpAsync();

        var heard = house.Model.Sessions.Should().ContainSingle().Subject.CallerAudio;
        heard.AsSpan().IndexOf(WholeHouse.Voice("abcdefgh")).Should().BePositive();
        heard.AsSpan().IndexOf(WholeHouse.Voice("ijklmnop")).Should().BePositive();
    }

    [Fact]
    public async Task T17_A_goodbye_whose_stream_drops_is_heard_on_the_next_one()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes", TwilioGoodbyeSpecs.HangsUp, TwilioGoodbyeSpecs.IsDone));
        var plan = new CallPlan
        {
            Steps = [new CallerStep.WaitForBob(), new CallerStep.Speak(WholeHouse.Voice("hang up please"))],
            Faults = new MediaFaults { DropAfterHeard = TimeSpan.FromMilliseconds((Lines("hello").Length / 8) + 500) },
            MaxDuration = TimeSpan.FromSeconds(30),
        };

        var report = await house.Twilio.PlaceCall(plan).Completion;

        report.Streams.Should().HaveCount(2);
        report.ShouldHaveHeardLines("hello", TwilioGoodbyeSpecs.Bye);
        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.Goodbye);
        await house.ShouldBeEmptyAsync();
    }

    /// <summary>All of the lines was heard, in order, and at the seam a moment of it twice: 20 to 40 ms, on a busy machine up to a mark's distance.</summary>
    private void ShouldHaveMissedNothing(CallReport report, params string[] lines)
    {
        var all = Lines(lines);
        var (first, second) = (report.Playback[0].Audio, report.Playback[1].Audio);
        var from = all.Length - second.Length;
        first.AsSpan().SequenceEqual(all.AsSpan(0, first.Length)).Should().BeTrue($"the first stream plays the beginning\n{report.Story()}");
        from.Should().BePositive(report.Story());
        output.WriteLine($"{(first.Length - from) / 8.0} ms were heard twice");
        second.AsSpan().SequenceEqual(all.AsSpan(from)).Should().BeTrue($"the second stream plays the rest, from {from / 8} ms on, after {first.Length / 8} ms\n{report.Story()}");
        ((first.Length - from) / 8.0).Should().BeInRange(0, 240, $"nothing may be missing, and little heard twice\n{report.Story()}");
    }
}

/// <summary>Lines that die without a word, or again and again.</summary>
public sealed class TwilioDeadLineSpecs
{
    [Fact]
    public async Task T18_A_frozen_socket_is_noticed_by_the_watchdog_and_the_call_goes_on_in_the_next_stream()
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"));
        var call = house.Twilio.PlaceCall(new CallPlan { Faults = new MediaFaults { FreezeFor = TimeSpan.FromSeconds(6) } });

        await call.WaitForHeardAsync(200);
        await call.WaitForQuietAsync();
        call.FreezeMedia();
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("media-timeout")), "the watchdog");
        var noticed = call.CurrentStream;
        await call.WaitForStreamAsync(2);
        call.Speak(WholeHouse.Voice("are you there"));
        await call.WaitForHeardAsync((Lines("hello", "yes").Length / 8) - 20);
        var report = await call.HangUpAsync();

        noticed!.Number.Should().Be(1, "Bob noticed before Twilio did");
        house.Model.Connections.Should().Be(1);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        await house.ShouldBeEmptyAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T17_After_more_than_five_drops_in_a_minute_Bob_gives_up_politely(bool reset)
    {
        await using var house = await WholeHouse.StartAsync(Script("hello", "yes"));
        var faults = new MediaFaults { Stream = 0, DropAt = TimeSpan.FromMilliseconds(300), DropByReset = reset };

        var report = await house.Twilio.PlaceCall(new CallPlan { Faults = faults }).Completion;

        report.Streams.Should().HaveCount(CallState.MaxUnstableStreams + 1);
        report.ShouldHaveApologised(inBobsVoice: false);
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.StreamUnstable);
        house.Model.Connections.Should().Be(1);
        await house.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task T16_A_line_that_goes_without_a_word_and_a_Twilio_that_never_asks_end_the_call_as_lost()
    {
        await using var house = await WholeHouse.StartAsync(
            Script("hello", "yes"), twilio: options => options with { NoStatusCallback = true, ActionAfterHangUp = false });
        var call = house.Twilio.PlaceCall(new CallPlan { Faults = new MediaFaults { OmitStop = true } });
        await call.WaitForHeardAsync(200);
        await call.HangUpAsync();

        (await house.EndOfAsync(call.CallSid)).Should().Be(CallEnd.CallerLost);
        await house.ShouldBeEmptyAsync();
    }
}
