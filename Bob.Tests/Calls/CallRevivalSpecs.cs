using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Records;
using Bob.Actors.Twilio;
using Bob.Tests.Realtime;
using Bob.Tests.Records;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Tests.Calls;

/// <summary>A caller whom nobody here knows is looked up in the books, and goes on.</summary>
public sealed class CallRevivalSpecs : Akka.TestKit.Xunit.TestKit
{
    private const string Call = "CA1";
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);

    private readonly FakeTimeProvider _clock = new(Entries.Noon.AddSeconds(30));
    private readonly ConcurrentQueue<JournalEntry> _written = [];
    private readonly Shelf _shelf = new();
    private readonly TestProbe _callerLegs, _modelLegs, _frontEnd, _ends;

    public CallRevivalSpecs()
        : base(StandInParent.Config)
    {
        (_callerLegs, _modelLegs, _frontEnd, _ends) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        _modelLegs.IgnoreMessages(message => message is ModelLegProtocol.StreamKnown);
        Sys.EventStream.Subscribe(_ends.Ref, typeof(CallsActor.CallEnded));
    }

    private static JournalEntry[] Talk =>
        Entries.Of(
            Call,
            new CallOpened("+15550100001", "+15550100002", null),
            new JournalEntry.StreamAttached(new StreamSid("MZ1")),
            new StepChanged(CallPhase.Live, null, null),
            new JournalEntry.BobSaid("b1", "Hello."),
            new BobSpoke("b1", 1000),
            new CallerTurn("c1", 4000, 5000),
            new CallerWords("c1", "good day"));

    [Fact]
    public void A_call_out_of_the_books_gets_a_new_stream_and_its_model_the_conversation()
    {
        var calls = Start();
        _shelf.Put(Talk);

        calls.Tell(Ask(), _frontEnd);

        var ticket = _frontEnd.ExpectMsg<Resume>().Ticket;
        var model = _modelLegs.ExpectMsg<StandInLeg.Up>().Leg;
        _modelLegs.ExpectMsg<ModelLegProtocol.Dial>();
        model.Tell(new StandInLeg.Report(new ModelLegProtocol.SessionReady(1)));
        var open = _modelLegs.ExpectMsg<ModelLegProtocol.OpenSession>();
        open.Opening.Should().Be(Opening.CutOff);
        open.SoFar.Should().Equal(new Bob.Actors.Conversation.BobSaid("Hello.", Interrupted: false), new CallerSaid("good day"));
        calls.Tell(new AttachStream(new CallSid(Call), ticket, Stream()), _frontEnd);
        _frontEnd.ExpectMsg<StreamAccepted>();
        calls.Tell(new CallOver(new CallSid(Call), "completed"), _frontEnd);
        _ends.ExpectMsg<CallsActor.CallEnded>().End.Should().Be(CallEnd.CallerHungUp);
        _written.Select(entry => entry.Number).Should().Equal(Enumerable.Range(Talk.Length + 1, _written.Count));
        _written.Should().NotContain(entry => entry is CallOpened, "it is the same call");
    }

    [Fact]
    public void Two_questions_at_once_make_one_call()
    {
        var calls = Start();
        calls.Tell(Ask(), _frontEnd);
        calls.Tell(Ask(), _frontEnd);
        _shelf.Put(Talk);

        var tickets = new[] { _frontEnd.ExpectMsg<Resume>().Ticket, _frontEnd.ExpectMsg<Resume>().Ticket };

        tickets.Should().OnlyHaveUniqueItems();
        _shelf.Questions.Should().Be(1);
        Occupied(calls).Should().Be(1);
        calls.Tell(Ask(), _frontEnd);
        _frontEnd.ExpectMsg<Resume>();
        _shelf.Questions.Should().Be(1, "it is known now");
    }

    [Fact]
    public void A_call_that_the_books_do_not_have_open_hears_an_apology()
    {
        var calls = Start();
        _shelf.Put([.. Talk, .. Entries.From(Call, Talk.Length + 1, new CallEnded(CallEnd.ProcessDied, null, 0))]);

        calls.Tell(Ask(), _frontEnd);

        _frontEnd.ExpectMsg<FallBack>();
        Occupied(calls).Should().Be(0);
        _written.Should().BeEmpty();
    }

    [Fact]
    public void A_call_of_which_no_book_ever_heard_is_to_be_announced_first()
    {
        var calls = Start();
        _shelf.Put([]);

        calls.Tell(Ask(), _frontEnd);

        _frontEnd.ExpectMsg<Announce>();
    }

    [Fact]
    public void A_bug_in_the_search_costs_no_other_call()
    {
        var calls = Start();
        _shelf.Fail();

        EventFilter.Error(contains: "could not be looked up").ExpectOne(() => calls.Tell(Ask(), _frontEnd));

        _frontEnd.ExpectMsg<FallBack>();
    }

    [Fact]
    public void A_call_that_ended_here_is_not_looked_up()
    {
        var calls = Start();
        _shelf.Put(Talk);
        calls.Tell(new AdmitCall(new CallSid(Call), "anonymous", ""), _frontEnd);
        var ticket = _frontEnd.ExpectMsg<CallAdmitted>().Ticket;
        calls.Tell(new AttachStream(new CallSid(Call), ticket, Stream()), _frontEnd);
        _frontEnd.ExpectMsg<StreamAccepted>();
        calls.Tell(new CallOver(new CallSid(Call), "completed"));
        _ends.ExpectMsg<CallsActor.CallEnded>();

        calls.Tell(Ask(), _frontEnd);

        _frontEnd.ExpectMsg<HangUp>().Say.Should().BeNull();
        _shelf.Questions.Should().Be(0);
    }

    [Fact]
    public void P18_A_bug_in_the_actor_of_all_calls_costs_none_of_them()
    {
        var calls = Start();
        var ticket = Admit(calls, Call);
        Admit(calls, "CA2");
        calls.Tell(new AttachStream(new CallSid(Call), ticket, Stream()), _frontEnd);
        _frontEnd.ExpectMsg<StreamAccepted>();

        EventFilter.Exception<ArgumentNullException>().ExpectOne(() => calls.Tell(new AdmitCall(new CallSid(null!), "", ""), _frontEnd));
        calls.Tell(Ask(), _frontEnd);

        ticket = _frontEnd.ExpectMsg<Resume>().Ticket;
        calls.Tell(new AttachStream(new CallSid(Call), ticket, Stream()), _frontEnd);
        _frontEnd.ExpectMsg<StreamAccepted>();
        _shelf.Questions.Should().Be(0, "its book is here");
        _ends.ExpectNoMsg(Soon);
        StandInParent.Pass(Sys, _clock, TimeSpan.FromSeconds(16));
        _ends.ExpectMsg<CallsActor.CallEnded>().Should().Be(new CallsActor.CallEnded(new CallSid("CA2"), null, CallEnd.InternalError));
        foreach (var call in _written.GroupBy(entry => entry.CallSid))
            call.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, call.Count()));
        _written.Count(entry => entry is CallEnded).Should().Be(1);
    }

    [Fact]
    public void P6_A_node_that_drains_takes_no_new_call_but_those_that_come_back_and_tells_when_the_last_is_over()
    {
        var calls = Start();
        Admit(calls, "CA2");
        _shelf.Put(Talk);
        calls.Tell(DrainCalls.Instance, _frontEnd);

        calls.Tell(new AdmitCall(new CallSid("CA3"), "anonymous", ""), _frontEnd);
        _frontEnd.ExpectMsg<CallRefused>().Reason.Should().Be("draining");
        Admit(calls, "CA2"); // a webhook sent again
        calls.Tell(Ask(), _frontEnd);
        _frontEnd.ExpectMsg<Resume>();
        calls.Tell(new CallOver(new CallSid("CA2"), "completed"));
        _frontEnd.ExpectNoMsg(Soon);
        calls.Tell(new CallOver(new CallSid(Call), "completed"));

        _frontEnd.ExpectMsg<Drained>();
        calls.Tell(DrainCalls.Instance, _frontEnd);
        _frontEnd.ExpectMsg<Drained>();
    }

    [Fact]
    public void P4_All_calls_are_told_to_end_also_those_that_come_back_afterwards()
    {
        var calls = Start();
        Admit(calls, "CA2");
        _shelf.Put(Talk);
        calls.Tell(DrainCalls.Instance, _frontEnd);

        calls.Tell(new EndAllCalls(CallEnd.NodeDrained, AtOnce: true));
        calls.Tell(Ask(), _frontEnd);
        _frontEnd.ExpectMsg<HangUp>().Say.Should().Be(CallState.EarlyFarewell);
        calls.Tell(new GetNextStep(new CallSid("CA2"), "in-progress"), _frontEnd);
        _frontEnd.ExpectMsg<HangUp>().Say.Should().Be(CallState.EarlyFarewell);

        _frontEnd.ExpectMsg<Drained>();
        _ends.ReceiveN(2).Cast<CallsActor.CallEnded>().Should().OnlyContain(ended => ended.End == CallEnd.NodeDrained);
    }

    private static GetNextStep Ask() => new(new CallSid(Call), "in-progress");

    private IActorRef Start()
    {
        var realtime = new RealtimeOptions { Url = new Uri("wss://model.example"), Model = "m", ApiKey = "k", Instructions = "i", Greeting = "g" };
        var services = new CallServices(
            new CallOptions(),
            realtime,
            [],
            _clock,
            _ => Props.Create(() => new StandInLeg(_callerLegs.Ref, false, null, false)),
            _ => Props.Create(() => new StandInLeg(_modelLegs.Ref, true, null, false)),
            new FakeDialer().AsModel(realtime))
        { Journal = new Book(_written), LostCalls = _shelf };
        return Sys.ActorOf(Props.Create(() => new CallsActor(services)), "calls");
    }

    private string Admit(IActorRef calls, string callSid)
    {
        calls.Tell(new AdmitCall(new CallSid(callSid), "anonymous", ""), _frontEnd);
        return _frontEnd.ExpectMsg<CallAdmitted>().Ticket;
    }

    private int Occupied(IActorRef calls)
    {
        calls.Tell(GetOccupancy.Instance, _frontEnd);
        return _frontEnd.ExpectMsg<Occupancy>().Calls;
    }

    private MediaStream Stream() => new(new StreamSid("MZ2"), new FakeMessageSocket(), _clock);

    private sealed class Book(ConcurrentQueue<JournalEntry> written) : IJournal
    {
        public void Write(JournalEntry entry) => written.Enqueue(entry);
    }

    /// <summary>Books that say what they are told to, when they are told to.</summary>
    private sealed class Shelf : ILostCalls
    {
        private readonly TaskCompletionSource<LostCall> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _questions;

        public int Questions => Volatile.Read(ref _questions);

        public void Put(IReadOnlyList<JournalEntry> entries) => _answer.SetResult(
            entries.Count == 0 ? new LostCall.Unknown() : CallSoFar.Of(entries) is { } soFar ? new LostCall.Found(soFar) : new LostCall.Gone());

        public void Fail() => _answer.SetException(new InvalidOperationException("a bug"));

        public Task<LostCall> FindAsync(CallSid callSid)
        {
            Interlocked.Increment(ref _questions);
            return _answer.Task;
        }
    }
}
