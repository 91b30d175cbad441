using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace Bob.Bench.Servers;

/// <summary>
/// .NET's own meter <c>System.Runtime</c> in another process, read over its diagnostics socket, once a second. Reading costs the process a little:
/// it has a window of its own, after the measured one.
/// </summary>
internal sealed class RuntimeCounters : IDisposable
{
    private const string Provider = "System.Diagnostics.Metrics";
    private const long TimeSeriesValues = 2;
    private readonly EventPipeSession _session;
    private readonly EventPipeEventSource _source;
    private readonly Task _reading;
    private readonly ConcurrentDictionary<string, (double First, DateTime FirstAt, double Last, DateTime LastAt)> _values = new();
    private volatile int _rounds;

    public RuntimeCounters(int process)
    {
        var arguments = new Dictionary<string, string>
        {
            ["SessionId"] = Guid.NewGuid().ToString(),
            ["Metrics"] = "System.Runtime",
            ["RefreshInterval"] = "1",
            ["MaxTimeSeries"] = "1000",
            ["MaxHistograms"] = "0",
        };
        _session = new DiagnosticsClient(process).StartEventPipeSession(
            [new EventPipeProvider(Provider, EventLevel.Informational, TimeSeriesValues, arguments)], requestRundown: false);
        _source = new EventPipeEventSource(_session.EventStream);
        _source.Dynamic.All += Keep;
        _reading = Task.Run(_source.Process);
    }

    /// <summary>How often the values of all instruments have come.</summary>
    public int Rounds => _rounds;

    /// <summary>How fast a counter grew over the window, in its unit per second; 0 for a counter that never showed.</summary>
    public double Rate(string instrument) => _values
        .Where(value => value.Key.StartsWith(instrument + "|", StringComparison.Ordinal) && value.Value.LastAt > value.Value.FirstAt)
        .Sum(value => (value.Value.Last - value.Value.First) / (value.Value.LastAt - value.Value.FirstAt).TotalSeconds);

    /// <summary>The last value, over all its tags.</summary>
    public double Last(string instrument) =>
        _values.Where(value => value.Key.StartsWith(instrument + "|", StringComparison.Ordinal)).Sum(value => value.Value.Last);

    public void Dispose()
    {
        try
        {
            _session.Stop();
            _reading.Wait(TimeSpan.FromSeconds(2));
        }
        catch (Exception ended) when (ended is ServerNotAvailableException or IOException or AggregateException or EndOfStreamException)
        {
            // The process is gone, and its socket with it.
        }

        _source.Dispose();
        _session.Dispose();
    }

    private void Keep(TraceEvent seen)
    {
        if (seen.EventName == "Collection/Stop")
            _rounds++;
        var value = seen.EventName switch
        {
            "CounterRateValuePublished" or "UpDownCounterRateValuePublished" => seen.PayloadByName("value"),
            "GaugeValuePublished" => seen.PayloadByName("lastValue"),
            _ => null,
        };
        if (value is null || !double.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture, out var number))
            return;
        _values.AddOrUpdate(
            $"{seen.PayloadByName("instrumentName")}|{seen.PayloadByName("tags")}",
            _ => (number, seen.TimeStamp, number, seen.TimeStamp),
            (_, known) => known with { Last = number, LastAt = seen.TimeStamp });
    }
}
