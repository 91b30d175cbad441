using System.Globalization;

namespace Bob.Host.Configuration;

/// <summary>
/// Files and sockets that this process may have open. When there are none left, nobody can be answered any more, so there are never more calls and connections
/// than fit.
/// </summary>
public static class OpenFiles
{
    /// <summary>Of a call: the caller's socket, the model's, and the recording, and as many while one takes the other's place.</summary>
    private const int PerCall = 4;

    /// <summary>Of the process itself, whose assemblies alone are some 300, and of the database.</summary>
    private const int Reserve = 400;

    /// <summary>Connections that are no media streams, at least.</summary>
    private const int LeastRequests = 50;

    /// <summary>The limit of this process (<c>ulimit -n</c>); null where there is none to be read.</summary>
    public static int? Limit { get; } = File.Exists("/proc/self/limits") ? Parse(File.ReadAllText("/proc/self/limits")) : null;

    /// <summary>Calls that fit into so many files.</summary>
    public static int Calls(int limit) => Math.Max(1, (limit - Reserve) / PerCall);

    /// <summary>Connections beside those of so many calls.</summary>
    public static int Requests(int limit, int calls) => Math.Max(LeastRequests, limit - Reserve - (PerCall * calls));

    /// <summary>Reads <c>/proc/self/limits</c>.</summary>
    public static int? Parse(string limits)
    {
        const string name = "Max open files";
        var line = limits.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is not null && int.TryParse(line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out var limit)
            ? limit
            : null;
    }
}
