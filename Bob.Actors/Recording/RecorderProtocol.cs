using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;

namespace Bob.Actors.Recording;

/// <summary>What the recorder of a call is told, and what it tells the house. Times are offsets on the process's monotonic clock.</summary>
public static class RecorderProtocol
{
    public interface IRecorderCommand : IDeadLetterSuppression;

    /// <summary>From the call: its caller is on the line, since <paramref name="At"/>. Said again when the stream comes again, which changes nothing.</summary>
    public sealed record StartRecording(TimeSpan At) : IRecorderCommand;

    /// <summary>From the stream's reader: the caller spoke this, beginning <paramref name="at"/>.</summary>
    public sealed class CallerSaid(CallerAudio audio, TimeSpan at) : IRecorderCommand, INoSerializationVerificationNeeded
    {
        public CallerAudio Audio { get; } = audio;

        public TimeSpan At { get; } = at;
    }

    /// <summary>From the caller's leg: this is played to the caller, and its last sample <paramref name="until"/> then.</summary>
    public sealed class BobSaid(VoiceAudio audio, TimeSpan until) : IRecorderCommand, INoSerializationVerificationNeeded
    {
        public VoiceAudio Audio { get; } = audio;

        public TimeSpan Until { get; } = until;
    }

    /// <summary>From the caller's leg: of what was sent, nothing is heard from <paramref name="At"/> on.</summary>
    public sealed record BobCut(TimeSpan At) : IRecorderCommand;

    /// <summary>From the caller's leg: playback is not where it was believed to be. What was to be heard <paramref name="From"/> on is heard <paramref name="To"/> on.</summary>
    public sealed record BobMoved(TimeSpan From, TimeSpan To) : IRecorderCommand;

    /// <summary>From the recorder's mailbox to its call, once: the disk takes so long that audio is dropped. The recording goes on, with silence where audio lacks.</summary>
    public sealed record RecorderFellBehind : IDeadLetterSuppression
    {
        public static RecorderFellBehind Instance { get; } = new();
    }

    /// <summary>On the event stream, once per recording: it is closed, whole or not.</summary>
    /// <param name="File">Its path; null when there is none yet, because the disk refused it: what is left of it is mended at the next start.</param>
    /// <param name="Duration">How much of the call it holds, from the caller's first stream on.</param>
    /// <param name="Truncated">Why it is not whole, in a few words such as <c>disk full</c>; null when it is.</param>
    public sealed record RecordingFinished(CallSid CallSid, string? File, TimeSpan Duration, string? Truncated = null);
}
