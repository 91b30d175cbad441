using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Sockets;
using Bob.Actors.Twilio;
using Bob.Bench.Fuzz;
using Bob.Tests.Calls;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Actors.Twilio.CallerLegProtocol;

namespace Bob.Tests.Hostile;

/// <summary>What RFC 4475 is to SIP, for media streams: what comes of messages that nobody should send, from the bytes of the socket to the legs of the call.</summary>
[Collection(Alone.Name)]
public sealed class MediaStreamCorpusSpecs(CorpusSystem corpus) : IClassFixture<CorpusSystem>
{
    private const string Start =
        """{"event":"start","start":{"streamSid":"MZ0","callSid":"CA0","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Cases => new(FrameCorpus.MediaStreams.Select(message => message.Id));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Every_message_has_its_verdict(string id)
    {
        var hostile = FrameCorpus.MediaStreams.Single(message => message.Id == id);

        var verdict = await VerdictAsync(hostile);

        verdict.Should().Be(hostile.Verdict, hostile.About);
    }

    [Fact]
    public void The_corpus_is_whole()
    {
        FrameCorpus.MediaStreams.Should().HaveCountGreaterThan(240).And.OnlyHaveUniqueItems(message => message.Id);
        FrameCorpus.MediaStreams.SelectMany(message => message.Rows.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Should().Contain(["T3", "T4", "T6", "T7", "T10", "T14", "T27", "T28", "T31", "T32", "T33", "T34", "T36"]);
    }

    private async Task<string> VerdictAsync(HostileMessage hostile)
    {
        using var skipped = new SkippedMessages();
        var (clock, wire, said) = (new FakeTimeProvider(), new Wire(), new ConcurrentQueue<string>());
        var legs = corpus.System.ActorOf(Props.Create(() => new Legs(said)));
        var socket = new FramedMessageSocket(wire, new SocketTerms(SocketRole.Server, MediaStreamReader.MaxMessageBytes), clock);
        var reading = new MediaStreamReader(socket, legs, clock, clock, NullLogger<MediaStreamReader>.Instance).RunAsync(Cancellation);
        if (hostile.Started)
            await ReadAsync(new WireMessage(WireMessage.Text, Encoding.UTF8.GetBytes(Start)));
        foreach (var before in hostile.After)
            await ReadAsync(before);
        await HandledAsync();
        said.Clear();
        skipped.Forget();

        for (var i = 0; i < hostile.Times; i++)
            await ReadAsync(hostile.Message);

        await HandledAsync();
        var verdict = wire.Frames.FirstOrDefault(frame => frame.First == WireMessage.Close) is { } close
            ? $"closed: {close.Code}"
            : Observations.Verdict(said, skipped.Kinds);
        wire.Finish();
        clock.Advance(TimeSpan.FromSeconds(1)); // as long as a CLOSE waits for an answer
        await reading.WaitAsync(Patience, Cancellation);
        await legs.GracefulStop(Patience);
        return verdict;

        // With a ping behind it: the pong tells that the reader has come past the message. A socket that closes says CLOSE instead.
        async Task ReadAsync(WireMessage message)
        {
            wire.Feed(new Frame(message.First, message.Payload).Bytes(masked: true));
            wire.Feed(Frame.Ping().Bytes(masked: true));
            await wire.WrittenAsync();
            clock.Advance(TimeSpan.FromSeconds(0.05)); // so that no ping is one too many
        }

        Task HandledAsync() => legs.Ask<ActorIdentity>(new Identify("handled"), Patience, Cancellation);
    }

    /// <summary>Both legs of the call and the calls, in one: lets every stream in, and writes down what it is told.</summary>
    private sealed class Legs : UntypedActor
    {
        private readonly ConcurrentQueue<string> _said;
        private bool _attached;

        public Legs(ConcurrentQueue<string> said) => _said = said;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case AttachStream attach:
                    if (_attached || attach.CallSid.Value != "CA0")
                        _said.Enqueue($"start {attach.CallSid} {attach.Stream.StreamSid} {attach.Ticket}");
                    _attached = true;
                    Sender.Tell(new StreamAccepted(Self, Self));
                    break;
                case CallerAudio silence when ReferenceEquals(silence, CallerAudio.Silence):
                    _said.Enqueue("silence");
                    break;
                case CallerAudio audio:
                    _said.Enqueue($"audio {audio.Mulaw.Length}");
                    break;
                case KeyPressed key:
                    _said.Enqueue($"key {Observations.Shown(key.Digit)}");
                    break;
                case MarkReturned mark:
                    _said.Enqueue($"mark {Observations.Shown(mark.Name)}");
                    break;
                case StreamStopped:
                    _said.Enqueue("hung up");
                    break;
                case StreamEnded:
                    break;
                default:
                    _said.Enqueue(message.GetType().Name);
                    break;
            }
        }
    }
}
