using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Bob.Bench.Figures;
using Bob.Bench.Line;

namespace Bob.Bench.Model;

/// <summary>One session of the model.</summary>
internal sealed class RealtimeSession(Exchange exchange, System.Net.Sockets.Socket socket, ModelPlan plan, CallJourneys journeys, int number)
    : WebSocketLink(exchange, socket, masks: false)
{
    private const int FrameBytes = 160;
    private const int FrameBase64 = 216;
    private const string HandshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const int MostMalformed = 5;

    /// <summary>Begin of a frame that bears no stamp, in base64.</summary>
    private static readonly byte[] Silence = [.. Enumerable.Repeat((byte)'/', 32)];

    /// <summary>The head of a text of 400 bytes, and 100 of them.</summary>
    private static readonly byte[] Half = [0x81, 0x7E, 0x01, 0x90, .. Enumerable.Repeat((byte)'{', 100)];

    private readonly ModelFault _fault = plan.FaultOf(number);
    private readonly RealtimeEvents _events = new(number, plan.Lifetime);
    private readonly Turns? _turns = plan.Shape == Shape.Speech ? new Turns(number) : null;
    private int _expected, _spoken, _heard = -1;
    private bool _echoes, _cancelled;

    protected override bool Head(string head)
    {
        var key = HttpHead.Value(head, "Sec-WebSocket-Key") ?? throw new InvalidDataException("No WebSocket handshake.");
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + HandshakeGuid)));
        if (_fault == ModelFault.Refuses)
        {
            Answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            Close();
            return false;
        }

        After(plan.AcceptDelay, () =>
        {
            Answer($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
            Say(_events.SessionCreated());
        });
        return true;
    }

    protected override void Heard(Span<byte> message)
    {
        var type = message[(message.IndexOf("\"type\":\""u8) + 8)..];
        if (type.StartsWith("input_audio_buffer.append"u8))
            Append(message);
        else if (type.StartsWith("session.update"u8))
            Say(_events.SessionUpdated());
        else if (type.StartsWith("response.create"u8))
            Asked(HttpHead.Between(Encoding.UTF8.GetString(message), "\"purpose\":\"", "\""));
        else if (type.StartsWith("response.cancel"u8))
            Cancelled();
        else if (type.StartsWith("conversation.item.truncate"u8))
            Say(_events.Truncated(Encoding.UTF8.GetString(message)));
    }

    protected override void Ended()
    {
        // Whoever dialled hung up; the callers see what it means.
    }

    private void Append(Span<byte> message)
    {
        var audio = message[(message.IndexOf("\"audio\":\""u8) + 9)..];
        audio = audio[..audio.IndexOf((byte)'"')];
        if (audio.Length == FrameBase64)
        {
            Frame(audio);
            return;
        }

        // What waited for the session, or for a busy socket, comes as one.
        Span<byte> frame = stackalloc byte[FrameBase64];
        Base64.DecodeFromUtf8InPlace(audio, out var bytes);
        for (var rest = audio[..bytes]; rest.Length >= FrameBytes; rest = rest[FrameBytes..])
        {
            Base64.EncodeToUtf8(rest[..FrameBytes], frame, out _, out _);
            Frame(frame);
        }
    }

    private void Frame(ReadOnlySpan<byte> base64)
    {
        if (base64.StartsWith(Silence))
            return; // Bob ends with it the turn of a caller who has hung up: nobody hears an answer
        journeys.ToModel.Arrive(base64, ref _expected);
        _heard++;
        if (_echoes)
            Speak(20);
        else if (_turns is not null)
            Do(_turns.Heard(_heard));
    }

    private void Asked(string? purpose)
    {
        if (_turns is not null)
        {
            if (_turns.Asked(_heard))
                Begin(purpose);
            else
                Say(_events.AlreadyActive());
            return;
        }

        Begin(purpose);
        if (_fault != ModelFault.None)
        {
            Break();
            return;
        }

        After(plan.FirstDeltaDelay, () =>
        {
            if (_cancelled)
                return;
            Say(_events.Words());
            Speak(20);
            _echoes = true;
        });
    }

    private void Break()
    {
        switch (_fault)
        {
            case ModelFault.Resets:
                Reset();
                break;
            case ModelFault.ResetsInFrame:
                Speak(20);
                Send(Half);
                Reset();
                break;
            case ModelFault.Vanishes:
                Close();
                break;
            case ModelFault.Closes:
                SayClose(1011);
                break;
            case ModelFault.Garbage:
                for (var i = 0; i <= MostMalformed; i++)
                    Say("{\"type\":");
                break;
        }
    }

    private void Do(TurnStep step)
    {
        switch (step.Kind)
        {
            case TurnStepKind.SpeechStarted:
                if (step.CutsResponse)
                    Finish("cancelled");
                Say(_events.SpeechStarted(step.AudioMs));
                break;
            case TurnStepKind.SpeechStopped:
                foreach (var said in _events.SpeechStopped(step.AudioMs))
                    Say(said);
                break;
            case TurnStepKind.ResponseBegins:
                Begin(null);
                break;
            case TurnStepKind.Speaks:
                Say(_events.Words());
                Speak(step.AudioMs);
                break;
            case TurnStepKind.ResponseEnds:
                Finish("completed");
                break;
        }
    }

    private void Begin(string? purpose)
    {
        foreach (var said in _events.ResponseBegins(purpose))
            Say(said);
    }

    private void Finish(string status)
    {
        foreach (var said in _events.ResponseEnds(status))
            Say(said);
    }

    /// <summary>The call is over, and with it what is being said.</summary>
    private void Cancelled()
    {
        var responds = _turns?.Cancel() ?? !_cancelled;
        (_echoes, _cancelled) = (false, true);
        if (responds)
            Finish("cancelled");
    }

    private void Speak(int milliseconds)
    {
        Say(_events.AudioDelta(Room, new FrameStamp(number, _spoken++, Stopwatch.GetTimestamp()), milliseconds));
        journeys.ToCaller.SetOut();
    }

    private void After(TimeSpan delay, Action action)
    {
        if (delay == TimeSpan.Zero)
            action();
        else
            Exchange.After(delay, action);
    }
}
