using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;
using Bob.Bench.Fuzz;
using Bob.Tests.Calls;
using Bob.Tests.Realtime;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Hostile;

/// <summary>The same for the model's side: what comes of events that no server should send, from the bytes of the socket to the call and the caller's leg.</summary>
[Collection(Alone.Name)]
public sealed class RealtimeCorpusSpecs(CorpusSystem corpus) : IClassFixture<CorpusSystem>
{
    private const string Created = """{"type":"session.created","session":{"id":"s1"}}""";
    private const string Updated =
        """{"type":"session.updated","session":{"audio":{"input":{"format":{"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}}""";

    /// <summary>Behind a message: when the call hears of it, everything before it has been dealt with.</summary>
    private const string Fence = """{"type":"input_audio_buffer.timeout_triggered","item_id":"fence"}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly RealtimeOptions Options = new()
    {
        Url = new Uri("wss://model.example/v1/realtime"),
        Model = "gpt-realtime",
        ApiKey = "sk-specs",
        Instructions = "You are Bob.",
        Greeting = "Say hello.",
    };

    public static TheoryData<string> Cases => new(FrameCorpus.Realtime.Select(message => message.Id));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Every_event_has_its_verdict(string id)
    {
        var hostile = FrameCorpus.Realtime.Single(message => message.Id == id);

        var verdict = await VerdictAsync(hostile);

        verdict.Should().Be(hostile.Verdict, hostile.About);
    }

    [Fact]
    public void The_corpus_is_whole()
    {
        FrameCorpus.Realtime.Should().HaveCountGreaterThan(180).And.OnlyHaveUniqueItems(message => message.Id);
        FrameCorpus.Realtime.SelectMany(message => message.Rows.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Should().Contain(["O21", "O22", "O23", "O25", "O26", "O28", "O31", "O33", "O42", "O44", "O46", "O48", "O49", "O52", "O53"]);
    }

    private async Task<string> VerdictAsync(HostileMessage hostile)
    {
        using var skipped = new SkippedMessages();
        var (clock, wire, dialer) = (new FakeTimeProvider(), new Wire(), new FakeDialer());
        var (said, ends, fences) = (new ConcurrentQueue<string>(), new TaskCompletionSource<string>(), new SemaphoreSlim(0));
        var call = corpus.System.ActorOf(Props.Create(() => new Call(said, ends, fences)));
        var setup = new ModelLegSetup(new CallSid("CA1"), call, new CallerAudioRing(), Options, [], dialer, clock);
        var leg = Props.Create(() => new OpenAiRealtimeActor(setup)).WithDispatcher(LegDispatcher.Path);
        var parent = corpus.System.ActorOf(Props.Create(() => new StandInParent(leg, call)));
        (await dialer.NextAsync()).Connect(new FramedMessageSocket(wire, new SocketTerms(SocketRole.Client, OpenAiDialer.MaxMessageBytes), clock));
        Say(Created);
        await wire.WrittenAsync(); // session.update
        Say(Updated);
        await fences.WaitAsync(Patience, Cancellation); // the session is open
        foreach (var before in hostile.After)
            Send(before);
        await FencedAsync();
        said.Clear();
        skipped.Forget();

        for (var i = 0; i < hostile.Times; i++)
            Send(hostile.Message);

        await FencedAsync();
        var verdict = ends.Task.IsCompleted ? await ends.Task : Observations.Verdict(said, skipped.Kinds);
        wire.Finish();
        await parent.GracefulStop(Patience);
        await call.GracefulStop(Patience);
        return verdict;

        void Send(WireMessage message) => wire.Feed(new Frame(message.First, message.Payload).Bytes(masked: false));

        void Say(string text) => Send(new WireMessage(WireMessage.Text, Encoding.UTF8.GetBytes(text)));

        async Task FencedAsync()
        {
            Say(Fence);
            await Task.WhenAny(fences.WaitAsync(Cancellation), ends.Task).WaitAsync(Patience, Cancellation);
        }
    }

    /// <summary>The call, and the caller's leg of it: opens every session, and writes down what comes of it.</summary>
    private sealed class Call : UntypedActor
    {
        private readonly ConcurrentQueue<string> _said;
        private readonly TaskCompletionSource<string> _ends;
        private readonly SemaphoreSlim _fences;
        private IActorRef _leg = ActorRefs.Nobody;

        public Call(ConcurrentQueue<string> said, TaskCompletionSource<string> ends, SemaphoreSlim fences) => (_said, _ends, _fences) = (said, ends, fences);

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case StandInParent.Hired hired:
                    _leg = hired.Child;
                    _leg.Tell(new Dial(1, TimeSpan.Zero));
                    break;
                case SessionReady:
                    _leg.Tell(new OpenSession([], Opening.Listen));
                    _fences.Release();
                    break;
                case StandInParent.ChildFailed { Failure: ModelLostException lost }:
                    _ends.TrySetResult($"{(lost.Failure.Kind == FailureKind.Permanent ? "refused" : "replaced")}: {lost.Failure.Reason}");
                    break;
                case StandInParent.ChildFailed bug:
                    _ends.TrySetResult($"a bug: {bug.Failure}");
                    break;
                case ModelHeard { Event: InputTimeout { ItemId: "fence" } }:
                    _fences.Release();
                    break;
                case ModelHeard heard:
                    _said.Enqueue(heard.Event.GetType().Name);
                    break;
                case VoiceAudio voice:
                    _said.Enqueue($"voice {voice.Bytes}");
                    break;
            }
        }
    }
}
