namespace Bob.Actors.Realtime;

/// <summary>When a session is replaced that the server is going to end. Pure.</summary>
/// <param name="Due">From when on another session is made ready: 5 minutes before the end, or half way through a session that is shorter than 10.</param>
/// <param name="Urgent">From when on any moment will do that cuts nobody short.</param>
internal sealed record SessionRenewal(DateTimeOffset Due, DateTimeOffset Urgent)
{
    private static readonly TimeSpan Lead = TimeSpan.FromMinutes(5);

    /// <summary>Such a limit is no limit, or the clocks are apart.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>For a session that begins <paramref name="now"/>; null for one without an end that could be planned for.</summary>
    public static SessionRenewal? Of(DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (expiresAt is not { } end || end <= now || end - now > Longest)
            return null;
        var lead = (end - now) / 2 < Lead ? (end - now) / 2 : Lead;
        return new SessionRenewal(end - lead, end - (lead / 4));
    }
}
