using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;

namespace Bob.Actors.Twilio;

/// <summary>What is said to the caller's leg, and what it says to its call.</summary>
public static class CallerLegProtocol
{
    public interface ICallerLegCommand : IDeadLetterSuppression;

    public interface ICallerLegEvent : IDeadLetterSuppression;

    /// <summary>From the call: speak on this stream from now on.</summary>
    public sealed record Attach(MediaStream Stream) : ICallerLegCommand, INoSerializationVerificationNeeded;

    /// <summary>From the call: Twilio says that the stream is over, whatever its socket thinks.</summary>
    public sealed record Detach : ICallerLegCommand;

    /// <summary>From the call: close the stream; nothing more is to be heard.</summary>
    public sealed record CloseLine : ICallerLegCommand;

    /// <summary>From the call: it is over. What was not heard, never will be: answered with <see cref="SpeechInterrupted"/>, if there is any, and <see cref="AllTold"/>.</summary>
    public sealed record CallIsOver : ICallerLegCommand;

    /// <summary>Tell the call with <see cref="BobFinished"/> when everything has been heard.</summary>
    public sealed record FinishPlayback : ICallerLegCommand;

    /// <summary>Take <see cref="FinishPlayback"/> back.</summary>
    public sealed record GoOn : ICallerLegCommand;

    /// <summary>
    /// From the call: say this, behind what is being said. A clip that only bridges a silence is dropped when there is none. Answered with
    /// <see cref="ClipPlays"/> when it is taken.
    /// </summary>
    /// <param name="Item">Made of a clip.</param>
    public sealed record PlayClip(SpokenItem Item) : ICallerLegCommand, INoSerializationVerificationNeeded;

    /// <summary>From the call: the model's session is gone, and so is what this and earlier attempts may still say. Answered with <see cref="SpeechCut"/>.</summary>
    public sealed record ModelLost(int Attempt) : ICallerLegCommand;

    /// <summary>From the model's reader, in order with the audio: a response begins.</summary>
    /// <param name="Session">The number of the connection it comes on, see <see cref="Realtime.ModelLine"/>.</param>
    public sealed record ResponseStarted(int Attempt, string ResponseId, int Session = 0) : ICallerLegCommand;

    /// <summary>From the model's reader: all audio of an item is here.</summary>
    public sealed record ItemFinished(SpokenItem Item) : ICallerLegCommand;

    /// <summary>From the model's reader: a response is over.</summary>
    /// <param name="IsWhole">Otherwise it was broken off, or cancelled. Answered with <see cref="SpeechCut"/> then.</param>
    public sealed record ResponseFinished(string ResponseId, bool IsWhole = true) : ICallerLegCommand;

    /// <summary>From the model's reader: the caller speaks, so Bob is quiet at once.</summary>
    public sealed record CallerSpoke(int Attempt) : ICallerLegCommand;

    /// <summary>From the stream's reader: Twilio has played, or flushed, what was before this mark.</summary>
    public sealed record MarkReturned(string Name) : ICallerLegCommand;

    /// <summary>From the stream's reader: DTMF.</summary>
    public sealed record KeyPressed(string Digit) : ICallerLegCommand;

    /// <summary>From the stream's reader: Twilio's <c>stop</c>.</summary>
    public sealed record StreamStopped(MediaStream Stream) : ICallerLegCommand, INoSerializationVerificationNeeded;

    /// <summary>From the stream's reader, once: the socket is over. <paramref name="Reason"/> is a short word.</summary>
    public sealed record StreamEnded(MediaStream Stream, string Reason) : ICallerLegCommand, INoSerializationVerificationNeeded;

    /// <summary>To the call: the stream is gone without a <c>stop</c>, and the leg waits for another.</summary>
    public sealed record StreamLost(StreamSid? StreamSid, string Reason) : ICallerLegEvent;

    /// <summary>To the call: the caller hung up.</summary>
    public sealed record CallerHungUp : ICallerLegEvent;

    /// <summary>To the call: a key was pressed.</summary>
    public sealed record CallerPressed(string Digit) : ICallerLegEvent;

    /// <summary>To the call: the caller begins to hear Bob.</summary>
    /// <param name="IsBridge">It is a clip that only bridges a silence; when Bob's own words follow it without a pause, this comes again.</param>
    public sealed record BobSpoke(bool IsBridge = false) : ICallerLegEvent;

    /// <summary>To the call: the caller will hear this clip.</summary>
    public sealed record ClipPlays(SpokenItem Item) : ICallerLegEvent, INoSerializationVerificationNeeded;

    /// <summary>To the call: the caller has heard all there is so far.</summary>
    public sealed record BobPaused : ICallerLegEvent;

    /// <summary>To the call: everything has been heard, as <see cref="FinishPlayback"/> asked.</summary>
    public sealed record BobFinished : ICallerLegEvent;

    /// <summary>To the call: all audio of an item has come.</summary>
    public sealed record ItemSpoken(string ItemId, long ReceivedMs) : ICallerLegEvent;

    /// <summary>To the call and to the model's leg: the caller interrupted these items, by a word or by hanging up.</summary>
    public sealed record SpeechInterrupted(IReadOnlyList<HeardItem> Cut) : ICallerLegEvent;

    /// <summary>To the call, after <see cref="CallIsOver"/>: there is nothing more to come.</summary>
    public sealed record AllTold : ICallerLegEvent;

    /// <summary>To the call: these items end where the model's session was lost, or their response was broken off; what has only words by now has no sound.</summary>
    public sealed record SpeechCut(IReadOnlyList<HeardItem> Cut) : ICallerLegEvent;
}
