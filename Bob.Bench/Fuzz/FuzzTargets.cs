namespace Bob.Bench.Fuzz;

/// <summary>Everything of Bob's that reads what strangers write.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All() =>
    [
        new MediaStreamTarget(), new RealtimeTarget(), new FramesTarget(), new WebhookTarget(), new CursorTarget(), new JournalTarget(), new SpoolTarget(), new CallersCsvTarget(), new QueryTarget(),
    ];
}
