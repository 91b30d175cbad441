using System.Globalization;

namespace Bob.Bench.Servers;

/// <summary>What a process and those it started have used, from <c>/proc</c>.</summary>
/// <param name="Cpu">User and system time.</param>
/// <param name="Switches">Context switches of its threads, those that ended not counted.</param>
/// <param name="Resident">RSS, bytes.</param>
/// <param name="PeakResident">The most it ever was, bytes.</param>
/// <param name="Handles">Open file descriptors, but those of <paramref name="Symbols"/>.</param>
/// <param name="Symbols">
/// Symbol files (<c>.pdb</c>) that are open: .NET opens an assembly's, once and for good, for the first stack trace that goes through it, and makes one for a socket that fails as it is
/// asked for something. When that is first so, is a matter of chance.
/// </param>
internal sealed record ProcessUse(TimeSpan Cpu, long Switches, long Resident, long PeakResident, int Handles, int Symbols, int Threads)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on

    public static ProcessUse Of(int process)
    {
        var use = new ProcessUse(TimeSpan.Zero, 0, 0, 0, 0, 0, 0);
        foreach (var id in Tree(process))
        {
            var stat = Stat(id);
            var status = File.ReadAllLines($"/proc/{id}/status");
            var tasks = Directory.GetDirectories($"/proc/{id}/task");
            var files = Directory.GetFileSystemEntries($"/proc/{id}/fd");
            var symbols = files.Count(file => new FileInfo(file).LinkTarget?.EndsWith(".pdb", StringComparison.Ordinal) == true);
            use = new ProcessUse(
                use.Cpu + TimeSpan.FromSeconds((long.Parse(stat[13], CultureInfo.InvariantCulture) + long.Parse(stat[14], CultureInfo.InvariantCulture)) / TicksPerSecond),
                use.Switches + tasks.Sum(task => Field(Lines(task + "/status"), "voluntary_ctxt_switches") + Field(Lines(task + "/status"), "nonvoluntary_ctxt_switches")),
                use.Resident + (Field(status, "VmRSS") * 1024),
                use.PeakResident + (Field(status, "VmHWM") * 1024),
                use.Handles + files.Length - symbols,
                use.Symbols + symbols,
                use.Threads + tasks.Length);
        }

        return use;
    }

    /// <summary>
    /// Time that nobody used of these cores. The kernel measures it, whereas the columns of those who were at work are a guess from what a tick of
    /// the clock happened to find.
    /// </summary>
    public static TimeSpan IdleTime(string cores)
    {
        var ticks = 0L;
        foreach (var line in File.ReadLines("/proc/stat"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 8 && Cores.Parse(cores).Any(core => fields[0] == $"cpu{core}"))
                ticks += long.Parse(fields[4], CultureInfo.InvariantCulture) + long.Parse(fields[5], CultureInfo.InvariantCulture); // idle, iowait
        }

        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    private static IEnumerable<int> Tree(int process)
    {
        yield return process;
        foreach (var task in Directory.GetDirectories($"/proc/{process}/task"))
        {
            foreach (var child in File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                foreach (var descendant in Tree(int.Parse(child, CultureInfo.InvariantCulture)))
                    yield return descendant;
            }
        }
    }

    /// <summary>The fields of <c>stat</c>; the second, a name with spaces and brackets maybe, is left whole.</summary>
    private static string[] Stat(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        return ["", "", .. text[(text.LastIndexOf(')') + 2)..].Split(' ')];
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return []; // a thread that ended meanwhile
        }
    }

    private static long Field(string[] lines, string name)
    {
        var line = Array.Find(lines, line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
