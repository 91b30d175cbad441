using System.Net.WebSockets;
using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Simulator.TwilioSimulatorLine;

namespace Bob.Tests.Simulator;

[Collection(Alone.Name)]
public sealed class TwilioSimulatorSpecs : IAsyncLifetime
{
    private static readonly byte[] Voice = Babble.Speak(TimeSpan.FromSeconds(2));
    private TwilioSimulatorLine _server = null!;

    public async ValueTask InitializeAsync() => _server = await StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task What_was_sent_is_heard_byte_for_byte_and_its_mark_comes_back_when_it_was_played()
    {
        _server.Connect();
        var heardAtMark = -1L;
        SimulatedCall? call = null;
        _server.Stream = async socket =>
        {
            var sid = await SidAsync(socket);
            await SendMediaAsync(socket, sid, Voice[..4000]);
            await SendMarkAsync(socket, sid, "end");
            await ReadAsync(socket, "mark");
            heardAtMark = call!.PlayoutPosition;
            await ReadToEndAsync(socket);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        call = twilio.PlaceCall(new CallPlan());
        await call.WaitForAsync(c => c.Streams.Any(s => s.Marks.Any(m => m.Echoed is not null)));
        var report = await call.HangUpAsync();

        report.EndReason.Should().Be(CallEndReason.CallerHungUp);
        report.Playback.Single().Audio.Should().Equal(Voice[..4000]);
        heardAtMark.Should().Be(4000);
        var mark = report.Streams[0].Marks.Single();
        mark.Flushed.Should().BeFalse();
        mark.PositionBytes.Should().Be(4000);
        (mark.Echoed - mark.Received).Should().BeGreaterThan(TimeSpan.FromMilliseconds(495));
        report.Heard.Should().HaveSameCount(report.Said);
        var at = (int)(report.Playback[0].Runs.Single().At.TotalMilliseconds * 8);
        report.Heard[at..(at + 4000)].Should().Equal(Voice[..4000]);
        report.FirstAudio.Should().NotBeNull();
        report.Warnings.Should().BeEmpty();
    }

    [Fact]
    public async Task Clear_stops_the_playout_at_once_and_returns_all_marks_in_order()
    {
        _server.Connect();
        var echoes = new List<string>();
        SimulatedCall? call = null;
        _server.Stream = async socket =>
        {
            var sid = await SidAsync(socket);
            await SendMediaAsync(socket, sid, Voice);
            await SendMarkAsync(socket, sid, "a");
            await SendMarkAsync(socket, sid, "b");
            await call!.WaitForHeardAsync(100);
            await SendAsync(socket, $$"""{"event":"clear","streamSid":"{{sid}}"}""");
            echoes.Add((await ReadAsync(socket, "mark")).GetProperty("mark").GetProperty("name").GetString()!);
            echoes.Add((await ReadAsync(socket, "mark")).GetProperty("mark").GetProperty("name").GetString()!);
            await SendMarkAsync(socket, sid, "c");
            echoes.Add((await ReadAsync(socket, "mark")).GetProperty("mark").GetProperty("name").GetString()!);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        call = twilio.PlaceCall(new CallPlan());
        var report = await call.Completion;

        echoes.Should().Equal("a", "b", "c");
        var stream = report.Streams.Single();
        var clear = stream.Clears.Single();
        clear.HeardBytes.Should().BeInRange(800, 4000);
        (clear.HeardBytes + clear.FlushedBytes).Should().Be(Voice.Length);
        stream.BytesPlayed.Should().Be(clear.HeardBytes);
        report.Playback[0].Audio.Should().Equal(Voice[..(int)clear.HeardBytes]);
        stream.Marks.Select(m => m.Flushed).Should().Equal(true, true, false);
        report.EndReason.Should().Be(CallEndReason.TwimlEnded);
        report.Warnings.Should().ContainSingle().Which.Should().Match<TwilioWarning>(w => w.Code == 31921 && w.Level == WarningLevel.Notice);
    }

    [Fact]
    public async Task The_caller_is_heard_in_frames_of_20_ms_with_counters_as_strings()
    {
        _server.Connect(parameters: "<Parameter name=\"ticket\" value=\"t1\"/>");
        var messages = new List<System.Text.Json.JsonElement>();
        _server.Stream = async socket =>
        {
            while (await ReadAsync(socket) is { } message)
                messages.Add(message);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();
        call.Speak(Voice[..1600]);
        call.Dtmf("5#");
        await call.WaitForAsync(c => c.Transcript.Any(l => l.What.StartsWith("has spoken")));
        var report = await call.HangUpAsync();

        messages[0].GetRawText().Should().Be("""{"event":"connected","protocol":"Call","version":"1.0.0"}""");
        var start = messages[1];
        start.GetProperty("sequenceNumber").GetString().Should().Be("1");
        start.GetProperty("start").GetProperty("callSid").GetString().Should().Be(call.CallSid);
        start.GetProperty("start").GetProperty("customParameters").GetProperty("ticket").GetString().Should().Be("t1");
        messages[2..].Select(m => m.GetProperty("sequenceNumber").GetString()).Should().Equal(Enumerable.Range(2, messages.Count - 2).Select(n => $"{n}"));
        var media = messages.Where(m => m.GetProperty("event").GetString() == "media").Select(m => m.GetProperty("media")).ToList();
        media.Select(m => m.GetProperty("timestamp").GetString()).Should().Equal(Enumerable.Range(1, media.Count).Select(n => $"{n * 20}"));
        media.SelectMany(m => m.GetProperty("payload").GetBytesFromBase64()).ToArray().AsSpan().IndexOf(Voice.AsSpan(0, 1600)).Should().BeGreaterThanOrEqualTo(0);
        messages.Where(m => m.GetProperty("event").GetString() == "dtmf").Select(m => m.GetProperty("dtmf").GetProperty("digit").GetString()).Should().Equal("5", "#");
        messages[^1].GetProperty("event").GetString().Should().Be("stop");
        report.Said.AsSpan().IndexOf(Voice.AsSpan(0, 1600)).Should().BeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task Every_request_and_the_handshake_are_signed_as_Twilio_signs()
    {
        _server.Connect(" action=\"/next\"");
        _server.Twiml["/next"] = _ => "<Response/>";
        await using var twilio = new TwilioSimulator(_server.Options);

        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForStreamAsync();
        await call.HangUpAsync();

        _server.Paths.Should().Equal("/voice", "/next", "/call-status");
        foreach (var (path, form, headers) in _server.Posts)
        {
            var fields = form.Select(f => KeyValuePair.Create(f.Key, f.Value.ToString()));
            headers["X-Twilio-Signature"].ToString().Should().Be(TwilioSignature.Compute(Token, _server.Base + path, fields));
            form["FromCity"].ToString().Should().Be("SAN JOSÉ");
            form["Called"].Should().Equal(form["To"]);
            form.Should().ContainKey("ToCity").WhoseValue.ToString().Should().BeEmpty();
        }

        _server.Posts.Select(p => p.Form["CallStatus"].ToString()).Should().Equal("ringing", "completed", "completed");
        _server.Posts.Last().Form["CallDuration"].ToString().Should().Be("1");
        var handshake = _server.Handshakes.Single();
        handshake["x-twilio-signature"].ToString().Should().Be(TwilioSignature.Compute(Token, _server.Media));
        handshake.UserAgent.ToString().Should().Be("Twilio.TmeWs/1.0");
        handshake.Should().NotContainKeys("Origin", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol");
    }

    [Theory]
    [InlineData("""{"event":"media","streamSid":"MZother","media":{"payload":"//8="}}""", 31951)]
    [InlineData("""{"event":"media","media":{"payload":"//8="}}""", 31951)]
    [InlineData("""{"event":"hello","streamSid":"$"}""", 31951)]
    [InlineData("""{"event":"media","streamSid":"$","media":{"payload":"!!!"}}""", 31951)]
    [InlineData("""{"event":"media","streamSid":"$","media":{"payload":"//8=","track":"outbound"}}""", 31951)]
    [InlineData("""{"event":"mark","streamSid":"$"}""", 31951)]
    [InlineData("""{"event":"mark","streamSid":"$","mark":{}}""", 31951)]
    [InlineData("""{"event":"clear","streamSid":"$","clear":{}}""", 31951)]
    [InlineData("not json", 31951)]
    [InlineData(null, 31950)]
    [InlineData("""{"event":"media","streamSid":"$","media":{"payload":"UklGRgAAAABXQVZF"}}""", 0)]
    public async Task A_message_that_Twilio_does_not_take_is_a_warning_once(string? message, int code)
    {
        _server.Connect();
        _server.Stream = async socket =>
        {
            var sid = await SidAsync(socket);
            for (var times = 0; times < 2; times++)
            {
                if (message is null)
                    await socket.SendAsync(new byte[] { 1, 2 }, WebSocketMessageType.Binary, true, CancellationToken.None);
                else
                    await SendAsync(socket, message.Replace("$", sid));
            }

            await SendMarkAsync(socket, sid, "done");
            await ReadAsync(socket, "mark");
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan()).Completion;

        report.Warnings.Where(w => w.Level != WarningLevel.Notice).Select(w => w.Code).Should().Equal(code);
        report.Streams[0].IgnoredMessages.Should().Be(code == 0 ? 0 : 2);
    }

    [Fact]
    public async Task A_dropped_stream_asks_the_action_and_the_next_stream_counts_from_one()
    {
        _server.Connect($" action=\"{_server.Base}/next\"");
        _server.Twiml["/next"] = form => form["CallStatus"] == "in-progress"
            ? $"<Response><Connect action=\"/next\"><Stream url=\"{_server.Media}\" statusCallback=\"{_server.Base}/stream\"/></Connect></Response>"
            : "<Response/>";
        var starts = new List<string>();
        _server.Stream = async socket =>
        {
            var start = await ReadAsync(socket, "start");
            starts.Add(start.GetProperty("sequenceNumber").GetString()!);
            await SendMediaAsync(socket, start.GetProperty("streamSid").GetString()!, Voice);
            await ReadToEndAsync(socket);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var call = twilio.PlaceCall(new CallPlan { Faults = new MediaFaults { DropAfterHeard = TimeSpan.FromMilliseconds(100), DropByReset = true } });
        await call.WaitForStreamAsync(2);
        var report = await call.HangUpAsync();

        starts.Should().Equal("1", "1");
        report.Streams.Select(s => s.StreamSid).Should().OnlyHaveUniqueItems();
        report.Streams[0].ErrorCode.Should().Be(31903);
        report.Streams[0].BytesLost.Should().BePositive();
        report.Streams[1].ErrorCode.Should().BeNull();
        _server.Posts.Where(p => p.Path == "/stream").Select(p => p.Form["StreamEvent"].ToString()).Should().Equal("stream-started", "stream-stopped");
        _server.Posts.Where(p => p.Path == "/next").Select(p => p.Form["CallStatus"].ToString()).Should().Equal("in-progress", "completed");
    }

    [Fact]
    public async Task A_server_that_vanishes_is_31903_and_one_that_refuses_the_upgrade_is_31920()
    {
        _server.Twiml["/voice"] = _ =>
            $"<Response><Connect><Stream url=\"{_server.Media}\"/></Connect><Connect><Stream url=\"{_server.Media}/no\"/></Connect></Response>";
        _server.Stream = async socket =>
        {
            await SidAsync(socket);
            socket.Abort();
        };
        _server.Handle = async context =>
        {
            if (context.Request.Path != "/media/no")
                return false;
            context.Response.StatusCode = 403;
            await context.Response.CompleteAsync();
            return true;
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan()).Completion;

        report.Streams.Select(s => s.ErrorCode).Should().Equal(31903, 31920);
        report.EndReason.Should().Be(CallEndReason.StreamFailed);
    }

    [Fact]
    public async Task The_caller_waits_for_Bob_and_answers_him()
    {
        _server.Connect();
        _server.Stream = async socket =>
        {
            var sid = await SidAsync(socket);
            await SendMediaAsync(socket, sid, Voice[..4000]);
            await ReadToEndAsync(socket);
        };
        await using var twilio = new TwilioSimulator(_server.Options);

        var report = await twilio.PlaceCall(new CallPlan
        {
            Steps =
            [
                new CallerStep.WaitForBob(TimeSpan.FromMilliseconds(300)),
                new CallerStep.Speak(Voice[..1600]),
                new CallerStep.HangUp(),
            ],
        }).Completion;

        var run = report.Playback[0].Runs.Single();
        var utterance = report.Utterances.Single();
        utterance.From.Should().BeGreaterThan(run.At + TimeSpan.FromMilliseconds(500));
        (utterance.To - utterance.From).Should().Be(TimeSpan.FromMilliseconds(200));
        utterance.OverBob.Should().BeFalse();
        report.EndReason.Should().Be(CallEndReason.CallerHungUp);
    }

    private static async Task<string> SidAsync(WebSocket socket) => (await ReadAsync(socket, "start")).GetProperty("streamSid").GetString()!;
}
