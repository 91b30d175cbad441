using System.Net.WebSockets;

namespace Bob.Simulator.Twilio;

/// <summary>Turns the caller's 20 ms frames into media messages, with the faults that were asked for.</summary>
internal sealed class StreamFrames(StreamMessages messages, MediaFaults faults, Action<byte[], WebSocketMessageType> send)
{
    private readonly List<byte> _audio = [];
    private byte[]? _held;
    private int _chunk;
    private int _slots;
    private bool _speech;

    public void Add(ReadOnlySpan<byte> audio, bool speech)
    {
        _audio.AddRange(audio);
        _speech |= speech;
        _slots++;
        if (_audio.Count < faults.FrameMs * Mulaw.BytesPerMs)
            return;
        if (_speech || !faults.NoFramesInSilence)
            Send();
        _audio.Clear();
        _speech = false;
    }

    private void Send()
    {
        _chunk++;
        SendOddities();
        var timestamp = (_slots * 20L) + (_chunk >= faults.TimestampJumpFrame ? faults.TimestampJumpMs : 0);
        var payload = _chunk == faults.BadBase64Frame ? "!!!not base64!!!" : Convert.ToBase64String([.. _audio]);
        var message = messages.Media(faults.Track, _chunk, timestamp, payload);
        if (_chunk % faults.LoseEvery == 0)
            return;
        if (_held is null && _chunk % faults.SwapEvery == 0)
        {
            _held = message;
            return;
        }

        send(message, WebSocketMessageType.Text);
        if (_chunk % faults.DuplicateEvery == 0)
            send(message, WebSocketMessageType.Text);
        if (_held is not null)
            send(_held, WebSocketMessageType.Text);
        _held = null;
    }

    private void SendOddities()
    {
        if (_chunk == faults.BinaryFrame)
            send([.. _audio], WebSocketMessageType.Binary);
        if (_chunk == faults.HugeMessageFrame)
            send(messages.Media(faults.Track, _chunk, _slots * 20L, new string('/', faults.HugeMessageBytes)), WebSocketMessageType.Text);
    }
}
