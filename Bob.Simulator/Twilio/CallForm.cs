using System.Globalization;

namespace Bob.Simulator.Twilio;

/// <summary>The parameters of Twilio's requests about one call, duplicates under old names and empty values included.</summary>
internal sealed class CallForm(string accountSid, string callSid, CallPlan plan)
{
    /// <summary>The standard parameters; <paramref name="more"/> are the verb's own.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Standard(string callStatus, params (string Name, string Value)[] more)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AccountSid"] = accountSid,
            ["ApiVersion"] = "2010-04-01",
            ["CallSid"] = callSid,
            ["CallStatus"] = callStatus,
            ["CallToken"] = "%7B%22parentCallInfoToken%22%3A%22example%22%2C%22identityHeaderTokens%22%3A%5B%5D%7D",
            ["Called"] = plan.To,
            ["CalledCity"] = "",
            ["CalledCountry"] = "US",
            ["CalledState"] = "CA",
            ["CalledZip"] = "",
            ["Caller"] = plan.From,
            ["CallerCity"] = "SAN JOSÉ",
            ["CallerCountry"] = "US",
            ["CallerState"] = "CA",
            ["CallerZip"] = "95110",
            ["Direction"] = "inbound",
            ["From"] = plan.From,
            ["FromCity"] = "SAN JOSÉ",
            ["FromCountry"] = "US",
            ["FromState"] = "CA",
            ["FromZip"] = "95110",
            ["StirVerstat"] = "TN-Validation-Passed-A",
            ["To"] = plan.To,
            ["ToCity"] = "",
            ["ToCountry"] = "US",
            ["ToState"] = "CA",
            ["ToZip"] = "",
        };
        foreach (var (name, value) in plan.ExtraForm)
            form[name] = value;
        foreach (var (name, value) in more)
            form[name] = value;
        return [.. form];
    }

    /// <summary>The end of the call, as the number's status callback gets it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Ended(string callStatus, TimeSpan duration, DateTimeOffset now)
    {
        var seconds = (int)Math.Ceiling(duration.TotalSeconds);
        return Standard(
            callStatus,
            ("CallbackSource", "call-progress-events"),
            ("CallDuration", seconds.ToString(CultureInfo.InvariantCulture)),
            ("Duration", ((seconds + 59) / 60).ToString(CultureInfo.InvariantCulture)),
            ("SequenceNumber", "0"),
            ("Timestamp", now.ToString("r", CultureInfo.InvariantCulture).Replace("GMT", "+0000", StringComparison.Ordinal)));
    }

    /// <summary>A finished recording, as its status callback gets it: without the parameters of the call.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Recorded(VerbAction recorded, DateTimeOffset now) =>
    [
        new("AccountSid", accountSid),
        new("CallSid", callSid),
        .. recorded.Fields.Where(field => field.Name.StartsWith("Recording", StringComparison.Ordinal)).Select(field => KeyValuePair.Create(field.Name, field.Value)),
        new("RecordingStatus", "completed"),
        new("RecordingChannels", "1"),
        new("RecordingSource", "RecordVerb"),
        new("RecordingStartTime", now.ToString("r", CultureInfo.InvariantCulture)),
    ];

    /// <summary>A stream's start or end, as its status callback gets it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Stream(string streamSid, string? name, string streamEvent, string? error, DateTimeOffset now)
    {
        var form = new List<KeyValuePair<string, string>>
        {
            new("AccountSid", accountSid),
            new("CallSid", callSid),
            new("StreamSid", streamSid),
            new("StreamName", name ?? streamSid),
            new("StreamEvent", streamEvent),
            new("Timestamp", now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)),
        };
        if (error is not null)
            form.Add(new("StreamError", error));
        return form;
    }
}
