using System.Globalization;

namespace Bob.Simulator.Twilio;

/// <summary>Where a verb that is done sends the call, and what Twilio tells there.</summary>
internal sealed record VerbAction(string Url, string Method, params (string Name, string Value)[] Fields);

/// <summary>Whom a call is handed to: the numbers it dials, and the recorder that takes a message. How they behave is the plan's.</summary>
internal sealed class OtherParties(CallPlan plan, TwilioSimulatorOptions options, CallLine line, RecordingShelf shelf)
{
    private readonly Queue<DialOutcome> _dials = new(plan.Dials);
    private readonly Queue<RecordOutcome> _records = new(plan.Records);

    /// <summary>Performs a <c>Dial</c>; null: on to the next verb.</summary>
    public async Task<VerbAction?> DialAsync(TwimlVerb.Dial dial, CancellationToken stop)
    {
        var outcome = Next(_dials) ?? new DialOutcome();
        var targets = string.Join(", ", dial.Targets);
        line.Log.Say("twilio", $"dials {targets}");
        if (dial.Targets.Count == 0 || !dial.Targets.All(IsDialable))
        {
            line.Log.Warn(13224, WarningLevel.Error, $"<Dial>: not a number, SIP address or client: {targets}");
            outcome = new DialOutcome("failed");
        }

        var talk = TimeSpan.Zero;
        var answered = outcome.Status is "completed" or "answered";
        if (outcome.Status == "no-answer")
            await Task.Delay(Scaled(dial.Timeout), stop);
        else if (outcome.Status != "failed")
            await Task.Delay(Scaled(TimeSpan.FromSeconds(2)), stop);
        if (answered)
        {
            line.Log.Say("twilio", $"{targets} answers and talks with the caller");
            talk = outcome.Talk ?? TimeSpan.FromSeconds(5);
            await Task.Delay(Scaled(talk), stop);
            if (outcome.CallerHangsUp)
                line.HangUp(CallEndReason.CallerHungUp, "the caller hung up in the transferred call");
        }

        line.Log.Say("twilio", $"dial ended: {outcome.Status}");
        if (dial.Action is null)
            return null;
        return new VerbAction(
            dial.Action,
            dial.Method,
            ("DialCallStatus", outcome.Status),
            ("DialCallSid", Sid.New("CA")),
            ("DialCallDuration", ((int)talk.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            ("DialBridged", answered ? "true" : "false"));
    }

    /// <summary>Performs a <c>Record</c>; null: on to the next verb.</summary>
    /// <param name="baseUrl">Where the recording is reported when the verb does not say.</param>
    public async Task<VerbAction?> RecordAsync(TwimlVerb.Record record, string baseUrl, CancellationToken stop)
    {
        var outcome = Next(_records) ?? new RecordOutcome();
        line.Log.Say("twilio", "records the caller");
        if (outcome.StaysSilent)
        {
            await Task.Delay(Scaled(record.Timeout), stop);
            line.Log.Say("twilio", "nothing was recorded");
            return null;
        }

        var speech = outcome.Speech ?? TimeSpan.FromSeconds(3);
        if (speech > record.MaxLength)
            speech = record.MaxLength;
        line.Speak(Babble.Speak(Scaled(speech), seed: 3));
        await Task.Delay(Scaled(speech), stop);
        var digits = outcome.FinishKey is { } key && record.FinishOnKey.Contains(key, StringComparison.Ordinal) ? key : "hangup";
        if (digits == "hangup")
            line.HangUp(CallEndReason.CallerHungUp, "the caller hung up in the recording");
        else
            line.PressKeys(digits);
        var recording = shelf.Keep(Babble.Speak(speech, seed: 3));
        return new VerbAction(
            record.Action ?? baseUrl,
            record.Method,
            ("RecordingUrl", shelf.UrlOf(recording)),
            ("RecordingSid", recording),
            ("RecordingDuration", ((int)Math.Ceiling(speech.TotalSeconds)).ToString(CultureInfo.InvariantCulture)),
            ("Digits", digits));
    }

    /// <summary>One after the other; the last one stays.</summary>
    private static T? Next<T>(Queue<T> outcomes)
        where T : class => outcomes.Count > 1 ? outcomes.Dequeue() : outcomes.Count == 1 ? outcomes.Peek() : null;

    private static bool IsDialable(string target) =>
        target.StartsWith("sip:", StringComparison.Ordinal) || target.StartsWith("client:", StringComparison.Ordinal) ||
        (target.StartsWith('+') && target.Length is >= 9 and <= 16 && target.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0);

    private TimeSpan Scaled(TimeSpan time) => time * options.VerbTimeScale;
}
