using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Actors.Hosting;
using Bob.Actors.Realtime;
using Bob.Actors.Tools;
using Bob.Actors.Twilio;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Bob.Actors.Calls.CallProtocol;

namespace Bob.Tests.Calls;

/// <summary>What can happen to a call.</summary>
internal enum Happening
{
    StreamComes, StreamComesWithWrongTicket, CallerFrames, MarksReturn, CallerPresses, StreamStops, StreamDrops, StreamCloses, StreamSaysNonsense, StreamTakesNothing, StreamTakesAgain,
    TwilioAsks, TwilioSaysOver, WebhookComesAgain,
    ModelConnects, ModelRefusesForNow, ModelRefusesForGood, SessionBegins, SessionBeginsWrong, ResponseBegins, ModelSpeaks, ModelSpeaksAMoment, ItemEnds, ResponseCompletes, ResponseFails, ResponseHasNoCredit,
    LateAudio, CallerBegins, CallerEnds, CallerIsTranscribed, ModelHangsUp, ModelCallsNobody, ModelSaysNonsense, ModelSendsBinary, ModelReportsError, ModelTakesNothing, ModelTakesAgain, ModelDrops, ModelCloses,
    Moment, Second, FiveSeconds, TenSeconds,
}

/// <summary>
/// One call with all its actors, on a clock and sockets of the spec's own: the real readers, legs, calls. Whatever happens to it, it keeps watch over what
/// must never happen, and <see cref="EndAsync"/> over what must have happened in the end.
/// </summary>
internal sealed class RandomCall : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static int calls;
    private readonly ActorSystem _system;
    private readonly FakeTimeProvider _clock;
    private readonly AdmitCall _admission = new(new CallSid($"CA{Interlocked.Increment(ref calls)}"), "+15550100001", "+15550100002");
    private readonly Dialer _dialer = new();
    private readonly ModelProviders _models;
    private readonly ConcurrentQueue<object> _answers = new(), _troubles = new(), _ends = new();
    private readonly IActorRef _calls, _asker, _listener;
    private readonly List<ScriptedSocket> _streams = [], _sessions = [];
    private readonly List<Task> _readings = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<int, string> _responseOf = [];
    private readonly HashSet<int> _heard = [], _fenced = [];
    private readonly HashSet<string> _fencedResponses = [];
    private readonly Dictionary<ScriptedSocket, int> _lastOn = [];
    private readonly List<string> _marks = [], _story = [];
    private string? _response;
    private int _asked, _serial, _responses, _items, _chunk, _streamsBegun, _tools;

    public RandomCall(ActorSystem system, FakeTimeProvider clock)
    {
        (_system, _clock) = (system, clock);
        var realtime = new RealtimeOptions { Url = new Uri("wss://model.example"), Model = "m", ApiKey = "k", Instructions = "You are Bob.", Greeting = "Say hello." };
        _models = new ModelProviders([new ModelProvider(_dialer, realtime, 0, clock, NullLogger<ModelProvider>.Instance)]);
        var services = new CallServices(
            new CallOptions { MaxDuration = TimeSpan.FromSeconds(90) }, realtime, [CallTools.EndCall], clock,
            setup => Props.Create(() => new TwilioMediaActor(setup)).WithDispatcher(LegDispatcher.Path),
            setup => Props.Create(() => new OpenAiRealtimeActor(setup)).WithDispatcher(LegDispatcher.Path),
            _models);
        _listener = system.ActorOf(Props.Create(() => new Listener(_ends, _troubles)));
        foreach (var told in new[] { typeof(CallsActor.CallEnded), typeof(Error), typeof(UnhandledMessage) })
            system.EventStream.Subscribe(_listener, told);
        _asker = system.ActorOf(Props.Create(() => new Listener(_answers, _answers)));
        _calls = system.ActorOf(Props.Create(() => new CallsActor(services)));
        _calls.Tell(_admission, _asker);
    }

    private string? Ticket => Answers().Select(answer => answer switch { CallAdmitted admitted => admitted.Ticket, Resume resume => resume.Ticket, _ => null }).LastOrDefault(ticket => ticket is not null);

    private ScriptedSocket? Stream => _streams.LastOrDefault(stream => !stream.Over);

    private ScriptedSocket? Session => _sessions.LastOrDefault() is { Over: false } session ? session : null;

    /// <param name="surely">It does, and does not come to nothing because what it needs has not shown yet.</param>
    public async Task HappensAsync(Happening happening, bool surely = false)
    {
        _story.Add($"{happening}");
        var patience = surely ? Patience : TimeSpan.FromMilliseconds(50);
        switch (happening)
        {
            case Happening.StreamComes when Ticket is { } ticket:
                Connect(ticket);
                break;
            case Happening.StreamComesWithWrongTicket:
                Connect("wrong");
                break;
            case Happening.CallerFrames:
                for (var i = 0; i < 5; i++)
                    Stream?.Say($$$"""{"event":"media","media":{"track":"inbound","chunk":"{{{++_chunk}}}","timestamp":"{{{_chunk * 20}}}","payload":"{{{Convert.ToBase64String(new byte[160])}}}"}}""");
                break;
            case Happening.MarksReturn:
                foreach (var mark in _marks)
                    Stream?.Say($$$"""{"event":"mark","mark":{"name":"{{{mark}}}"}}""");
                _marks.Clear();
                break;
            case Happening.CallerPresses:
                Stream?.Say("""{"event":"dtmf","dtmf":{"track":"inbound_track","digit":"5"}}""");
                break;
            case Happening.StreamStops:
                Stream?.Say("""{"event":"stop"}""");
                break;
            case Happening.StreamDrops:
                Stream?.Drop();
                break;
            case Happening.StreamCloses:
                Stream?.Hangup(1000);
                break;
            case Happening.StreamSaysNonsense:
                foreach (var nonsense in new[] { "{", "[]", """{"event":"media"}""", """{"event":"start"}""", """{"event":"mark","mark":{"name":"g9:m9"}}""" })
                    Stream?.Say(nonsense);
                break;
            case Happening.StreamTakesNothing:
                Stream?.Hold();
                break;
            case Happening.StreamTakesAgain:
                Stream?.Release();
                break;
            case Happening.TwilioAsks:
                _asked++;
                _calls.Tell(new GetNextStep(_admission.CallSid, "in-progress"), _asker);
                break;
            case Happening.TwilioSaysOver:
                _calls.Tell(new CallOver(_admission.CallSid, "completed"), _asker);
                break;
            case Happening.WebhookComesAgain when _ends.IsEmpty: // afterwards it may announce another call
                _calls.Tell(_admission, _asker);
                break;
            case Happening.ModelConnects when await _dialer.NextAsync(patience) is { } dial:
                Forget(); // of the session before
                var socket = new ScriptedSocket();
                _sessions.Add(socket);
                dial.SetResult(new DialResult(socket, null));
                break;
            case Happening.ModelRefusesForNow when await _dialer.NextAsync(patience) is { } dial:
                dial.SetResult(new DialResult(null, new ModelFailure(FailureKind.Transient, "connection-refused")));
                break;
            case Happening.ModelRefusesForGood when await _dialer.NextAsync(patience) is { } dial:
                dial.SetResult(new DialResult(null, new ModelFailure(FailureKind.Permanent, "invalid-api-key")));
                break;
            case Happening.CallerBegins:
                await PassAsync(0.5); // what follows at once is no turn of its own
                ModelSays(happening);
                break;
            case Happening.Moment:
                await PassAsync(0.25);
                break;
            case Happening.Second:
                await PassAsync(1);
                break;
            case Happening.FiveSeconds:
                await PassAsync(5);
                break;
            case Happening.TenSeconds:
                await PassAsync(10);
                break;
            default:
                ModelSays(happening);
                break;
        }

        await SettleAsync();
        if (surely && happening == Happening.ModelConnects)
            _sessions.Should().NotBeEmpty(Story());
        if (happening == Happening.CallerBegins)
            Fence();
    }

    /// <summary>Left alone, the call comes to its end, and leaves nothing behind.</summary>
    public async Task EndAsync()
    {
        _story.Add("left alone");
        foreach (var socket in _streams.Concat(_sessions))
            socket.Release();
        for (var seconds = 0; seconds < 240 && _ends.IsEmpty; seconds++)
            await PassAsync(1);
        await HappensAsync(Happening.TwilioAsks);
        await PassAsync(LateWords.Longest.TotalSeconds); // which a session may still have to tell
        _models.Dispose(); // which try on their own whether the server is there again

        _ends.Should().ContainSingle($"a call has one end: {Story()}");
        var deadline = DateTime.UtcNow + Patience;
        while (!IsEmpty() && DateTime.UtcNow < deadline)
            await SettleAsync();
        ((ActorRefWithCell)_calls).Children.Should().BeEmpty($"no actor is left: {Story()}");
        (await _calls.Ask<Occupancy>(GetOccupancy.Instance, Patience)).Calls.Should().Be(0, Story());
        _streams.Concat(_sessions).Should().OnlyContain(socket => socket.Over, $"no socket is left open: {Story()}");
        _readings.Should().OnlyContain(reading => reading.IsCompletedSuccessfully, $"no reader is left, and none failed: {Story()}");
        _dialer.Waiting.Should().OnlyContain(dial => dial.IsCancellationRequested, $"nobody dials any more: {Story()}");
        Answers().OfType<INextStep>().Should().HaveCount(_asked, $"every question has one answer: {Story()}");
        _troubles.Should().BeEmpty($"nothing failed: {Story()}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(new[] { _calls, _asker, _listener }.Select(actor => actor.GracefulStop(Patience)));
        _stopping.Dispose();
    }

    private string Story() => string.Join(' ', _story);

    private List<object> Answers() => [.. _answers];

    private bool IsEmpty() => !((ActorRefWithCell)_calls).Children.Any() && _streams.Concat(_sessions).All(socket => socket.Over)
        && _readings.TrueForAll(reading => reading.IsCompleted) && _dialer.Waiting.All(dial => dial.IsCancellationRequested);

    private void Connect(string ticket)
    {
        var stream = new ScriptedSocket();
        _streams.Add(stream);
        _readings.Add(Task.Run(() => new MediaStreamReader(stream, _calls, _clock, _clock, NullLogger<MediaStreamReader>.Instance).RunAsync(_stopping.Token)));
        stream.Say("""{"event":"connected","protocol":"Call","version":"1.0.0"}""");
        stream.Say($$$$"""
            {"event":"start","start":{"streamSid":"MZ{{{{++_streamsBegun}}}}","callSid":"{{{{_admission.CallSid}}}}","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"ticket":"{{{{ticket}}}}"}}}
            """);
    }

    private void ModelSays(Happening happening)
    {
        if (Session is not { } model)
            return;
        switch (happening)
        {
            case Happening.SessionBegins:
                model.Say("""{"type":"session.created","session":{"id":"s"}}""");
                model.Say("""{"type":"session.updated","session":{"audio":{"input":{"format":{"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}}""");
                break;
            case Happening.SessionBeginsWrong:
                model.Say("""{"type":"session.created","session":{"id":"s"}}""");
                model.Say("""{"type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"no such voice"}}""");
                break;
            case Happening.ResponseBegins when _response is null:
                _response = $"r{++_responses}";
                _items++;
                model.Say($$"""{"type":"response.created","response":{"id":"{{_response}}","metadata":{"purpose":"greeting"} } }""");
                break;
            case Happening.ModelSpeaks when _response is { } speaking:
                for (var i = 0; i < 25; i++)
                    Speak(model, speaking);
                break;
            case Happening.ModelSpeaksAMoment when _response is { } speaking:
                Speak(model, speaking);
                break;
            case Happening.ItemEnds when _response is { } ending:
                model.Say($$"""{"type":"response.output_audio.done","response_id":"{{ending}}","item_id":"i{{_items}}","content_index":0}""");
                model.Say($$"""{"type":"response.output_audio_transcript.done","response_id":"{{ending}}","item_id":"i{{_items}}","content_index":0,"transcript":"We are open from nine to five."}""");
                _items++;
                break;
            case Happening.ResponseCompletes or Happening.ResponseFails or Happening.ResponseHasNoCredit when _response is { } done:
                var (status, code) = happening switch
                {
                    Happening.ResponseCompletes => ("completed", "none"),
                    Happening.ResponseFails => ("failed", "server_error"),
                    _ => ("failed", "insufficient_quota"),
                };
                model.Say($$"""{"type":"response.done","response":{"id":"{{done}}","status":"{{status}}","status_details":{"error":{"code":"{{code}}"} } } }""");
                _response = null;
                break;
            case Happening.LateAudio when _fencedResponses.Count > 0:
                Speak(model, _fencedResponses.Last());
                break;
            case Happening.CallerBegins:
                model.Say("""{"type":"input_audio_buffer.speech_started","item_id":"u1","audio_start_ms":100}""");
                break;
            case Happening.CallerEnds:
                model.Say("""{"type":"input_audio_buffer.speech_stopped","item_id":"u1","audio_end_ms":900}""");
                model.Say("""{"type":"input_audio_buffer.committed","item_id":"u1"}""");
                break;
            case Happening.CallerIsTranscribed:
                model.Say("""{"type":"conversation.item.input_audio_transcription.completed","item_id":"u1","transcript":"When are you open?"}""");
                break;
            case Happening.ModelHangsUp or Happening.ModelCallsNobody:
                var name = happening == Happening.ModelHangsUp ? CallTools.EndCallName : "nobody";
                model.Say($$$"""{"type":"response.output_item.done","response_id":"{{{_response ?? "r0"}}}","item":{"id":"f","type":"function_call","call_id":"c{{{++_tools}}}","name":"{{{name}}}","arguments":"{}","status":"completed"}}""");
                break;
            case Happening.ModelSaysNonsense:
                foreach (var nonsense in new[] { "{", """{"type":"new.thing"}""" })
                    model.Say(nonsense);
                break;
            case Happening.ModelSendsBinary:
                model.SayBinary();
                break;
            case Happening.ModelReportsError:
                model.Say("""{"type":"error","error":{"type":"invalid_request_error","code":"conversation_already_has_active_response","message":"no"}}""");
                break;
            case Happening.ModelTakesNothing:
                model.Hold();
                break;
            case Happening.ModelTakesAgain:
                model.Release();
                break;
            case Happening.ModelDrops:
                model.Drop();
                Forget();
                break;
            case Happening.ModelCloses:
                model.Hangup(1011);
                Forget();
                break;
        }
    }

    private void Speak(ScriptedSocket model, string response)
    {
        var audio = new byte[160];
        BinaryPrimitives.WriteInt32BigEndian(audio, ++_serial);
        _responseOf[_serial] = response;
        if (_fencedResponses.Contains(response))
            _fenced.Add(_serial);
        model.Say($$"""{"type":"response.output_audio.delta","response_id":"{{response}}","item_id":"i{{_items}}","content_index":0,"delta":"{{Convert.ToBase64String(audio)}}"}""");
    }

    private void Forget() => _response = null;

    /// <summary>The caller has begun to speak, and Bob knows it: of what was said so far nothing more is handed over, nor what still comes of its responses.</summary>
    private void Fence()
    {
        if (Session is null)
            return;
        foreach (var (serial, response) in _responseOf)
        {
            if (_fenced.Add(serial) && !_heard.Contains(serial))
                _fencedResponses.Add(response);
        }

        if (_response is { } active)
            _fencedResponses.Add(active);
    }

    /// <summary>What Bob has handed over to Twilio meanwhile.</summary>
    private void Listen()
    {
        foreach (var stream in _streams)
        {
            foreach (var message in stream.TakeSent())
            {
                using var json = JsonDocument.Parse(message);
                var said = json.RootElement;
                if (said.GetProperty("event").GetString() == "mark")
                    _marks.Add(said.GetProperty("mark").GetProperty("name").GetString()!);
                if (said.GetProperty("event").GetString() != "media")
                    continue;
                var serial = BinaryPrimitives.ReadInt32BigEndian(said.GetProperty("media").GetProperty("payload").GetBytesFromBase64());
                _fenced.Should().NotContain(serial, $"what was interrupted is not heard any more: {Story()}");
                serial.Should().BeGreaterThan(_lastOn.GetValueOrDefault(stream), $"in its order, and once on a stream: {Story()}");
                _lastOn[stream] = serial;
                _heard.Add(serial);
            }
        }
    }

    private async Task PassAsync(double seconds)
    {
        for (var left = seconds; left > 0; left -= 0.25)
        {
            StandInParent.Pass(_system, _clock, TimeSpan.FromSeconds(0.25));
            await SettleAsync();
        }
    }

    /// <summary>Everything that was said or fired has been dealt with: readers first, then mailboxes along the ways that messages take.</summary>
    private async Task SettleAsync()
    {
        var deadline = DateTime.UtcNow + Patience;
        for (var round = 0; round < 3; round++)
        {
            while (!_streams.Concat(_sessions).All(socket => socket.Idle))
            {
                (DateTime.UtcNow < deadline).Should().BeTrue($"all of it is read: {Story()}");
                await Task.Yield();
            }

            await KnockAsync(_calls);
            foreach (var call in Children(_calls))
            {
                await KnockAsync(call);
                foreach (var leg in Children(call))
                    await KnockAsync(leg);
                await KnockAsync(call);
            }
        }

        await KnockAsync(_asker);
        await KnockAsync(_listener);
        Listen();
    }

    private static List<IActorRef> Children(IActorRef actor) => actor is ActorRefWithCell cell ? [.. cell.Children] : [];

    /// <summary>Answered behind all that is in the mailbox; never, when the actor is gone meanwhile.</summary>
    private static Task KnockAsync(IActorRef actor) =>
        actor.Ask<ActorIdentity>(new Identify("settled"), TimeSpan.FromMilliseconds(500)).ContinueWith(_ => { }, TaskScheduler.Default);

    private sealed class Dialer : IModelDialer
    {
        private readonly ConcurrentQueue<(TaskCompletionSource<DialResult> Result, CancellationToken Cancellation)> _dials = new();

        /// <summary>The dials that nobody has answered.</summary>
        public IEnumerable<CancellationToken> Waiting => _dials.Select(dial => dial.Cancellation);

        public Task<DialResult> DialAsync(CancellationToken cancellation)
        {
            var result = new TaskCompletionSource<DialResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            _dials.Enqueue((result, cancellation));
            return result.Task;
        }

        /// <summary>The oldest dial that is still of use; null when none shows in that time: it starts on another thread.</summary>
        public async Task<TaskCompletionSource<DialResult>?> NextAsync(TimeSpan patience)
        {
            for (var deadline = DateTime.UtcNow + patience; ;)
            {
                while (_dials.TryDequeue(out var dial))
                {
                    if (!dial.Cancellation.IsCancellationRequested)
                        return dial.Result;
                }

                if (DateTime.UtcNow > deadline)
                    return null;
                await Task.Delay(TimeSpan.FromMilliseconds(2));
            }
        }
    }

    /// <summary>Writes down what it is told; what went wrong apart from the rest.</summary>
    private sealed class Listener : UntypedActor
    {
        private readonly ConcurrentQueue<object> _told, _troubles;

        public Listener(ConcurrentQueue<object> told, ConcurrentQueue<object> troubles) => (_told, _troubles) = (told, troubles);

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Error { Cause: null }:
                    break; // said in words, and dealt with
                case Error or UnhandledMessage:
                    _troubles.Enqueue(message);
                    break;
                default:
                    _told.Enqueue(message);
                    break;
            }
        }
    }
}
