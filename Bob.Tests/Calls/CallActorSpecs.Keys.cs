using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Recording;
using Bob.Actors.Records;
using Bob.Actors.Tools;
using Bob.Actors.Twilio;
using Bob.Tests.Realtime;
using Bob.Tests.Records;
using Bob.Tests.Sockets;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Calls;

/// <summary>What a caller types.</summary>
public sealed partial class CallActorSpecs
{
    [Fact]
    public void Keys_reach_the_model_together_and_what_is_no_key_not_at_all()
    {
        Start();
        Live();

        foreach (var digit in new[] { "1", "x", "2", "<b>", "#" })
            _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.CallerPressed(digit)));
        Pass(1);
        _modelLeg.FishForMessage(message => message is ModelLegProtocol.KeysPressed { Digits: "12#" });

        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));

        var opened = (ModelLegProtocol.OpenSession)_modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
        opened.SoFar.Should().ContainSingle().Which.Should().Be(new CallerPressed("12#"));
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void Each_key_is_in_the_book_at_once_and_a_session_that_opens_meanwhile_is_not_told_half_a_number()
    {
        Start();
        Live();

        foreach (var digit in new[] { "4", "7", "1" })
            _caller.Tell(new StandInLeg.Report(new CallerLegProtocol.CallerPressed(digit)));
        AwaitAssert(() => _book.All<JournalEntry.KeyPressed>().Select(key => key.DigitsSoFar).Should().Equal("4", "47", "471"));
        _model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));
        var opened = (ModelLegProtocol.OpenSession)_modelLeg.FishForMessage(message => message is ModelLegProtocol.OpenSession);
        opened.SoFar.Should().BeEmpty();
        _modelLeg.ExpectNoMsg(Soon);

        Pass(1);
        _modelLeg.ExpectMsg<ModelLegProtocol.KeysPressed>().Digits.Should().Be("471");
        _book.All<JournalEntry.KeysPressed>().Should().ContainSingle().Which.Digits.Should().Be("471");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Keys_that_were_just_pressed_are_in_the_book_when_the_caller_hangs_up_and_when_the_actor_restarts(bool restarts)
    {
        Start();
        Live();

        foreach (var what in new object[] { new CallerLegProtocol.CallerPressed("4"), new CallerLegProtocol.CallerPressed("2"), restarts ? Kill.Instance : new CallerLegProtocol.CallerHungUp() })
            _caller.Tell(new StandInLeg.Report(what));
        if (restarts)
            _modelLeg.FishForMessage(message => message is StandInLeg.Up);
        else
            _calls.ExpectMsg<CallsActor.CallEnded>();

        _book.All<JournalEntry.KeysPressed>().Should().ContainSingle().Which.Digits.Should().Be("42");
    }
}
