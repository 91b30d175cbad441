using System.Diagnostics.Metrics;

namespace Bob.Actors.Calls;

/// <summary>What is dropped or odd on calls is counted, never silent. Instruments of the meter <c>Bob.Calls</c>.</summary>
public static class CallMetrics
{
    public const string MeterName = "Bob.Calls";

    private static readonly Meter Meter = new(MeterName);

    /// <summary>Bob's voice that was not played: of a cancelled response, or beyond the bound.</summary>
    public static Counter<long> VoiceDropped { get; } = Meter.CreateCounter<long>("bob.voice.dropped", "By", "Audio of the model that was not played");

    /// <summary>The caller's voice that never reached a model.</summary>
    public static Counter<long> CallerAudioDropped { get; } = Meter.CreateCounter<long>("bob.caller_audio.dropped", "By", "Audio of the caller that no model got");

    /// <summary>Messages that were skipped; the tag <c>kind</c> says why.</summary>
    public static Counter<long> MessagesSkipped { get; } = Meter.CreateCounter<long>("bob.messages.skipped", "{message}", "Messages skipped as malformed, unknown or duplicate");

    /// <summary>Calls that went on after the death of whoever had them.</summary>
    public static Counter<long> CallsResumed { get; } = Meter.CreateCounter<long>("bob.calls.resumed", "{call}", "Calls that went on after the death of their process or actor");

    /// <summary>Ended calls, by <c>result</c>, <c>side</c> and <c>reason</c>.</summary>
    public static Counter<long> CallsEnded { get; } = Meter.CreateCounter<long>("bob.calls.ended", "{call}", "Calls that ended");

    /// <summary>Recordings that are not whole; the tag <c>reason</c> says why.</summary>
    public static Counter<long> RecordingsTruncated { get; } = Meter.CreateCounter<long>("bob.recordings.truncated", "{recording}", "Recordings cut short by the disk");

    /// <summary>Audio that a recording lacks, because its disk took too long.</summary>
    public static Counter<long> RecordingAudioDropped { get; } = Meter.CreateCounter<long>("bob.recordings.audio_dropped", "By", "Audio that waited for a slow disk, and was dropped");

    /// <summary>Calls that were not taken; the tag <c>reason</c> says why.</summary>
    public static Counter<long> CallsRefused { get; } = Meter.CreateCounter<long>("bob.calls.refused", "{call}", "Calls that were refused");

    /// <summary>Model servers that refuse for good until somebody acts, and the ends of it; tags <c>model</c>, <c>reason</c>, and <c>state</c>: <c>raised</c> or <c>over</c>.</summary>
    public static Counter<long> ModelAlerts { get; } = Meter.CreateCounter<long>("bob.model.alerts", "{alert}", "Refusals of a model server that somebody must do something about");

    /// <summary>Counts an alert, or its end.</summary>
    /// <param name="model">The number of the server in the settings; 0 when there is no other.</param>
    public static void Alerted(int model, string reason, bool over) => ModelAlerts.Add(
        1,
        new KeyValuePair<string, object?>("model", Math.Max(model, 1)),
        new KeyValuePair<string, object?>("reason", reason),
        new KeyValuePair<string, object?>("state", over ? "over" : "raised"));

    /// <summary>Counts a refused call.</summary>
    public static void Refused(string reason) => CallsRefused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Counts a skipped message.</summary>
    public static void Skipped(string kind) => MessagesSkipped.Add(1, new KeyValuePair<string, object?>("kind", kind));
}
