using Bob.Simulator.Realtime;

namespace Bob.Simulator.Torture;

/// <summary>What the models of a scenario billed Bob for, and how long each of their lines was sound.</summary>
internal static class Bills
{
    public static IReadOnlyList<BilledSession> Of(Stage stage) =>
        [.. stage.Model.Sessions.Select(session => Of(stage, session, Struck(stage, session))), .. stage.Second.Sessions.Select(session => Of(stage, session, []))];

    private static BilledSession Of(Stage stage, SimulatedSession session, IEnumerable<DateTimeOffset> struck)
    {
        var began = session.Received is [var first, ..] ? first.At : DateTimeOffset.MaxValue;
        // Which session a blow was meant for does not matter: what was told before it on another one is due all the same.
        var blows = stage.Blows.Where(blow => blow.What.StartsWith("session ", StringComparison.Ordinal) || blow.What.StartsWith("model ", StringComparison.Ordinal))
            .Select(blow => Recovery.Wall(blow.At)).Where(at => at > began);
        return new BilledSession(session.Told, struck.Concat(blows).Append(session.EndedAt ?? DateTimeOffset.UtcNow).Min());
    }

    private static IEnumerable<DateTimeOffset> Struck(Stage stage, SimulatedSession session) =>
        stage.Model.Struck.Where(struck => struck.Session == session.Number && Breaks(struck.Fault)).Select(struck => struck.At);

    /// <summary>Whether what comes after it may not arrive.</summary>
    private static bool Breaks(Fault fault) => fault.Do switch
    {
        FaultAction.Drop or FaultAction.Fin or FaultAction.Close or FaultAction.Freeze or FaultAction.BlackHole or FaultAction.Oversize or FaultAction.Expire => true,
        FaultAction.Corrupt => fault.Kind is Corruption.Utf8 or Corruption.Truncated,
        _ => false,
    };
}
