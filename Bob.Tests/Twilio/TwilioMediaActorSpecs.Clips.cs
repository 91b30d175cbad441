using System.Collections.Concurrent;
using System.Text.Json;
using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using Bob.Actors.Recording;
using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Twilio.CallerLegProtocol;

namespace Bob.Tests.Twilio;

/// <summary>What Bob says without a model.</summary>
public sealed partial class TwilioMediaActorSpecs
{
    [Fact]
    public void A_clip_is_played_behind_what_is_said_and_belongs_to_no_session()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 5);
        Ends("r1", "i1");

        Plays(ClipName.Apology, "c1", ms: 100);
        _leg.Tell(new ModelLost(7));

        Media(stream).Should().Equal(5 * 160, 5 * 160);
        _call.ReceiveN(4, TimeSpan.FromSeconds(3)).Should().Equal(
            new BobSpoke(), new ItemSpoken("i1", 100), new ClipPlays(Clip(ClipName.Apology, 100).Item("c1")), new ItemSpoken("c1", 100));
        _call.ExpectMsg<SpeechCut>().Cut.Should().BeEmpty();
    }

    [Fact]
    public void A_word_to_wait_is_not_said_while_there_is_something_to_hear()
    {
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 5);
        _call.ExpectMsg<BobSpoke>();

        Plays(ClipName.Filler, "c1", ms: 100);

        Media(stream).Should().Equal(5 * 160);
        _call.ExpectNoMsg(Soon);
    }

    [Fact]
    public void Words_that_follow_a_word_to_wait_without_a_pause_are_told_of()
    {
        Attach("MZ1");

        Plays(ClipName.Filler, "c1", ms: 100);
        Speaks("r1", "i1", frames: 5);

        _call.ReceiveN(4, TimeSpan.FromSeconds(3)).Skip(1).Should().Equal(new ItemSpoken("c1", 100), new BobSpoke(IsBridge: true), new BobSpoke());
    }

    [Fact]
    public void A_clip_that_the_caller_interrupts_is_cleared_and_cut_like_any_item()
    {
        var stream = Attach("MZ1");
        Plays(ClipName.Greeting, "c1", ms: 1_000);
        _clock.Advance(TimeSpan.FromMilliseconds(140));

        _leg.Tell(new CallerSpoke(1));

        Kinds(stream).Should().EndWith("clear");
        var cut = ((SpeechInterrupted)_call.FishForMessage(message => message is SpeechInterrupted)).Cut.Should().ContainSingle().Subject;
        (cut.Item.ItemId, cut.HeardMs, cut.ReceivedMs).Should().Be(("c1", 140, 1000));
    }

    [Fact]
    public void A_clip_whose_stream_drops_is_played_from_there_on_the_next_one()
    {
        var first = Attach("MZ1");
        Plays(ClipName.Greeting, "c1", ms: 1_000);
        foreach (var mark in new[] { "g1:m1", "g1:m2" })
        {
            _clock.Advance(TimeSpan.FromMilliseconds(200));
            _leg.Tell(new MarkReturned(mark));
        }

        _leg.Tell(new StreamEnded(first, "connection-reset"));
        _call.FishForMessage(message => message is StreamLost);

        var second = Attach("MZ2");

        Media(second).Sum().Should().BeInRange(600 * 8, 640 * 8);
    }

    [Fact]
    public void Without_a_stream_no_clip_is_said()
    {
        Plays(ClipName.Apology, "c1", ms: 100);

        var stream = Attach("MZ1");

        Media(stream).Should().BeEmpty();
        _call.ExpectNoMsg(Soon);
    }

    private static Clip Clip(ClipName name, int ms) => Clips.GetOrAdd((name, ms), _ => new Clip(name, "clip", new byte[ms * Mulaw.BytesPerMs]));

    private void Plays(ClipName name, string itemId, int ms) => _leg.Tell(new PlayClip(Clip(name, ms).Item(itemId)));
}
