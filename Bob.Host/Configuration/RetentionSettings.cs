namespace Bob.Host.Configuration;

/// <summary>How long things are kept, days; null: until somebody erases them.</summary>
/// <param name="Transcripts">What was said and done in a call: turns, tool runs, the journal.</param>
/// <param name="Calls">The record of a call, and with it all that belongs to it.</param>
public sealed record RetentionOptions(int? Transcripts, int? Recordings, int? Calls, int? Messages);

/// <summary>The settings of how long things are kept.</summary>
public static class RetentionSettings
{
    /// <summary>A hundred years.</summary>
    private const int MaxDays = 36_500;

    public static RetentionOptions Read(Settings settings)
    {
        var options = new RetentionOptions(
            Days(settings, Keys.KeepTranscriptsDays), Days(settings, Keys.KeepRecordingsDays), Days(settings, Keys.KeepCallsDays), Days(settings, Keys.KeepMessagesDays));
        WithTheCall(settings, Keys.KeepTranscriptsDays, options.Transcripts, options.Calls);
        WithTheCall(settings, Keys.KeepRecordingsDays, options.Recordings, options.Calls);
        return options;
    }

    private static int? Days(Settings settings, string key) => settings.Text(key) is null ? null : settings.Whole(key, 90, 1, MaxDays);

    private static void WithTheCall(Settings settings, string key, int? days, int? calls)
    {
        if (days > calls)
            settings.Fault(key, $"is longer than {Keys.KeepCallsDays}, and goes with its call", $"Write {calls} or less, or nothing");
    }
}
