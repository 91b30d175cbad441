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

/// <summary>What the recorder is told.</summary>
public sealed partial class TwilioMediaActorSpecs
{
    [Fact]
    public void The_recorder_learns_when_each_piece_is_heard_and_where_an_interruption_cut_it()
    {
        var began = _clock.GetElapsedTime(0);
        Attach("MZ1");
        Speaks("r1", "i1", frames: 10);
        _clock.Advance(TimeSpan.FromMilliseconds(50));
        Speaks("r1", "i1", frames: 5);
        _clock.Advance(TimeSpan.FromMilliseconds(70));

        _leg.Tell(new CallerSpoke(1));

        Ms(_recorder.ExpectMsg<RecorderProtocol.BobSaid>().Until - began).Should().Be(200);
        Ms(_recorder.ExpectMsg<RecorderProtocol.BobSaid>().Until - began).Should().Be(300);
        Ms(_recorder.ExpectMsg<RecorderProtocol.BobCut>().At - began).Should().Be(120);
    }

    [Fact]
    public void The_recorder_learns_from_a_late_mark_that_playback_was_held_up()
    {
        var began = _clock.GetElapsedTime(0);
        Attach("MZ1");
        Speaks("r1", "i1", frames: 10);
        Speaks("r1", "i1", frames: 50);
        _recorder.ExpectMsg<RecorderProtocol.BobSaid>();
        _recorder.ExpectMsg<RecorderProtocol.BobSaid>();
        _clock.Advance(TimeSpan.FromMilliseconds(700));

        _leg.Tell(new MarkReturned("g1:m1"));

        var moved = _recorder.ExpectMsg<RecorderProtocol.BobMoved>();
        (Ms(moved.From - began), Ms(moved.To - began)).Should().Be((200, 700));
    }

    [Fact]
    public void The_recorder_learns_that_a_lost_stream_is_silent()
    {
        var began = _clock.GetElapsedTime(0);
        var stream = Attach("MZ1");
        Speaks("r1", "i1", frames: 50);
        _recorder.ExpectMsg<RecorderProtocol.BobSaid>();
        _clock.Advance(TimeSpan.FromMilliseconds(150));

        _leg.Tell(new StreamEnded(stream, "connection-reset"));

        Ms(_recorder.ExpectMsg<RecorderProtocol.BobCut>().At - began).Should().Be(150);
    }

    /// <summary>To the nearest: the fake clock counts from the year 1, where a tick is less than a double can tell.</summary>
    private static long Ms(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds);
}
