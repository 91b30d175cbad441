using Serilog.Core;
using Serilog.Events;

namespace Bob.Host.Logging;

/// <summary>
/// Takes from every line what a client asked for. The framework puts it into whatever is logged while it answers, and the address of a caller is a whole phone
/// number, that of a search what somebody said.
/// </summary>
internal sealed class WithoutAddresses : ILogEventEnricher
{
    private static readonly string[] OfRequests = ["RequestPath"];

    /// <summary>Of what the framework logs itself; Bob's own lines name the address of a webhook by one of them.</summary>
    private static readonly string[] OfFramework = ["Path", "PathBase", "QueryString", "RawTarget", "RequestPath"];

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        var ofFramework = logEvent.Properties.GetValueOrDefault(Constants.SourceContextPropertyName) is ScalarValue { Value: string source }
            && source.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal);
        foreach (var name in ofFramework ? OfFramework : OfRequests)
            logEvent.RemovePropertyIfPresent(name);
    }
}
