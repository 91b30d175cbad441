using Bob.Host.Records;

namespace Bob.Host.Configuration;

/// <summary>How long things are kept, days; null: until somebody erases them.</summary>
/// <param name="Transcripts">What was said and done in a call: turns, tool runs, the journal.</param>
/// <param name="Calls">The record of a call, and with it all that belongs to it.</param>
/// <param name="Callers">What the business knows of a caller, after it was changed, or they called, the last time.</param>
/// <param name="Usage">What single responses and minutes were paid for; what a call has cost stays with the call.</param>
public sealed record RetentionOptions(int? Transcripts, int? Recordings, int? Calls, int? Messages, int? Callers = null, int? Usage = null);

/// <summary>The settings of how long things are kept.</summary>
public static class RetentionSettings
{
    /// <summary>A hundred years.</summary>
    private const int MaxDays = 36_500;

    /// <summary>The day's cap is kept by what responses have cost lately, counted from a midnight: nothing of that may be gone.</summary>
    private static readonly int LeastUsageDays = (int)SpendingSoFar.Lately.TotalDays + 1;

    public static RetentionOptions Read(Settings settings)
    {
        var options = new RetentionOptions(
            Days(settings, Keys.KeepTranscriptsDays), Days(settings, Keys.KeepRecordingsDays), Days(settings, Keys.KeepCallsDays), Days(settings, Keys.KeepMessagesDays),
            Days(settings, Keys.KeepCallersDays), Days(settings, Keys.KeepUsageDays));
        WithTheCall(settings, Keys.KeepTranscriptsDays, options.Transcripts, options.Calls);
        WithTheCall(settings, Keys.KeepRecordingsDays, options.Recordings, options.Calls);
        if (options.Usage < LeastUsageDays)
            settings.Fault(Keys.KeepUsageDays, $"is less than {LeastUsageDays}, and what a response may cost is told from those of the last {SpendingSoFar.Lately.TotalDays:0} days", $"Write {LeastUsageDays} or more, or nothing");
        return options;
    }

    private static int? Days(Settings settings, string key) => settings.Text(key) is null ? null : settings.Whole(key, 90, 1, MaxDays);

    private static void WithTheCall(Settings settings, string key, int? days, int? calls)
    {
        if (days > calls)
            settings.Fault(key, $"is longer than {Keys.KeepCallsDays}, and goes with its call", $"Write {calls} or less, or nothing");
    }
}
