using System.Diagnostics.Metrics;

namespace Bob.Host.Records;

/// <summary>How the books are kept. Instruments of the meter <c>Bob.Records</c>.</summary>
public static class RecordsMetrics
{
    public const string MeterName = "Bob.Records";

    private static readonly Meter Meter = new(MeterName);

    private static long spoolBytes;

    /// <summary>Entries that the database took, those from the spool included.</summary>
    public static Counter<long> Written { get; } = Meter.CreateCounter<long>("bob.journal.written", "{entry}", "Journal entries in the database");

    /// <summary>Entries that went to the spool because the database did not take them in time.</summary>
    public static Counter<long> Spooled { get; } = Meter.CreateCounter<long>("bob.journal.spooled", "{entry}", "Journal entries that went to the spool");

    /// <summary>Entries that are nowhere: neither database nor spool took them before the memory for them was full, or the process or the writer at its end.</summary>
    public static Counter<long> Lost { get; } = Meter.CreateCounter<long>("bob.journal.lost", "{entry}", "Journal entries that were lost");

    /// <summary>Lines of the spool that were not whole.</summary>
    public static Counter<long> SpoolDamaged { get; } = Meter.CreateCounter<long>("bob.spool.damaged", "{line}", "Lines of the spool that were not whole, and dropped");

    /// <summary>Entries that were put aside: a newer Bob's, or refused by the database.</summary>
    public static Counter<long> PutAside { get; } = Meter.CreateCounter<long>("bob.journal.put_aside", "{entry}", "Journal entries put aside for a person to look at");

    /// <summary>Calls whose caller could not be looked up in time, and was taken for a stranger.</summary>
    public static Counter<long> CallersNotFound { get; } = Meter.CreateCounter<long>("bob.callers.not_found", "{call}", "Calls whose caller could not be looked up");

    static RecordsMetrics() => Meter.CreateObservableGauge("bob.spool.size", () => Volatile.Read(ref spoolBytes), "By", "Journal that waits for the database");

    internal static void SpoolIs(long bytes) => Volatile.Write(ref spoolBytes, bytes);
}
