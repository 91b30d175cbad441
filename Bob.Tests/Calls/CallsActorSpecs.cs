using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using Bob.Actors.Realtime;
using Bob.Actors.Records;
using Bob.Actors.Twilio;
using Bob.Tests.Realtime;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Calls;

public sealed class CallsActorSpecs : Akka.TestKit.Xunit.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private readonly TroubledClock _clock = new();
    private readonly ConcurrentQueue<JournalEntry> _written = [];
    private readonly TestProbe _legs, _frontEnd, _ends;

    public CallsActorSpecs()
        : base(StandInParent.Config)
    {
        (_legs, _frontEnd, _ends) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        Sys.EventStream.Subscribe(_ends.Ref, typeof(CallsActor.CallEnded));
    }

    [Fact]
    public void A_call_beyond_the_capacity_is_refused_until_another_ends()
    {
        var calls = Start(maxCalls: 2);
        Admit(calls, "CA1");
        Admit(calls, "CA2");

        calls.Tell(new AdmitCall(new CallSid("CA3"), "anonymous", ""), _frontEnd);
        _frontEnd.ExpectMsg<CallRefused>().Reason.Should().Be("busy");
        Admit(calls, "CA1"); // a webhook sent again takes no place

        calls.Tell(new CallOver(new CallSid("CA1"), "completed"));
        _ends.ExpectMsg<CallsActor.CallEnded>();
        Admit(calls, "CA3");
        Occupied(calls).Should().Be(2);
    }

    [Fact]
    public void T21_A_stream_of_a_call_nobody_knows_is_refused()
    {
        var calls = Start();

        calls.Tell(new AttachStream(new CallSid("CA9"), "ticket", Stream("MZ1")), _frontEnd);

        _frontEnd.ExpectMsg<StreamRefused>();
        Occupied(calls).Should().Be(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../user")]
    [InlineData("*")]
    [InlineData("$a#1")]
    [InlineData("%20\u0000é")]
    public void A_call_sid_that_is_none_harms_nobody(string callSid)
    {
        var calls = Start();
        Admit(calls, "CA1");

        calls.Tell(new AttachStream(new CallSid(callSid), "ticket", Stream("MZ1")), _frontEnd);
        _frontEnd.ExpectMsg<StreamRefused>();
        calls.Tell(new GetNextStep(new CallSid(callSid), "in-progress"), _frontEnd);
        _frontEnd.ExpectMsg<FallBack>();

        Occupied(calls).Should().Be(1);
    }

    [Fact]
    public void A_caller_whose_call_nobody_knows_hears_an_apology_before_the_line_closes()
    {
        var calls = Start();

        calls.Tell(new GetNextStep(new CallSid("CA9"), "in-progress"), _frontEnd);

        _frontEnd.ExpectMsg<FallBack>().Should().Be(new FallBack(Apologise: true));
        calls.Tell(new CallOver(new CallSid("CA9"), "completed"), _frontEnd);
        _frontEnd.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_node_that_drains_waits_for_the_last_words_of_a_call_which_counts_no_more()
    {
        var calls = Start(maxCalls: 1, holdsOn: true);
        Connect(calls, "CA1");
        var leg = _legs.FishForMessage<StandInLeg.Up>(up => up.Leg.Path.Name == "model").Leg;
        calls.Tell(new CallOver(new CallSid("CA1"), "completed"));
        _ends.ExpectMsg<CallsActor.CallEnded>();
        Occupied(calls).Should().Be(0);

        calls.Tell(DrainCalls.Instance, _frontEnd);
        _frontEnd.ExpectNoMsg(Soon);
        leg.Tell(new StandInLeg.Report(new ModelLegProtocol.ModelHeard(new CallerTranscribed("u1", "Goodbye."))));
        leg.Tell(new StandInLeg.Report(new ModelLegProtocol.AllTold()));

        _frontEnd.ExpectMsg<Drained>();
        _written.Select(entry => entry.GetType()).TakeLast(2).Should().Equal(typeof(JournalEntry.CallEnded), typeof(JournalEntry.CallerWords));
    }

    [Fact]
    public void What_was_heard_of_Bob_when_Twilio_says_that_the_call_is_over_is_in_its_book()
    {
        var calls = Start(holdsOn: true, callerHoldsOn: true);
        Connect(calls, "CA1");
        StandInLeg.Up[] legs = [_legs.FishForMessage<StandInLeg.Up>(_ => true), _legs.FishForMessage<StandInLeg.Up>(_ => true)]; // what they are told comes in between
        var (caller, model) = (legs.Single(up => up.Leg.Path.Name == "caller").Leg, legs.Single(up => up.Leg.Path.Name == "model").Leg);
        model.Tell(new StandInLeg.Report(new ModelLegProtocol.ModelHeard(new TranscriptDone("r1", "i1", 0, "We are open from nine to five."))));
        AwaitCondition(() => _written.OfType<JournalEntry.BobSaid>().Any());
        calls.Tell(new CallOver(new CallSid("CA1"), "completed"));
        _ends.ExpectMsg<CallsActor.CallEnded>();
        calls.Tell(DrainCalls.Instance, _frontEnd);

        model.Tell(new StandInLeg.Report(new ModelLegProtocol.AllTold()));
        _frontEnd.ExpectNoMsg(Soon);
        caller.Tell(new StandInLeg.Report(new CallerLegProtocol.SpeechInterrupted([new HeardItem(new SpokenItem("r1", "i1", 0), 1_000, 2_000)])));
        caller.Tell(new StandInLeg.Report(new CallerLegProtocol.AllTold()));

        _frontEnd.ExpectMsg<Drained>();
        _written.Last().Should().BeOfType<JournalEntry.BobCut>().Which.HeardText.Should().Be("We are open");
    }

    [Fact]
    public void A_call_that_cannot_be_gone_holds_up_nobody_who_drains()
    {
        var stop = new TaskCompletionSource();
        var calls = Start(stopsAfter: stop.Task);
        Connect(calls, "CA1");
        calls.Tell(new CallOver(new CallSid("CA1"), "completed"));
        _ends.ExpectMsg<CallsActor.CallEnded>();

        calls.Tell(DrainCalls.Instance, _frontEnd);

        _frontEnd.ExpectMsg<Drained>();
        stop.SetResult();
    }

    [Fact]
    public void What_a_call_has_cost_whose_stream_never_came_is_waited_for_and_it_may_be_announced_again_meanwhile()
    {
        var calls = Start(holdsOn: true);
        Admit(calls, "CA1");
        var first = _legs.FishForMessage<StandInLeg.Up>(up => up.Leg.Path.Name == "model").Leg;
        calls.Tell(new CallOver(new CallSid("CA1"), "no-answer"));
        _ends.ExpectMsg<CallsActor.CallEnded>();
        first.Tell(Bill("r1"));
        AwaitCondition(() => _written.OfType<JournalEntry.UsageReported>().Any());

        Admit(calls, "CA1");
        var second = _legs.FishForMessage<StandInLeg.Up>(up => up.Leg.Path.Name == "model").Leg;
        first.Tell(Bill("r2")); // of a book that is gone on with
        first.Tell(new StandInLeg.Report(new ModelLegProtocol.AllTold()));
        calls.Tell(new CallOver(new CallSid("CA1"), "completed"));
        _ends.ExpectMsg<CallsActor.CallEnded>();
        calls.Tell(DrainCalls.Instance, _frontEnd);
        _frontEnd.ExpectNoMsg(Soon);
        second.Tell(Bill("r3"));
        second.Tell(new StandInLeg.Report(new ModelLegProtocol.AllTold()));

        _frontEnd.ExpectMsg<Drained>();
        _written.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, _written.Count));
        _written.OfType<JournalEntry.UsageReported>().Select(used => used.ResponseId).Should().Equal("r1", "r3");

        static StandInLeg.Report Bill(string responseId) =>
            new(new ModelLegProtocol.ModelHeard(new ResponseDone(responseId, "cancelled", null, null, new RealtimeUsage(1, 1, 0, 0, 1, 1))));
    }

    [Fact]
    public void A_thousand_calls_leave_nothing_behind()
    {
        var calls = Start(maxCalls: 1000);
        for (var i = 0; i < 1000; i++)
            calls.Tell(new AdmitCall(new CallSid($"CA{i}"), "anonymous", ""), _frontEnd);
        _frontEnd.ReceiveN(1000, TimeSpan.FromSeconds(30)).Should().AllBeOfType<CallAdmitted>();

        for (var i = 0; i < 1000; i++)
            calls.Tell(new CallOver(new CallSid($"CA{i}"), "completed"));

        _ends.ReceiveN(1000, TimeSpan.FromSeconds(30)).Cast<CallsActor.CallEnded>().Select(end => end.CallSid).Should().OnlyHaveUniqueItems();
        Occupied(calls).Should().Be(0);
        AwaitAssert(() =>
        {
            var children = CreateTestProbe();
            Sys.ActorSelection(calls.Path / "*").Tell(new Identify(null), children);
            children.ExpectMsg<ActorIdentity>().Subject.Should().BeNull("a selection that finds nobody says so");
        });
        _ends.ExpectNoMsg(Soon);
    }

    [Fact]
    public void T24_A_webhook_sent_again_when_its_call_has_just_ended_harms_no_other_call()
    {
        var stop = new TaskCompletionSource();
        var calls = Start(stopsAfter: stop.Task);
        Admit(calls, "CA1");
        Admit(calls, "CA2");
        calls.Tell(new CallOver(new CallSid("CA1"), "completed"));
        _ends.ExpectMsg<CallsActor.CallEnded>();

        calls.Tell(new AdmitCall(new CallSid("CA1"), "anonymous", ""), _frontEnd);

        _frontEnd.ExpectMsg<CallAdmitted>(); // its caller never reached Bob, so the call may come again
        Occupied(calls).Should().Be(2);
        stop.SetResult();
        Admit(calls, "CA2");
        _ends.ExpectNoMsg(Soon);
    }

    [Fact]
    public void The_book_of_a_call_that_is_announced_again_goes_on_where_it_ended()
    {
        var calls = Start();
        for (var time = 0; time < 3; time++)
        {
            Admit(calls, "CA1");
            calls.Tell(new CallOver(new CallSid("CA1"), "completed"));
            _ends.ExpectMsg<CallsActor.CallEnded>();
        }

        var numbers = _written.Select(entry => entry.Number).ToList();
        numbers.Should().Equal(Enumerable.Range(1, numbers.Count));
        _written.OfType<JournalEntry.CallOpened>().Should().HaveCount(3);
    }

    [Fact]
    public void A_call_whose_actor_fails_once_goes_on_in_a_new_stream()
    {
        var calls = Start(realCallerLeg: true);
        var ticket = Admit(calls, "CA1");
        var stream = Stream("MZ1");
        calls.Tell(new AttachStream(new CallSid("CA1"), ticket, stream), _frontEnd);
        _frontEnd.ExpectMsg<StreamAccepted>();

        Break(calls, "CA1");

        AwaitAssert(() => ((FakeMessageSocket)stream.Socket).Closed.Should().NotBeNull());
        calls.Tell(new GetNextStep(new CallSid("CA1"), "in-progress"), _frontEnd);
        var resume = _frontEnd.ExpectMsg<Resume>();
        calls.Tell(new AttachStream(new CallSid("CA1"), resume.Ticket, Stream("MZ2")), _frontEnd);
        _frontEnd.ExpectMsg<StreamAccepted>();
        _ends.ExpectNoMsg(Soon);
    }

    [Fact]
    public void A_call_whose_actor_fails_twice_ends_as_an_internal_error_and_others_go_on()
    {
        var calls = Start();
        Admit(calls, "CA1");
        Admit(calls, "CA2");

        Break(calls, "CA1");
        Admit(calls, "CA1");
        Break(calls, "CA1");

        _ends.ExpectMsg<CallsActor.CallEnded>().Should().Be(new CallsActor.CallEnded(new CallSid("CA1"), null, CallEnd.InternalError));
        calls.Tell(new GetNextStep(new CallSid("CA1"), "in-progress"), _frontEnd);
        _frontEnd.ExpectMsg<FallBack>().Should().Be(new FallBack(Apologise: true));
        Occupied(calls).Should().Be(1);
        Admit(calls, "CA2");
        _ends.ExpectNoMsg(Soon);
    }

    [Fact]
    public void The_failure_of_a_call_is_logged_with_its_call()
    {
        var calls = Start();
        Admit(calls, "CA1");

        EventFilter.Exception<NotSupportedException>().ExpectOne(() => Break(calls, "CA1"));
    }

    private IActorRef Start(int maxCalls = 10, bool realCallerLeg = false, Task? stopsAfter = null, bool holdsOn = false, bool callerHoldsOn = false)
    {
        var realtime = new RealtimeOptions { Url = new Uri("wss://model.example"), Model = "m", ApiKey = "k", Instructions = "i", Greeting = "g" };
        var services = new CallServices(
            new CallOptions { MaxCalls = maxCalls },
            realtime,
            [],
            _clock,
            setup => realCallerLeg
                ? Props.Create(() => new TwilioMediaActor(setup)).WithDispatcher(LegDispatcher.Path)
                : Props.Create(() => new StandInLeg(_legs.Ref, false, stopsAfter, callerHoldsOn)),
            _ => Props.Create(() => new StandInLeg(_legs.Ref, true, null, holdsOn)),
            new FakeDialer().AsModel(realtime))
        { Journal = new Book(_written) };
        return Sys.ActorOf(Props.Create(() => new CallsActor(services)), "calls");
    }

    private string Admit(IActorRef calls, string callSid)
    {
        calls.Tell(new AdmitCall(new CallSid(callSid), "anonymous", ""), _frontEnd);
        return _frontEnd.ExpectMsg<CallAdmitted>().Ticket;
    }

    private void Connect(IActorRef calls, string callSid)
    {
        calls.Tell(new AttachStream(new CallSid(callSid), Admit(calls, callSid), Stream("MZ1")), _frontEnd);
        _frontEnd.ExpectMsg<StreamAccepted>();
    }

    private int Occupied(IActorRef calls)
    {
        calls.Tell(GetOccupancy.Instance, _frontEnd);
        return _frontEnd.ExpectMsg<Occupancy>().Calls;
    }

    /// <summary>The call's actor stumbles over a bug: here, a clock that throws once.</summary>
    private void Break(IActorRef calls, string callSid)
    {
        _clock.Troubles = 1;
        calls.Tell(new CallOver(new CallSid(callSid), "completed"));
        AwaitCondition(() => _clock.Troubles == 0);
    }

    private sealed class Book(ConcurrentQueue<JournalEntry> written) : IJournal
    {
        public void Write(JournalEntry entry) => written.Enqueue(entry);
    }

    private MediaStream Stream(string streamSid) => new(new StreamSid(streamSid), new FakeMessageSocket(), _clock);

    private sealed class TroubledClock : FakeTimeProvider
    {
        private int _troubles;

        public int Troubles
        {
            get => Volatile.Read(ref _troubles);
            set => Volatile.Write(ref _troubles, value);
        }

        public override long GetTimestamp() =>
            Interlocked.CompareExchange(ref _troubles, 0, 1) == 1 ? throw new NotSupportedException("a bug") : base.GetTimestamp();
    }
}
