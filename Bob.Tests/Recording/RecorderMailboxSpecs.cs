using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Recording;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Actors.Recording.RecorderProtocol;

namespace Bob.Tests.Recording;

/// <summary>What waits for a recorder whose disk hangs.</summary>
public sealed class RecorderMailboxSpecs : Akka.TestKit.Xunit.TestKit
{
    private const int Frame = 160;

    private static readonly CallerSaid Audio = new(new CallerAudio(new byte[Frame]), TimeSpan.Zero);

    private readonly ManualResetEventSlim _disk = new();
    private readonly TestProbe _call, _taken;
    private readonly IActorRef _recorder;

    public RecorderMailboxSpecs()
        : base(ConfigurationFactory.ParseString($"{RecorderDispatcher.Hocon}\n{RecorderMailbox.Hocon}"))
    {
        (_call, _taken) = (CreateTestProbe(), CreateTestProbe());
        var stuck = Props.Create(() => new Stuck(_disk, _taken.Ref)).WithDispatcher(RecorderDispatcher.Path).WithMailbox(RecorderMailbox.Path);
        Sys.ActorOf(Props.Create(() => new StandInParent(stuck, _call.Ref)));
        _recorder = _call.ExpectMsg<StandInParent.Hired>().Child;
    }

    [Fact]
    public void Audio_waits_up_to_a_bound_and_the_call_is_told_once_that_more_was_dropped()
    {
        const int fits = RecorderMailbox.MaxWaiting / Frame;
        _recorder.Tell(new StartRecording(TimeSpan.Zero)); // hangs in it
        for (var i = 0; i < fits; i++)
            _recorder.Tell(Audio);
        _call.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        for (var i = 0; i < 3 * fits; i++)
            _recorder.Tell(Audio);
        _recorder.Tell(new BobCut(TimeSpan.FromSeconds(1)));
        _call.ExpectMsg<RecorderFellBehind>();
        _disk.Set();

        _taken.ExpectMsg<StartRecording>();
        for (var i = 0; i < fits; i++)
            _taken.ExpectMsg<CallerSaid>();
        _taken.ExpectMsg<BobCut>(hint: "what is no audio is never dropped");
        _call.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void What_was_taken_makes_room()
    {
        _disk.Set();
        const int fits = RecorderMailbox.MaxWaiting / Frame;
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < fits; i++)
                _recorder.Tell(Audio);
            for (var i = 0; i < fits; i++)
                _taken.ExpectMsg<CallerSaid>();
        }

        _call.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    protected override void AfterAll()
    {
        _disk.Set();
        base.AfterAll();
        _disk.Dispose();
    }

    private sealed class Stuck(ManualResetEventSlim disk, IActorRef taken) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            disk.Wait();
            taken.Tell(message);
        }
    }
}
