using System.Text.Json.Serialization;
using Bob.Actors.Audio;
using Bob.Actors.Calls;

namespace Bob.Actors.Records;

/// <summary>
/// One thing that happened in a call. The entries of a call, in order, are enough to go on with it anywhere (<see cref="Conversation"/>) and to
/// write its record. They are written once and never changed.
/// </summary>
[JsonDerivedType(typeof(CallOpened), "call-opened")]
[JsonDerivedType(typeof(StreamAttached), "stream-attached")]
[JsonDerivedType(typeof(CallerTurn), "caller-turn")]
[JsonDerivedType(typeof(CallerWords), "caller-words")]
[JsonDerivedType(typeof(CallerWordsFailed), "caller-words-failed")]
[JsonDerivedType(typeof(BobWords), "bob-words")]
[JsonDerivedType(typeof(BobSaid), "bob-said")]
[JsonDerivedType(typeof(BobSpoke), "bob-spoke")]
[JsonDerivedType(typeof(BobCut), "bob-cut")]
[JsonDerivedType(typeof(ToolCalled), "tool-called")]
[JsonDerivedType(typeof(ToolReturned), "tool-returned")]
[JsonDerivedType(typeof(KeyPressed), "key-pressed")]
[JsonDerivedType(typeof(KeysPressed), "keys-pressed")]
[JsonDerivedType(typeof(StepChanged), "step-changed")]
[JsonDerivedType(typeof(RecordingBegun), "recording-begun")]
[JsonDerivedType(typeof(RecordingTruncated), "recording-truncated")]
[JsonDerivedType(typeof(MessageLeft), "message-left")]
[JsonDerivedType(typeof(UsageReported), "usage-reported")]
[JsonDerivedType(typeof(TranscriptionReported), "transcription-reported")]
[JsonDerivedType(typeof(CallEnded), "call-ended")]
public abstract record JournalEntry
{
    [JsonIgnore]
    public CallSid CallSid { get; init; }

    /// <summary>Counts the entries of a call: 1, 2, 3, …</summary>
    [JsonIgnore]
    public int Number { get; init; }

    /// <summary>When it happened, UTC.</summary>
    [JsonIgnore]
    public DateTimeOffset At { get; init; }

    /// <summary>A call was admitted.</summary>
    /// <param name="Caller">The caller's number, or "anonymous".</param>
    /// <param name="Called">Bob's number.</param>
    /// <param name="Persona">Who Bob is to this caller; null where nobody said so.</param>
    public sealed record CallOpened(string Caller, string Called, string? Persona) : JournalEntry;

    /// <summary>A media stream of the call came, the first or another.</summary>
    public sealed record StreamAttached(StreamSid StreamSid) : JournalEntry;

    /// <summary>A turn of the caller's is complete; its words may come later, or never.</summary>
    /// <param name="StartedMs">Since the call was opened; null when nobody saw it.</param>
    /// <param name="EndedMs">Since the call was opened; null when nobody saw it.</param>
    public sealed record CallerTurn(string ItemId, long? StartedMs, long? EndedMs) : JournalEntry;

    /// <summary>The words of a caller's turn.</summary>
    public sealed record CallerWords(string ItemId, string Text) : JournalEntry;

    /// <summary>There will be no words of a caller's turn.</summary>
    public sealed record CallerWordsFailed(string ItemId) : JournalEntry;

    /// <summary>What Bob has said of an item so far. Written now and then while it grows.</summary>
    public sealed record BobWords(string ItemId, string TextSoFar) : JournalEntry;

    /// <summary>All words of an item of Bob's.</summary>
    /// <param name="Clip">The clip that it was; null for the model's own words.</param>
    public sealed record BobSaid(string ItemId, string Text, ClipName? Clip = null) : JournalEntry;

    /// <summary>All audio of an item of Bob's is here.</summary>
    public sealed record BobSpoke(string ItemId, long ReceivedMs) : JournalEntry;

    /// <summary>An item of Bob's ends early. Comes again when its words become known afterwards; the last one counts.</summary>
    /// <param name="HeardText">What the caller heard of it, by the best knowledge at the time.</param>
    /// <param name="Lost">Cut by a lost session and not by the caller.</param>
    public sealed record BobCut(string ItemId, string HeardText, long HeardMs, long ReceivedMs, bool Lost) : JournalEntry;

    /// <summary>The model called a tool.</summary>
    /// <param name="Arguments">JSON text as the model wrote it.</param>
    public sealed record ToolCalled(string CallId, string Name, string Arguments) : JournalEntry;

    /// <summary>A tool has run.</summary>
    /// <param name="Ms">How long it took.</param>
    /// <param name="Outcome"><c>ok</c>, or in a word why it gave no answer of its own.</param>
    public sealed record ToolReturned(string CallId, string Output, long Ms, string Outcome) : JournalEntry;

    /// <summary>
    /// The caller pressed a key, and the number that it belongs to may go on. Written at once: who types a long number presses for longer than the second in which
    /// everything is to be durable.
    /// </summary>
    /// <param name="DigitsSoFar">All of the number so far.</param>
    /// <param name="First">The number of the entry of its first key; null: this is it.</param>
    public sealed record KeyPressed(string DigitsSoFar, int? First = null) : JournalEntry;

    /// <summary>The caller pressed keys, and the number is whole.</summary>
    /// <param name="First">The number of the entry of its first key; null where none was written before this one.</param>
    public sealed record KeysPressed(string Digits, int? First = null) : JournalEntry;

    /// <summary>What is to come next changed.</summary>
    /// <param name="End">How the call is about to end.</param>
    /// <param name="LastWords">What Twilio is still to say.</param>
    public sealed record StepChanged(CallPhase Phase, CallEnd? End, string? LastWords) : JournalEntry;

    /// <summary>The call is recorded from here on.</summary>
    /// <param name="File">The name that the file has when it is finished, or mended.</param>
    public sealed record RecordingBegun(string File) : JournalEntry;

    /// <summary>The call goes on without its recording, or with the part of it that there is.</summary>
    /// <param name="Reason">In a few words, such as <c>disk full</c>.</param>
    public sealed record RecordingTruncated(string Reason) : JournalEntry;

    /// <summary>
    /// The caller left a message. It comes from outside of the call: after its end, or when its process is dead, or without its ever having been known. So it is
    /// numbered apart from the others, by its recording, and what Twilio reports twice is written once.
    /// </summary>
    /// <param name="RecordingSid">Twilio's id of the recording.</param>
    /// <param name="RecordingUrl">Where Twilio keeps it.</param>
    /// <param name="Caller">Null where it was not told.</param>
    public sealed record MessageLeft(string RecordingSid, string RecordingUrl, string? Caller, int? Seconds) : JournalEntry
    {
        /// <summary>Far above the numbers of any call.</summary>
        public const int FirstNumber = 1_000_000_000;

        /// <summary>Its number. What tells the caller has another than what does not, so that either may come first.</summary>
        [JsonIgnore]
        public int NumberInCall
        {
            get
            {
                var hash = 2166136261u; // FNV-1a: the same in every process
                foreach (var c in RecordingSid)
                    hash = (hash ^ c) * 16777619u;
                return FirstNumber + ((int)(hash % (FirstNumber / 2)) * 2) + (Caller is null ? 1 : 0);
            }
        }
    }

    /// <summary>What a response is billed for, tokens. Cached tokens are part of the input's, not beside them.</summary>
    /// <param name="Cost">At the prices of its time, in their currency; null where none was counted.</param>
    public sealed record UsageReported(
        string ResponseId, long TextIn, long AudioIn, long CachedTextIn, long CachedAudioIn, long TextOut, long AudioOut, decimal? Cost = null)
        : JournalEntry;

    /// <summary>What writing down a turn of the caller's is billed for: tokens or, with some models, time.</summary>
    /// <param name="Cost">At the prices of its time, in their currency.</param>
    public sealed record TranscriptionReported(string ItemId, long TextIn, long AudioIn, long TextOut, double? Seconds, decimal Cost) : JournalEntry
    {
        /// <summary>Null where tokens are billed. So is 1e999: a number in JSON and none in memory, of which there would be no text again.</summary>
        public double? Seconds { get; } = Seconds is { } time && double.IsFinite(time) ? time : null;
    }

    /// <summary>The one end of the call.</summary>
    /// <param name="FirstAudioMs">From the call's opening to Bob's first sound; null when there was none.</param>
    /// <param name="Reconnects">Times the media stream came again.</param>
    /// <param name="PhoneSeconds">How long the caller was on the line; null when they never were.</param>
    /// <param name="PhoneCost">What that costs, at the prices of its time.</param>
    public sealed record CallEnded(CallEnd End, long? FirstAudioMs, int Reconnects, long? PhoneSeconds = null, decimal? PhoneCost = null) : JournalEntry;
}
