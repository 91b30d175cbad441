using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bob.Simulator.Realtime;

/// <summary>
/// What the simulated model says, does and suffers. Written as JSON (see <c>rehearsal.json</c>) or as records. For each response the greeting
/// is taken when nothing was said yet, else the first rule whose <see cref="ScriptRule.When"/> fits, else <see cref="Otherwise"/>.
/// </summary>
public sealed record RealtimeScript
{
    private static readonly Lazy<RealtimeScript> TheRehearsal = new(() =>
    {
        using var stream = typeof(RealtimeScript).Assembly.GetManifestResourceStream("Bob.Simulator.Realtime.rehearsal.json")!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd(), "rehearsal.json");
    });

    /// <summary>The friendly receptionist of rehearsal mode.</summary>
    public static RealtimeScript Rehearsal => TheRehearsal.Value;

    /// <summary>Said on the first <c>response.create</c> of a conversation in which nobody has said anything.</summary>
    public Reply Greeting { get; init; } = new() { Say = ["Hello, how can I help you?"] };

    /// <summary>Tried in order.</summary>
    public IReadOnlyList<ScriptRule> Rules { get; init; } = [];

    /// <summary>For everything no rule fits.</summary>
    public Reply Otherwise { get; init; } = new() { Say = ["I see. Please go on."] };

    /// <summary>What the transcription makes of the caller's turns, in order; further turns become <c>(caller turn n)</c>.</summary>
    public IReadOnlyList<string> CallerSays { get; init; } = [];

    /// <summary>When transcripts of the caller arrive.</summary>
    public ScriptedTranscription Transcription { get; init; } = new();

    /// <summary>What goes wrong.</summary>
    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>Reads a script. Throws <see cref="ScriptException"/>, which names the place of the fault in <paramref name="name"/>.</summary>
    public static RealtimeScript Parse(string json, string name = "script") => ScriptJson.Read(json, name);

    /// <summary>Reads the script at <paramref name="path"/>. Throws <see cref="ScriptException"/> as <see cref="Parse"/> does.</summary>
    public static RealtimeScript Load(string path) => Parse(File.ReadAllText(path), path);

    /// <summary>The script as readable JSON; <see cref="Parse"/> reads it back.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ScriptJson.Options);
}

/// <summary>One rule: when it fits, and what the model then does.</summary>
public sealed record ScriptRule : Reply
{
    /// <summary>All conditions that are given must hold.</summary>
    public required Occasion When { get; init; }

    /// <summary>The rule fits only once per session.</summary>
    public bool Once { get; init; }
}

/// <summary>What the model does in one response: says the lines, then calls the tools.</summary>
public record Reply
{
    /// <summary>One message item per line.</summary>
    public IReadOnlyList<string> Say { get; init; } = [];

    /// <summary>Function calls, after what is said, all in the same response.</summary>
    public IReadOnlyList<ScriptedCall> Call { get; init; } = [];

    /// <summary>Says the audio of the caller's last turn back to him.</summary>
    public bool Echo { get; init; }

    /// <summary>Then says the rest of the line that was cut when the last session was lost.</summary>
    public bool GoesOn { get; init; }

    /// <summary>Completes with nothing said.</summary>
    public bool Silent { get; init; }

    /// <summary>How the response ends instead of <c>completed</c>, after what is said.</summary>
    public ScriptedFailure? Fail { get; init; }
}

/// <summary>When a rule fits. Without any condition it always does.</summary>
public sealed record Occasion
{
    /// <summary>The caller's turn number <c>n</c> (1-based; replayed turns count) is waiting for an answer.</summary>
    public int? Turn { get; init; }

    /// <summary>The waiting caller turn's transcript contains one of these, whatever the case.</summary>
    public IReadOnlyList<string>? Heard { get; init; }

    /// <summary>A text item newer than the model's last words contains one of these ("pressed 4"). Such an item is no caller turn.</summary>
    public IReadOnlyList<string>? Message { get; init; }

    /// <summary>A result of this tool is waiting for an answer; <c>*</c> is any tool.</summary>
    public string? Tool { get; init; }

    /// <summary>The <c>instructions</c> of this very <c>response.create</c> contain one of these, whatever the case.</summary>
    public IReadOnlyList<string>? Instructions { get; init; }

    /// <summary>The response was made by <c>idle_timeout_ms</c>.</summary>
    public bool? Idle { get; init; }

    /// <summary>In the n-th connection to the simulator (1-based).</summary>
    public int? Session { get; init; }
}

/// <summary>A function call of the model.</summary>
public sealed record ScriptedCall
{
    /// <summary>The function's name; it need not be one that the client offered.</summary>
    public required string Tool { get; init; }

    /// <summary>Its arguments.</summary>
    public JsonObject? Arguments { get; init; }

    /// <summary>Arguments word for word instead, for example broken JSON.</summary>
    public string? RawArguments { get; init; }

    /// <summary>How many times <see cref="RawArguments"/> are written one after the other.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Sent as <c>call_id</c>; by default a fresh one.</summary>
    public string? CallId { get; init; }

    internal string ArgumentsText => RawArguments is { } raw ? string.Concat(Enumerable.Repeat(raw, Repeat)) : Arguments?.ToJsonString() ?? "{}";
}

/// <summary>How a response ends badly: <c>status_details</c> of its <c>response.done</c>.</summary>
public sealed record ScriptedFailure
{
    /// <summary><c>failed</c> or <c>incomplete</c>.</summary>
    public string Status { get; init; } = "failed";

    /// <summary>Of an <c>incomplete</c> response: <c>max_output_tokens</c> or <c>content_filter</c>.</summary>
    public string? Reason { get; init; }

    /// <summary><c>error.type</c> of a failed response.</summary>
    public string Type { get; init; } = "server_error";

    /// <summary><c>error.code</c> of a failed response.</summary>
    public string? Code { get; init; }

    /// <summary><c>error.message</c> of a failed response.</summary>
    public string Message { get; init; } = "The server had an error while processing your request. Sorry about that!";
}

/// <summary>How transcripts of the caller's turns come.</summary>
public sealed record ScriptedTranscription
{
    /// <summary>Before the answer, after it, as a failure, or not at all.</summary>
    public TranscriptArrival Arrives { get; init; } = TranscriptArrival.Early;

    /// <summary>Wait before it is sent, in ms.</summary>
    public int DelayMs { get; init; }
}

/// <summary>When a transcript comes.</summary>
public enum TranscriptArrival
{
    /// <summary>Right after the caller's turn.</summary>
    Early,

    /// <summary>After the <c>response.done</c> of the answer.</summary>
    Late,

    /// <summary><c>…transcription.failed</c> instead.</summary>
    Failed,

    /// <summary>Never.</summary>
    Missing,
}
