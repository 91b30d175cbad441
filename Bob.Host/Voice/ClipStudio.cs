using System.Buffers.Text;
using Bob.Actors.Audio;
using Bob.Actors.Conversation;
using Bob.Actors.Realtime;
using Bob.Actors.Sockets;

namespace Bob.Host.Voice;

/// <summary>A sentence as the model said it.</summary>
/// <param name="Audio">Raw μ-law at 8 kHz, with little silence around it; null when it could not be had.</param>
/// <param name="Problem">Why there is no audio.</param>
public sealed record Take(byte[]? Audio, string? Problem);

/// <summary>Has the model say sentences word for word, in a session of its own each, and keeps what it said.</summary>
public sealed class ClipStudio(RealtimeOptions options, IModelDialer dialer)
{
    /// <summary>Times that a sentence is asked for, until the model says it and nothing else.</summary>
    private const int Tries = 3;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(45);

    public async Task<Take> RecordAsync(string text, CancellationToken cancellation)
    {
        var take = new Take(null, "was never said");
        for (var tries = 0; tries < Tries && take.Audio is null; tries++)
        {
            take = await TryAsync(text, cancellation);
            if (take.Audio is null && take.Problem is { } problem && !problem.StartsWith("said", StringComparison.Ordinal))
                break; // it would be no better
        }

        return take;
    }

    private async Task<Take> TryAsync(string text, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Deadline);
        var dialled = await dialer.DialAsync(deadline.Token);
        if (dialled.Socket is not { } socket)
            return new Take(null, $"cannot be said: {dialled.Failure?.Reason}{(dialled.Detail is { } detail ? $" ({detail})" : "")}");
        try
        {
            return await SpeakAsync(socket, text, deadline.Token);
        }
        catch (Exception failure) when (SocketFailure.Expected(failure) || failure is OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return new Take(null, deadline.IsCancellationRequested ? "was not said in time" : "cannot be said: the connection broke");
        }
        finally
        {
            await socket.CloseAsync(1000, "");
        }
    }

    private async Task<Take> SpeakAsync(IMessageSocket socket, string text, CancellationToken cancellation)
    {
        using var audio = new MemoryStream();
        var said = "";
        while (true)
        {
            var message = await socket.ReceiveAsync(cancellation);
            if (message.Kind == SocketMessageKind.Close)
                return new Take(null, $"cannot be said: {ModelRefusal.FromClose(message.CloseCode, message.CloseReason, null).Reason}");
            if (message.Kind != SocketMessageKind.Text || Heard(message.Utf8.Span, audio))
                continue;
            switch (RealtimeReader.Read(message.Utf8.Span, out _))
            {
                case SessionCreated:
                    await socket.SendAsync(RealtimeWriter.SessionUpdate(options with { TranscriptionModel = null }, [], "clip-session"), cancellation);
                    break;
                case SessionUpdated { OutputFormat: not (null or "audio/pcmu") } updated:
                    return new Take(null, $"cannot be said: the model speaks {updated.OutputFormat}, and not audio/pcmu");
                case SessionUpdated:
                    await AskAsync(socket, text, cancellation);
                    break;
                case TranscriptDone done:
                    said += done.Transcript;
                    break;
                case ErrorReported error:
                    return new Take(null, $"cannot be said: {ModelRefusal.Masked(error.Error.Message)}");
                case ResponseDone { Status: "completed" }:
                    return Judge(text, said, audio.ToArray());
                case ResponseDone done:
                    return new Take(null, $"cannot be said: {ModelRefusal.FromFailedResponse(done.Error).Reason}");
            }
        }
    }

    private static async Task AskAsync(IMessageSocket socket, string text, CancellationToken cancellation)
    {
        foreach (var item in RealtimeWriter.ItemCreate(new CallerSaid($"Say this, word for word: {text}"), "clip-text"))
            await socket.SendAsync(item, cancellation);
        var instructions = "You record announcements for a telephone line, in the voice of a friendly receptionist. Say exactly the following, word for word, and nothing "
            + $"before or after it: {text}";
        await socket.SendAsync(RealtimeWriter.ResponseCreate("clip-speak", instructions, "none", "clip"), cancellation);
    }

    private static bool Heard(ReadOnlySpan<byte> utf8, MemoryStream audio)
    {
        if (!RealtimeReader.TryReadAudioDelta(utf8, out var delta))
            return false;
        if (delta.Bytes <= 0)
            return true;
        var bytes = new byte[delta.Bytes];
        Base64.DecodeFromUtf8(delta.Base64, bytes, out _, out _);
        audio.Write(bytes);
        return true;
    }

    private static Take Judge(string text, string said, byte[] audio)
    {
        if (!Letters(text).Equals(Letters(said), StringComparison.OrdinalIgnoreCase))
            return new Take(null, $"said something else: “{said}”");
        var trimmed = ClipFiles.Trim(audio);
        return ClipFiles.Problem(trimmed) is { } problem ? new Take(null, $"said what {problem}") : new Take(trimmed, null);
    }

    private static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit));
}
