namespace Bob.Actors.Realtime;

/// <summary>
/// One event from the model's server, OpenAI Realtime GA. Audio is not among them: see <see cref="AudioDelta"/>. Ids that the server left
/// out are empty.
/// </summary>
public abstract record RealtimeEvent;

/// <summary>The session exists, with the server's defaults.</summary>
/// <param name="ExpiresAt">When the server will end it (60 minutes after the connect at OpenAI, 30 at Azure), if it says so.</param>
public sealed record SessionCreated(string SessionId, DateTimeOffset? ExpiresAt) : RealtimeEvent;

/// <summary>The session took a <c>session.update</c>; this is what it made of it.</summary>
/// <param name="InputFormat">MIME type of the caller's audio, <c>audio/pcmu</c> when all is well.</param>
/// <param name="OutputFormat">MIME type of the model's audio.</param>
public sealed record SessionUpdated(string? InputFormat, string? OutputFormat, string? Voice, DateTimeOffset? ExpiresAt) : RealtimeEvent;

/// <summary>The caller began to speak.</summary>
/// <param name="AudioStartMs">Milliseconds of audio received since the session began, less the padding: not wall time.</param>
public sealed record SpeechStarted(string ItemId, long AudioStartMs) : RealtimeEvent;

/// <summary>The caller stopped speaking.</summary>
/// <param name="AudioEndMs">Milliseconds of audio received since the session began, the silence included.</param>
public sealed record SpeechStopped(string ItemId, long AudioEndMs) : RealtimeEvent;

/// <summary>The caller's turn is complete and part of the conversation.</summary>
public sealed record InputCommitted(string ItemId) : RealtimeEvent;

/// <summary>An item joined the conversation; the model's own are still empty.</summary>
/// <param name="ItemType"><c>message</c>, <c>function_call</c>, <c>function_call_output</c>, …</param>
/// <param name="Role"><c>user</c>, <c>assistant</c> or <c>system</c>; null when not a message.</param>
/// <param name="CallId">Of a function call or its output.</param>
public sealed record ItemAdded(string ItemId, string ItemType, string? Role, string? CallId) : RealtimeEvent;

/// <summary>An item of the conversation is final.</summary>
/// <param name="ItemType"><c>message</c>, <c>function_call</c>, <c>function_call_output</c>, …</param>
/// <param name="Role"><c>user</c>, <c>assistant</c> or <c>system</c>; null when not a message.</param>
/// <param name="CallId">Of a function call or its output.</param>
public sealed record ItemDone(string ItemId, string ItemType, string? Role, string? CallId) : RealtimeEvent;

/// <summary>The server forgot what the caller did not hear, and with it the item's whole transcript.</summary>
/// <param name="AudioEndMs">Milliseconds of the item that remain.</param>
public sealed record ItemTruncated(string ItemId, long AudioEndMs) : RealtimeEvent;

/// <summary>What the caller said in a turn; may come after the response to it.</summary>
/// <param name="Usage">What writing it down is billed for, apart from all responses.</param>
public sealed record CallerTranscribed(string ItemId, string Transcript, TranscriptionUsage? Usage = null) : RealtimeEvent;

/// <summary>There will be no transcript of a turn. The model heard it all the same.</summary>
public sealed record TranscriptionFailed(string ItemId, string? Code, string? Message) : RealtimeEvent;

/// <summary>The model begins a response.</summary>
/// <param name="Purpose">The <c>metadata.purpose</c> that the response was asked for with, if it was.</param>
public sealed record ResponseCreated(string ResponseId, string? Purpose) : RealtimeEvent;

/// <summary>All audio of one content part was sent.</summary>
public sealed record AudioDone(string ResponseId, string ItemId, int ContentIndex) : RealtimeEvent;

/// <summary>More words of what the model says, in no fixed relation to its audio.</summary>
public sealed record TranscriptDelta(string ResponseId, string ItemId, int ContentIndex, string Delta) : RealtimeEvent;

/// <summary>All words of one content part.</summary>
public sealed record TranscriptDone(string ResponseId, string ItemId, int ContentIndex, string Transcript) : RealtimeEvent;

/// <summary>The model calls a function. Comes once a call, from <c>response.output_item.done</c>.</summary>
/// <param name="Arguments">JSON text as the model wrote it, maybe invalid, or <see cref="RealtimeReader.ArgumentsTooLong"/>.</param>
/// <param name="Status"><c>completed</c>, or <c>incomplete</c> when the response was cancelled meanwhile.</param>
public sealed record FunctionCalled(string ResponseId, string ItemId, string CallId, string Name, string Arguments, string Status) : RealtimeEvent;

/// <summary>A response ended, one way or another.</summary>
/// <param name="Status"><c>completed</c>, <c>cancelled</c>, <c>incomplete</c> or <c>failed</c>.</param>
/// <param name="Reason"><c>turn_detected</c>, <c>client_cancelled</c>, <c>max_output_tokens</c>, <c>content_filter</c>, …</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Usage">What it is billed for.</param>
public sealed record ResponseDone(string ResponseId, string Status, string? Reason, RealtimeError? Error, RealtimeUsage? Usage) : RealtimeEvent;

/// <summary>The caller was silent for the session's idle timeout; a response follows.</summary>
public sealed record InputTimeout(string ItemId) : RealtimeEvent;

/// <summary>What is left of the account's limits. Comes shortly after a response, not at a fixed place.</summary>
public sealed record RateLimits(IReadOnlyList<RateLimit> Limits) : RealtimeEvent;

/// <summary>The server objects to something. Only a close that follows ends the session.</summary>
public sealed record ErrorReported(RealtimeError Error) : RealtimeEvent;

/// <summary>A known event that calls for nothing.</summary>
public sealed record Noted(string Type) : RealtimeEvent;

/// <summary>An event that OpenAI's reference does not have.</summary>
/// <param name="Type">Its type, cut at 64 characters.</param>
public sealed record Unknown(string Type) : RealtimeEvent;

/// <summary>Not JSON, or not an event, or a field of a wrong type.</summary>
public sealed record Malformed(string Reason) : RealtimeEvent;

/// <summary>An error as the server words it, with everything masked that looks like a key.</summary>
/// <param name="Type"><c>invalid_request_error</c>, <c>server_error</c>, …</param>
/// <param name="Code">The word to decide on; null for a server's own failure.</param>
/// <param name="Param">The field at fault, as a path.</param>
/// <param name="EventId">The id of the client event at fault, where the server can tell.</param>
public sealed record RealtimeError(string? Type, string? Code, string Message, string? Param, string? EventId);

/// <summary>The tokens of one response. Cached tokens are part of the input's, not beside them.</summary>
public sealed record RealtimeUsage(long TextIn, long AudioIn, long CachedTextIn, long CachedAudioIn, long TextOut, long AudioOut);

/// <summary>What a transcription is billed for: tokens or, with some models, time.</summary>
/// <param name="Seconds">The length of what was transcribed; null where tokens are billed.</param>
public sealed record TranscriptionUsage(long TextIn, long AudioIn, long TextOut, double? Seconds = null);

/// <summary>One limit of the account.</summary>
/// <param name="Name"><c>requests</c> or <c>tokens</c>.</param>
/// <param name="ResetSeconds">Seconds until it is whole again.</param>
public sealed record RateLimit(string Name, long Limit, long Remaining, double ResetSeconds);
