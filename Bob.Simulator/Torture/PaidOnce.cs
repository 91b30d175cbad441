using Bob.Simulator.Realtime;

namespace Bob.Simulator.Torture;

/// <summary>A session of the model's, as a bill sees it.</summary>
/// <param name="Told">What was written to its line, in order.</param>
/// <param name="SoundUntil">Until then nothing stood between the model's words and Bob: no fault, and no end.</param>
public sealed record BilledSession(IReadOnlyList<ToldUsage> Told, DateTimeOffset SoundUntil);

/// <summary>A response that Bob has in his books.</summary>
public sealed record BookedUsage(string? ResponseId, TokenCounts Tokens);

/// <summary>
/// Whether each response was paid for once: what is booked was told, is booked with the tokens that were told and not twice, and what was told in time is booked. What was told in the
/// last moment of a session may or may not have reached Bob: nobody can know.
/// </summary>
public static class PaidOnce
{
    /// <summary>What was wrong, in a sentence; null: nothing.</summary>
    /// <param name="sessions">Of all calls. Two models may give the same id.</param>
    /// <param name="booked">Of all calls.</param>
    /// <param name="moment">How long before the end of a sound line an event must be on it to be read by Bob for certain.</param>
    public static string? Fault(IReadOnlyList<BilledSession> sessions, IReadOnlyList<BookedUsage> booked, TimeSpan moment)
    {
        // An event that comes twice, word for word, is the same bill.
        var bills = sessions.SelectMany(session => session.Told.DistinctBy(told => (told.ResponseId, told.Tokens))
            .Select(told => new Bill(told.ResponseId, told.Tokens, IsDue: told.At + moment <= session.SoundUntil))).ToList();
        foreach (var one in booked)
        {
            var mine = bills.Where(bill => bill.ResponseId == one.ResponseId && bill.Tokens == one.Tokens).OrderByDescending(bill => bill.IsDue).FirstOrDefault();
            if (mine is null || !bills.Remove(mine))
                return $"the response {one.ResponseId} is booked with {one.Tokens}, {Instead(sessions, booked, one)}";
        }

        return bills.Find(bill => bill.IsDue) is { } unpaid ? $"the response {unpaid.ResponseId} was told with {unpaid.Tokens} and is not booked" : null;
    }

    private static string Instead(IReadOnlyList<BilledSession> sessions, IReadOnlyList<BookedUsage> booked, BookedUsage one)
    {
        var told = sessions.SelectMany(session => session.Told).Where(told => told.ResponseId == one.ResponseId).ToList();
        if (told.Count == 0)
            return "and the model told of none";
        return booked.Count(other => other == one) > 1 ? "more often than there were responses" : $"and was told with {told[0].Tokens}";
    }

    private sealed record Bill(string ResponseId, TokenCounts Tokens, bool IsDue);
}
