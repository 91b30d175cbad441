using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Bob.Bench.Figures;
using Bob.Bench.Line;
using Bob.Simulator.Twilio;

namespace Bob.Bench.Callers;

/// <summary>Twilio's end of one media stream.</summary>
internal sealed class MediaStreamLink : WebSocketLink
{
    /// <summary>As many as Bob forgives a stream.</summary>
    private const int MostMalformed = 100, MostBinary = 3;

    /// <summary>The head of a text of 400 bytes, and 100 of them.</summary>
    private static readonly byte[] Half = [0x81, 0xFE, 0x01, 0x90, 0, 0, 0, 0, .. Enumerable.Repeat((byte)'{', 100)];

    private readonly TwilioMessages _messages;
    private readonly PlayoutBuffer _playout = new();
    private readonly Caller _caller;
    private readonly CallJourneys _journeys;
    private readonly string _ticket;
    private int _spoken, _expected;

    public MediaStreamLink(Exchange exchange, BobAddress bob, Caller caller, CallJourneys journeys, string ticket, bool signed = true)
        : base(exchange, Dial(bob.Port), masks: true)
    {
        (_caller, _journeys, _ticket) = (caller, journeys, ticket);
        _messages = new TwilioMessages(caller.StreamSid, caller.CallSid);
        var signature = TwilioSignature.Compute(signed ? bob.Token : "not-the-token", bob.MediaStream);
        Send(Encoding.ASCII.GetBytes(
            $"GET /media-stream HTTP/1.1\r\nHost: {bob.Host}\r\nUser-Agent: Twilio.TmeWs/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))}\r\nx-twilio-signature: {signature}\r\n\r\n"));
    }

    /// <summary>The next 20 ms of the caller's voice, and the marks that were played meanwhile.</summary>
    public void Speak()
    {
        var now = Stopwatch.GetTimestamp();
        while (_playout.TryTakeMark(now, out var mark))
            Say(_messages.Mark(Encoding.ASCII.GetString(mark)));
        Say(_messages.Media(Room, new FrameStamp(_caller.Number, _spoken++, Stopwatch.GetTimestamp())));
        _journeys.ToModel.SetOut();
    }

    /// <summary>The caller puts the phone down.</summary>
    public void HangUp()
    {
        Say(_messages.Stop());
        SayClose(1000);
        Close();
    }

    /// <summary>Does to the stream what the fault is about.</summary>
    public void Break(CallFault fault)
    {
        switch (fault)
        {
            case CallFault.Vanishes:
                Close();
                break;
            case CallFault.Resets or CallFault.AsksAndHangsUp:
                Reset();
                break;
            case CallFault.ResetsInFrame:
                Send(Half);
                Reset();
                break;
            case CallFault.EndlessFrame:
                Send(Half);
                break;
            case CallFault.Garbage:
                for (var i = 0; i <= MostMalformed; i++)
                    Say("{\"event\":\"media\",\"media\":{\"payload\":17}}");
                break;
            case CallFault.BrokenFrame:
                Send([0xF3, 0x80, 0, 0, 0, 0]);
                break;
            case CallFault.Binary:
                for (var i = 0; i < MostBinary; i++)
                    Send([0x82, 0x81, 0, 0, 0, 0, 0xFF]);
                break;
        }
    }

    protected override bool Head(string head)
    {
        if (HttpHead.Status(head) != 101)
        {
            Close();
            _caller.Refused(HttpHead.Status(head));
            return false;
        }

        Say(TwilioMessages.Connected);
        if (_caller.Fault != CallFault.NoStart)
            Say(_messages.Start(_ticket));
        _caller.Connected();
        return true;
    }

    protected override void Heard(Span<byte> message)
    {
        var now = Stopwatch.GetTimestamp();
        if (message.StartsWith("{\"event\":\"media\""u8))
        {
            var payload = Quoted(message, "\"payload\":\""u8);
            _journeys.ToCaller.Arrive(payload, ref _expected);
            _playout.Play(StampedAudio.DecodedBytes(payload), now);
            _caller.HeardBob();
        }
        else if (message.StartsWith("{\"event\":\"mark\""u8))
        {
            _playout.Mark(Quoted(message, "\"name\":\""u8), now);
            _journeys.Marks++;
        }
        else if (message.StartsWith("{\"event\":\"clear\""u8))
        {
            _playout.Clear(now);
            _journeys.Clears++;
        }
        else
        {
            _journeys.Strange++;
        }
    }

    protected override void Ended() => _caller.Dropped();

    private static ReadOnlySpan<byte> Quoted(ReadOnlySpan<byte> message, ReadOnlySpan<byte> before)
    {
        var rest = message[(message.IndexOf(before) + before.Length)..];
        return rest[..rest.IndexOf((byte)'"')];
    }
}
