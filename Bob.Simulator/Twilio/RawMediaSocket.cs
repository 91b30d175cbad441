using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Bob.Simulator.Twilio;

/// <summary>One WebSocket frame that a server sent.</summary>
/// <param name="Opcode">1 text, 2 binary, 8 close, 9 ping, 10 pong.</param>
/// <param name="Payload">Its bytes; of a close frame the first two are the status.</param>
public sealed record RawFrame(int Opcode, byte[] Payload)
{
    /// <summary>Status of a close frame, or null.</summary>
    public int? CloseStatus => Opcode == 8 && Payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(Payload) : null;

    /// <summary>The payload as text.</summary>
    public string Text => Encoding.UTF8.GetString(Payload);
}

/// <summary>A media socket opened by hand: any signature and headers, any frame, any bytes. Nothing is answered by itself, not even a ping.</summary>
public sealed class RawMediaSocket : IAsyncDisposable
{
    private readonly MediaConnection _connection;

    private RawMediaSocket(MediaConnection connection) => _connection = connection;

    /// <summary>Status of the answer to the handshake; 101 if the server agreed.</summary>
    public int Status => _connection.Status;

    /// <summary>Headers of the answer, names in lower case.</summary>
    public IReadOnlyDictionary<string, string> Headers => _connection.Headers;

    /// <summary>Sends the handshake as Twilio does, signed if there is a token, with <paramref name="headers"/> added, and reads the answer.</summary>
    /// <param name="url">The <c>ws</c> or <c>wss</c> URL that is asked for and signed.</param>
    /// <param name="authToken">Key of the signature; null sends none.</param>
    /// <param name="signature">What the signature covers.</param>
    /// <param name="headers">More headers, after Twilio's.</param>
    /// <param name="reach">Where the connection goes, if not to the URL's own host.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="IOException">There was no answer; the message says why.</exception>
    public static async Task<RawMediaSocket> OpenAsync(
        Uri url,
        string? authToken = null,
        StreamSignature signature = StreamSignature.AsWritten,
        IReadOnlyDictionary<string, string>? headers = null,
        Uri? reach = null,
        CancellationToken stop = default)
    {
        var all = new List<KeyValuePair<string, string>>();
        if (TwilioSignature.ForStream(authToken, url.OriginalString, signature) is { } signed)
            all.Add(new("x-twilio-signature", signed));
        all.AddRange(headers ?? new Dictionary<string, string>());
        try
        {
            return new RawMediaSocket(await MediaConnection.OpenAsync(url, reach ?? url, all, stop));
        }
        catch (StreamRefusedException e)
        {
            throw new IOException($"{e.Code}: {e.Message}", e);
        }
    }

    /// <summary>Sends a whole text message.</summary>
    public Task SendTextAsync(string text) => SendFrameAsync(0x81, Encoding.UTF8.GetBytes(text));

    /// <summary>Sends <c>connected</c> and <c>start</c> as Twilio does. Returns the stream's SID.</summary>
    public async Task<string> StartAsync(
        string callSid, IReadOnlyDictionary<string, string>? parameters = null, string accountSid = "AC00000000000000000000000000000001", MediaFaults? faults = null)
    {
        var sid = Sid.New("MZ");
        var messages = new StreamMessages(sid, accountSid, callSid);
        await SendFrameAsync(0x81, StreamMessages.Connected());
        await SendFrameAsync(0x81, messages.Start(parameters ?? new Dictionary<string, string>(), faults ?? new MediaFaults()));
        return sid;
    }

    /// <summary>Sends one frame.</summary>
    /// <param name="firstByte">FIN (0x80), reserved bits (0x70) and opcode (0x0F), as they are.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="masked">As a client must; a server has to refuse an unmasked frame.</param>
    /// <param name="announcedLength">The length in the header, if not the payload's own.</param>
    public async Task SendFrameAsync(byte firstByte, byte[] payload, bool masked = true, long? announcedLength = null)
    {
        var length = announcedLength ?? payload.Length;
        var frame = new List<byte>(payload.Length + 14) { firstByte };
        var mask = (byte)(masked ? 0x80 : 0);
        if (length < 126)
        {
            frame.Add((byte)(mask | (int)length));
        }
        else
        {
            var wide = length > ushort.MaxValue;
            var bytes = new byte[wide ? 8 : 2];
            if (wide)
                BinaryPrimitives.WriteInt64BigEndian(bytes, length);
            else
                BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)length);
            frame.Add((byte)(mask | (wide ? 127 : 126)));
            frame.AddRange(bytes);
        }

        if (masked)
        {
            var key = RandomNumberGenerator.GetBytes(4);
            frame.AddRange(key);
            frame.AddRange(payload.Select((b, i) => (byte)(b ^ key[i % 4])));
        }
        else
        {
            frame.AddRange(payload);
        }

        await SendBytesAsync([.. frame]);
    }

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendBytesAsync(byte[] bytes) => await _connection.Line.WriteAsync(bytes);

    /// <summary>The next frame of the server; null when its connection is closed or reset.</summary>
    public async Task<RawFrame?> ReceiveAsync(CancellationToken stop = default)
    {
        try
        {
            var head = new byte[2];
            await _connection.Line.ReadExactlyAsync(head, stop);
            long length = head[1] & 0x7F;
            if (length >= 126)
            {
                var wide = new byte[length == 126 ? 2 : 8];
                await _connection.Line.ReadExactlyAsync(wide, stop);
                length = wide.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(wide) : BinaryPrimitives.ReadInt64BigEndian(wide);
            }

            var payload = new byte[length];
            await _connection.Line.ReadExactlyAsync(payload, stop);
            return new RawFrame(head[0] & 0x0F, payload);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads on until the server closes. Returns the status of its close frame, or null if it just cut the connection.</summary>
    public async Task<int?> ReceiveCloseAsync(CancellationToken stop = default)
    {
        while (await ReceiveAsync(stop) is { } frame)
        {
            if (frame.Opcode == 8)
                return frame.CloseStatus;
        }

        return null;
    }

    /// <summary>Cuts the line without a word: by FIN, or by a reset.</summary>
    public void Drop(bool reset) => _connection.Drop(reset);

    /// <summary>Closes the line by FIN, without a close frame.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
