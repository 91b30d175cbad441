using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Bob.Simulator.Torture;

/// <summary>
/// A neighbour that burns a core at a priority before all others there: while it burns, nobody else on that core does anything. In the pauses they do. This program keeps off that core
/// meanwhile: who is to be late is Bob, and not his callers. The kernel ends the hog after the time that it was given, whatever becomes of this program.
/// </summary>
internal sealed class Hog : IDisposable
{
    private const int Stop = 19, Continue = 18;
    private const string AllowedCores = "Cpus_allowed_list:";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly string _cores;
    private readonly Lock _gate = new();
    private bool _ended;

    private Hog(Process process, string cores) => (_process, _cores) = (process, cores);

    /// <exception cref="StepFailedException">This machine has no such priority for this user.</exception>
    public static async Task<Hog> StartAsync(int core, TimeSpan longest)
    {
        var cores = File.ReadLines("/proc/self/status").First(line => line.StartsWith(AllowedCores, StringComparison.Ordinal))[AllowedCores.Length..].Trim();
        var others = Listed(cores).Where(other => other != core).ToList();
        if (others.Count == 0)
            throw new StepFailedException("this machine has one core: there is none left for the callers");
        const string burn = "ulimit -t $1; while :; do :; done";
        string[] command = ["--cpu-list", $"{core}", "chrt", "--fifo", "10", "sh", "-c", burn, "sh", $"{(int)Math.Ceiling(longest.TotalSeconds)}"];
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("taskset", command) { RedirectStandardError = true })!;
        }
        catch (Win32Exception missing)
        {
            throw new StepFailedException($"a hog is made by taskset and chrt, which are Linux's: {missing.Message}");
        }

        for (var since = Stopwatch.StartNew(); since.Elapsed < StartLimit; await Task.Delay(20))
        {
            if (process.HasExited)
                throw new StepFailedException($"this user may not go before others (real-time priority, as root or by CAP_SYS_NICE): {(await process.StandardError.ReadToEndAsync()).Trim()}");
            if (!IsFirst(process.Id))
                continue;
            StayOn(string.Join(',', others));
            return new Hog(process, cores);
        }

        process.Kill();
        throw new StepFailedException("the hog was not given its priority");
    }

    /// <summary>Burns a part of each span, until the time is over.</summary>
    public async Task BurnAsync(TimeSpan burns, TimeSpan every, TimeSpan length)
    {
        for (var since = Stopwatch.StartNew(); since.Elapsed < length && Signal(Continue);)
        {
            await Task.Delay(burns);
            Signal(Stop);
            await Task.Delay(every - burns);
        }

        Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
            _process.Kill();
            _process.Dispose();
            StayOn(_cores);
        }
    }

    /// <summary>All threads of this program.</summary>
    private static void StayOn(string cores)
    {
        using var taskset = Process.Start(new ProcessStartInfo("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, $"{Environment.ProcessId}"]) { RedirectStandardOutput = true })!;
        taskset.StandardOutput.ReadToEnd();
        taskset.WaitForExit();
    }

    /// <summary>As the kernel writes them, <c>0-3,6</c>.</summary>
    private static IEnumerable<int> Listed(string cores) => cores.Split(',').Select(part => part.Split('-')).SelectMany(ends =>
    {
        var (first, last) = (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[^1], CultureInfo.InvariantCulture));
        return Enumerable.Range(first, last - first + 1);
    });

    private bool Signal(int signal)
    {
        lock (_gate)
            return !_ended && !_process.HasExited && BobProcess.SendSignal(_process.Id, signal) == 0;
    }

    /// <summary>Whether the process has a priority of real time: then it is the loop that runs, not what starts it.</summary>
    private static bool IsFirst(int process)
    {
        try
        {
            // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 41, counted from the state, the third, on.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[41 - 3], CultureInfo.InvariantCulture) > 0;
        }
        catch (IOException)
        {
            return false; // it ended meanwhile
        }
    }
}
