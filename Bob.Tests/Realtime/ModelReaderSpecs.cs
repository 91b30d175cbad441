using Akka.TestKit;
using AwesomeAssertions;
using Bob.Actors.Audio;
using Bob.Actors.Realtime;
using Bob.Actors.Twilio;
using Bob.Simulator.Audio;
using Bob.Simulator.Voice;
using Bob.Tests.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Bob.Actors.Realtime.ModelLegProtocol;

namespace Bob.Tests.Realtime;

public sealed class ModelReaderSpecs : Akka.TestKit.Xunit.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeMessageSocket _socket = new();
    private readonly TestProbe _modelLeg, _callerLeg;
    private readonly ModelReader _reader;
    private readonly Task _reading;

    public ModelReaderSpecs()
    {
        (_modelLeg, _callerLeg) = (CreateTestProbe(), CreateTestProbe());
        _reader = new ModelReader(_socket, new ModelLine(7, 3), _modelLeg, _callerLeg, _clock);
        _reading = _reader.RunAsync();
    }

    [Fact]
    public void Voice_and_what_frames_it_reach_the_callers_leg_in_order()
    {
        _socket.Say("""{"type":"response.created","response":{"id":"r1"}}""");
        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say("""{"type":"response.output_audio.done","response_id":"r1","item_id":"i1","content_index":0}""");
        _socket.Say("""{"type":"response.done","response":{"id":"r1","status":"completed"}}""");
        _socket.Say("""{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");

        _callerLeg.ExpectMsg<CallerLegProtocol.ResponseStarted>().Should().Be(new CallerLegProtocol.ResponseStarted(3, "r1", 7));
        var voice = _callerLeg.ExpectMsg<VoiceAudio>();
        (voice.Item, voice.Bytes).Should().Be((new SpokenItem("r1", "i1", 0), 160));
        _callerLeg.ExpectMsg<CallerLegProtocol.ItemFinished>().Item.Should().Be(new SpokenItem("r1", "i1", 0));
        _callerLeg.ExpectMsg<CallerLegProtocol.ResponseFinished>();
        _callerLeg.ExpectMsg<CallerLegProtocol.CallerSpoke>().Attempt.Should().Be(3);
        _modelLeg.ReceiveN(4).Should().AllBeOfType<ModelSaid>().And.OnlyContain(said => ((ModelSaid)said).Connection == 7);
    }

    [Fact]
    public void The_frames_of_an_item_share_its_name()
    {
        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say(Delta("e2", "r1", "i1"));
        _socket.Say(Delta("e3", "r1", "i2"));

        var voices = _callerLeg.ReceiveN(3).Cast<VoiceAudio>().ToList();
        voices[1].Item.Should().BeSameAs(voices[0].Item);
        voices[2].Item.ItemId.Should().Be("i2");
    }

    [Fact]
    public void O42_An_event_that_comes_twice_is_heard_once()
    {
        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say("""{"type":"response.created","event_id":"e2","response":{"id":"r1"}}""");
        _socket.Say("""{"type":"response.created","event_id":"e2","response":{"id":"r1"}}""");

        _callerLeg.ExpectMsg<VoiceAudio>();
        _callerLeg.ExpectMsg<CallerLegProtocol.ResponseStarted>();
        _callerLeg.ExpectNoMsg(Soon);
        _modelLeg.ExpectMsg<ModelSaid>();
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void O42_What_is_billed_twice_under_two_events_is_told_once_and_an_end_without_a_bill_is_told_too()
    {
        const string bill = """
            "usage":{"input_tokens":1,"output_tokens":1}
            """;
        _socket.Say(Done("e1", ""));
        _socket.Say(Done("e2", $",{bill}"));
        _socket.Say(Done("e3", $",{bill}"));
        foreach (var eventId in new[] { "e4", "e5" })
            _socket.Say($$"""{"type":"conversation.item.input_audio_transcription.completed","event_id":"{{eventId}}","item_id":"u1","transcript":"Hi.",{{bill}} }""");
        _socket.Say("""{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");

        var told = _modelLeg.ReceiveN(4).Cast<ModelSaid>().Select(said => said.Event).ToList();
        told.OfType<ResponseDone>().Select(done => done.Usage is not null).Should().Equal(false, true);
        told[2].Should().BeOfType<CallerTranscribed>();
        told[3].Should().BeOfType<SpeechStarted>();

        static string Done(string eventId, string bill) => $$"""{"type":"response.done","event_id":"{{eventId}}","response":{"id":"r1","status":"completed"{{bill}} } }""";
    }

    [Fact]
    public void What_is_hushed_is_told_to_the_models_leg_alone()
    {
        _reader.Hush();

        _socket.Say("""{"type":"response.created","response":{"id":"r1"}}""");
        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say("""{"type":"response.done","response":{"id":"r1","status":"cancelled"}}""");

        _modelLeg.ReceiveN(2);
        _callerLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public void O44_O26_Voice_that_is_no_base64_and_binary_messages_are_skipped()
    {
        _socket.Say(Delta("e1", "r1", "i1", "!!!"));
        _socket.SayBinary();
        _socket.Say(Delta("e2", "r1", "i1"));

        _callerLeg.ExpectMsg<VoiceAudio>();
        _callerLeg.ExpectNoMsg(Soon);
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Theory]
    [InlineData(1001, "", FailureKind.Transient, "closed-1001")]
    [InlineData(1008, "", FailureKind.Permanent, "policy-violation")]
    [InlineData(3000, "invalid_request_error.invalid_api_key", FailureKind.Permanent, "invalid-api-key")]
    public async Task O28_A_close_is_reported_once_with_its_reason(int code, string words, FailureKind kind, string reason)
    {
        _socket.Hangup(code, words);
        await _reading.WaitAsync(TimeSpan.FromSeconds(10));

        _modelLeg.ExpectMsg<ModelEnded>().Should().Be(new ModelEnded(7, new ModelFailure(kind, reason)));
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task O35_A_close_after_an_error_is_judged_by_the_error()
    {
        _socket.Say("""{"type":"error","error":{"type":"insufficient_quota","code":"insufficient_quota","message":"no"}}""");
        _socket.Hangup(1013, "try again later");
        await _reading.WaitAsync(TimeSpan.FromSeconds(10));

        _modelLeg.ExpectMsg<ModelSaid>();
        _modelLeg.ExpectMsg<ModelEnded>().Failure.Should().Be(new ModelFailure(FailureKind.Permanent, "no-credit"));
    }

    [Fact]
    public async Task O25_A_message_that_is_too_big_ends_the_session()
    {
        _socket.Say(new string('x', 2 * 1024 * 1024));
        await _reading.WaitAsync(TimeSpan.FromSeconds(10));

        _modelLeg.ExpectMsg<ModelEnded>().Failure.Reason.Should().Be("message-too-big");
    }

    [Fact]
    public void A_bug_of_the_reader_ends_the_session_too()
    {
        _socket.Break(new NotSupportedException("a bug"));

        _modelLeg.ExpectMsg<ModelEnded>().Failure.Should().Be(new ModelFailure(FailureKind.Transient, "internal-error"));
    }

    [Fact]
    public void O40_Of_two_responses_at_a_time_the_caller_hears_the_first()
    {
        _socket.Say(Created("r1"));
        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say(Created("r2"));
        _socket.Say(Delta("e2", "r2", "i2"));
        _socket.Say(Delta("e3", "r1", "i1"));
        _socket.Say(Words("r2", "i2"));
        _socket.Say(Words("r1", "i1"));
        _socket.Say(AudioDone("r2", "i2"));
        _socket.Say(Delta("e4", "r2", "i3"));
        _socket.Say(Delta("e5", "r3", "i4")); // not even announced

        _callerLeg.ExpectMsg<CallerLegProtocol.ResponseStarted>().ResponseId.Should().Be("r1");
        _callerLeg.ExpectMsg<VoiceAudio>().Item.ItemId.Should().Be("i1");
        _callerLeg.ExpectMsg<VoiceAudio>().Item.ItemId.Should().Be("i1");
        _callerLeg.ExpectNoMsg(Soon);
        _modelLeg.ExpectMsg<ModelSaid>().Event.Should().Be(new ResponseCreated("r1", null));
        _modelLeg.ExpectMsg<ModelSaid>().Event.Should().BeOfType<TranscriptDelta>().Which.ResponseId.Should().Be("r1");
    }

    [Theory]
    [InlineData("audio done")]
    [InlineData("response done")]
    [InlineData("interrupted")]
    public void O40_A_response_that_has_said_all_or_was_interrupted_gives_the_floor_away(string how)
    {
        _socket.Say(Created("r1"));
        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say(how switch
        {
            "audio done" => AudioDone("r1", "i1"),
            "response done" => """{"type":"response.done","response":{"id":"r1","status":"completed"}}""",
            _ => """{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""",
        });
        if (how != "audio done")
            _socket.Say(Delta("late", "r1", "i1")); // the caller's leg knows that it is too late
        _socket.Say(Created("r2"));
        _socket.Say(Delta("e2", "r2", "i2"));

        _callerLeg.FishForMessage<CallerLegProtocol.ResponseStarted>(started => started.ResponseId == "r2");
        _callerLeg.ExpectMsg<VoiceAudio>().Item.ItemId.Should().Be("i2");
    }

    [Fact]
    public async Task O45_Sixteen_bit_samples_are_no_voice()
    {
        var samples = AudioFormat.Pcm.FromMuLaw(ScriptedVoice.Say("We open at nine.").Audio.Span);
        _socket.Say(Created("r1"));
        for (var at = 0; at < 9_600; at += 480)
            _socket.Say(Delta($"e{at}", "r1", "i1", Convert.ToBase64String(samples.AsSpan(at, 480))));
        await _reading.WaitAsync(TimeSpan.FromSeconds(10));

        _modelLeg.FishForMessage<ModelEnded>(_ => true).Failure.Should().Be(new ModelFailure(FailureKind.Permanent, "wrong-audio-format"));
        var told = new List<object>();
        do
            told.Add(_callerLeg.ExpectMsg<object>());
        while (told[^1] is not CallerLegProtocol.CallerSpoke);
        told[^1].Should().Be(new CallerLegProtocol.CallerSpoke(3), "what is on its way must not be heard");
        _callerLeg.ExpectNoMsg(Soon);
        told.OfType<VoiceAudio>().Sum(voice => voice.Bytes).Should().BeLessThan(8_000, "a second is what it may take");
    }

    [Fact]
    public async Task O52_A_storm_of_speech_is_passed_on_ten_times_a_second()
    {
        for (var i = 0; i < 200; i++)
        {
            await SayAsync("""{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":0}""");
            _clock.Advance(TimeSpan.FromMilliseconds(10));
        }

        _callerLeg.ReceiveN(20).Should().AllBeOfType<CallerLegProtocol.CallerSpoke>();
        _callerLeg.ExpectNoMsg(Soon);
        _modelLeg.ReceiveN(20).Should().AllBeOfType<ModelSaid>();
        _modelLeg.ExpectNoMsg(Soon);
    }

    [Fact]
    public async Task O17_A_response_gets_on_by_whatever_belongs_to_it_and_by_nothing_else()
    {
        var progress = _reader.Progress;
        await SayAsync(Created("r1"));
        (progress.Messages, progress.Steps, progress.HasSaidAll).Should().Be((1, 1, false));

        await SayAsync("""{"type":"response.function_call_arguments.delta","response_id":"r1","delta":"{"}""");
        await SayAsync("""{"type":"rate_limits.updated","rate_limits":[]}""");
        await SayAsync("""{"type":"conversation.item.input_audio_transcription.delta","item_id":"u1","delta":"Yes"}""");
        (progress.Messages, progress.Steps, progress.HasSaidAll).Should().Be((4, 2, false));

        await SayAsync(Delta("e1", "r1", "i1"));
        await SayAsync(AudioDone("r1", "i1"));
        (progress.Messages, progress.Steps, progress.HasSaidAll).Should().Be((6, 4, true));

        await SayAsync("""{"type":"response.output_item.added","response_id":"r1","item":{"id":"i2","type":"message"}}""");
        progress.HasSaidAll.Should().BeFalse();

        await SayAsync("""{"type":"response.output_item.done","response_id":"r1","item":{"id":"i2","type":"message"}}""");
        (progress.Messages, progress.Steps, progress.HasSaidAll).Should().Be((8, 6, true));
    }

    [Fact]
    public async Task Silenced_it_says_nothing_but_the_end()
    {
        _reader.Silence();

        _socket.Say(Delta("e1", "r1", "i1"));
        _socket.Say("""{"type":"response.created","response":{"id":"r1"}}""");
        _socket.SayBinary();
        _socket.Hangup();
        await _reading.WaitAsync(TimeSpan.FromSeconds(10));

        _callerLeg.ExpectNoMsg(Soon);
        _modelLeg.ExpectMsg<ModelEnded>();
    }

    /// <summary>Says it, and waits until it was dealt with.</summary>
    private async Task SayAsync(string text)
    {
        _socket.Say(text);
        await AwaitConditionAsync(() => Task.FromResult(_socket.Listens), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(1));
    }

    private static string Created(string responseId) => $$$"""{"type":"response.created","response":{"id":"{{{responseId}}}"}}""";

    private static string Words(string responseId, string itemId) =>
        $$"""{"type":"response.output_audio_transcript.delta","response_id":"{{responseId}}","item_id":"{{itemId}}","content_index":0,"delta":"Well"}""";

    private static string AudioDone(string responseId, string itemId) =>
        $$"""{"type":"response.output_audio.done","response_id":"{{responseId}}","item_id":"{{itemId}}","content_index":0}""";

    private static string Delta(string eventId, string responseId, string itemId, string? base64 = null) =>
        $$"""
        {"type":"response.output_audio.delta","event_id":"{{eventId}}","response_id":"{{responseId}}","item_id":"{{itemId}}","content_index":0,"delta":"{{base64 ?? Convert.ToBase64String(new byte[160])}}"}
        """;
}
