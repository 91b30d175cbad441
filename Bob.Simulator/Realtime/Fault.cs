using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>One thing that goes wrong: where, and what.</summary>
public sealed record Fault
{
    /// <summary>Where.</summary>
    public required FaultPoint At { get; init; }

    /// <summary>What.</summary>
    public required FaultAction Do { get; init; }

    /// <summary>How often at most, over all sessions; 0 is every time.</summary>
    public int Times { get; init; } = 1;

    /// <summary><see cref="FaultAction.Http"/>: status code.</summary>
    public int Status { get; init; } = 503;

    /// <summary><see cref="FaultAction.Http"/>: body.</summary>
    public string? Body { get; init; }

    /// <summary><see cref="FaultAction.Http"/>: <c>Retry-After</c> in seconds.</summary>
    public int? RetryAfter { get; init; }

    /// <summary><see cref="FaultAction.Http"/>: <c>Location</c> of a 3xx.</summary>
    public string? Location { get; init; }

    /// <summary><see cref="FaultAction.Close"/>, <see cref="FaultAction.Refuse"/>: close code.</summary>
    public int Code { get; init; } = 1011;

    /// <summary><see cref="FaultAction.Close"/>, <see cref="FaultAction.Refuse"/>: close reason.</summary>
    public string? Reason { get; init; }

    /// <summary><see cref="FaultAction.Refuse"/>, <see cref="FaultAction.Reject"/>: the error sent in band.</summary>
    public FaultError? Error { get; init; }

    /// <summary><see cref="FaultAction.Delay"/>, <see cref="FaultAction.Postpone"/>: wait; <see cref="FaultAction.LateAudio"/>,
    /// <see cref="FaultAction.Burst"/>: amount of audio. In ms.</summary>
    public int Ms { get; init; } = 500;

    /// <summary><see cref="FaultAction.Corrupt"/>: how.</summary>
    public Corruption Kind { get; init; }

    /// <summary><see cref="FaultAction.Send"/>: events, sent word for word; <c>$response</c>, <c>$item</c> are the current ids.</summary>
    public IReadOnlyList<JsonNode> Events { get; init; } = [];

    /// <summary><see cref="FaultAction.Send"/>: how many times.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary><see cref="FaultAction.Send"/>: wait between repetitions, in ms.</summary>
    public int EveryMs { get; init; }

    /// <summary><see cref="FaultAction.Oversize"/>, <see cref="FaultAction.Binary"/>: message size in bytes.</summary>
    public int Bytes { get; init; } = 16 * 1024 * 1024;

    /// <summary><see cref="FaultAction.Pace"/>: audio per second of time, 0.5 is half real time.</summary>
    public double Speed { get; init; } = 0.5;

    /// <summary><see cref="FaultAction.SlowRead"/>: bytes read per second.</summary>
    public int BytesPerSecond { get; init; } = 1024;
}

/// <summary>
/// Where a fault strikes. <see cref="Session"/> narrows it to one connection; of the other kinds of place give one. <see cref="Response"/> and
/// <see cref="Item"/> alone mean the start of that response; with <see cref="AudioMs"/> a moment within its audio; with
/// <see cref="Event"/> events of it.
/// </summary>
public sealed record FaultPoint
{
    /// <summary>The n-th connection to the simulator (1-based, refused ones count); null is every one.</summary>
    public int? Session { get; init; }

    /// <summary>A moment of the session's start.</summary>
    public FaultMoment? On { get; init; }

    /// <summary>The n-th client event of the session (1-based), before it is looked at.</summary>
    public int? ClientEvent { get; init; }

    /// <summary>A client event of this type, before it is looked at.</summary>
    public string? Received { get; init; }

    /// <summary>A server event of this type, when it is about to be sent.</summary>
    public string? Event { get; init; }

    /// <summary>Only from the n-th occurrence in the session on (1-based), of <see cref="Received"/> or <see cref="Event"/>.</summary>
    public int Nth { get; init; } = 1;

    /// <summary>The n-th response of the session (1-based).</summary>
    public int? Response { get; init; }

    /// <summary>The n-th item of the response (1-based).</summary>
    public int? Item { get; init; }

    /// <summary>When this much audio of the item has been sent, in ms. A delta ends exactly there.</summary>
    public int? AudioMs { get; init; }
}

/// <summary>A moment of a session's start.</summary>
public enum FaultMoment
{
    /// <summary>The HTTP upgrade, for <see cref="FaultAction.Http"/> and the like; else after the 101.</summary>
    Connect,

    /// <summary>Before <c>session.created</c>.</summary>
    Created,

    /// <summary>After the first <c>session.updated</c>.</summary>
    Configured,
}

/// <summary>What goes wrong.</summary>
public enum FaultAction
{
    /// <summary>Connect: the upgrade is answered with an HTTP status.</summary>
    Http,

    /// <summary>Connect: the TCP connection is accepted, the upgrade never answered.</summary>
    NoUpgrade,

    /// <summary>Connect: 101 with a wrong <c>Sec-WebSocket-Accept</c>.</summary>
    WrongAccept,

    /// <summary>Connect: 101, one <c>error</c>, close; as the real service refuses.</summary>
    Refuse,

    /// <summary>TCP reset.</summary>
    Drop,

    /// <summary>End of the TCP stream without a CLOSE frame.</summary>
    Fin,

    /// <summary>CLOSE frame with code and reason.</summary>
    Close,

    /// <summary>Neither reads nor writes any more; TCP stays open, pings stay unanswered.</summary>
    Freeze,

    /// <summary>Swallows what comes and answers nothing, not even pings.</summary>
    BlackHole,

    /// <summary>Answers pings, but ignores events and says nothing any more.</summary>
    Mute,

    /// <summary>Reads slowly.</summary>
    SlowRead,

    /// <summary>Event: it is never sent.</summary>
    Withhold,

    /// <summary>Event: it and all that follows waits.</summary>
    Delay,

    /// <summary>Event: it alone comes later.</summary>
    Postpone,

    /// <summary>Event: it comes twice, with the same <c>event_id</c>.</summary>
    Duplicate,

    /// <summary>Event: it comes damaged.</summary>
    Corrupt,

    /// <summary>Extra events, word for word.</summary>
    Send,

    /// <summary>An extra binary frame.</summary>
    Binary,

    /// <summary>An extra text event of many bytes.</summary>
    Oversize,

    /// <summary>Received: the client event is answered with an error instead of being carried out.</summary>
    Reject,

    /// <summary>The session has reached its maximum duration.</summary>
    Expire,

    /// <summary>Response: at least <see cref="Fault.Ms"/> of audio, all at once.</summary>
    Burst,

    /// <summary>Response: audio at <see cref="Fault.Speed"/> times real time.</summary>
    Pace,

    /// <summary>Response: audio in 16-bit PCM whatever was asked for.</summary>
    Pcm16,

    /// <summary>Response: when cancelled, <see cref="Fault.Ms"/> more of its audio comes after its <c>response.done</c>.</summary>
    LateAudio,

    /// <summary>Response: each function call is announced as done twice.</summary>
    RepeatCall,
}

/// <summary>How an event is damaged.</summary>
public enum Corruption
{
    /// <summary>The text <c>{"type":</c>.</summary>
    Json,

    /// <summary>Bytes that are not UTF-8.</summary>
    Utf8,

    /// <summary>The <c>delta</c> is not base64.</summary>
    Base64,

    /// <summary>The frame announces more bytes than come; then the connection ends.</summary>
    Truncated,
}

/// <summary>An <c>error</c> object for the client.</summary>
public sealed record FaultError
{
    /// <summary><c>error.type</c>.</summary>
    public string Type { get; init; } = "invalid_request_error";

    /// <summary><c>error.code</c>.</summary>
    public string? Code { get; init; }

    /// <summary><c>error.message</c>.</summary>
    public string Message { get; init; } = "The request was refused by the script.";

    /// <summary><c>error.param</c>.</summary>
    public string? Param { get; init; }

    /// <summary>The error does not say which client event it answers.</summary>
    public bool Anonymous { get; init; }
}
