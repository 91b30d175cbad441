using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bob.Simulator.Torture;

/// <summary>Bob's real program, in a process of its own: started, signalled, and ended by its id.</summary>
internal sealed class BobProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly BobLog _log;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private bool _killed;

    // However this program ends, no Bob outlives it.
    static BobProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var bob in Running.Values)
            bob.Kill();
    };

    private BobProcess(ProcessStartInfo start, BobLog log)
    {
        _log = log;
        log.Written += Look;
        _process = Process.Start(start)!;
        Running[_process.Id] = _process;
        _reading = Task.WhenAll(log.FollowAsync(_process.StandardOutput), log.FollowAsync(_process.StandardError));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>When he said that he listens, by <see cref="Stopwatch"/>.</summary>
    public long ListensSince { get; private set; }

    /// <summary>Open sockets; 0 where nobody tells. Other files are opened as code is loaded, and tell nothing of calls.</summary>
    public int OpenSockets =>
        Directory.Exists($"/proc/{Id}/fd") ? Directory.EnumerateFiles($"/proc/{Id}/fd").Count(file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true) : 0;

    /// <summary>Memory in use, MB; 0 where nobody tells.</summary>
    public int MemoryMb
    {
        get
        {
            _process.Refresh();
            return _process.HasExited ? 0 : (int)(_process.WorkingSet64 >> 20);
        }
    }

    /// <summary>Starts Bob. Nothing of this process's environment reaches him but what .NET needs.</summary>
    public static BobProcess Start(string program, string folder, IReadOnlyDictionary<string, string> settings, BobSetup setup, BobLog log)
    {
        string[] dotnet = [Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet", program];
        if (setup.OpenFiles is { } files)
            dotnet = ["prlimit", $"--nofile={files}:{files}", .. dotnet];
        if (setup.Core is { } core)
            dotnet = ["taskset", "--cpu-list", $"{core}", .. dotnet];
        if (setup.Disk is { } size)
        {
            // In a mount namespace of the process's own: nothing is left behind, and nobody has to be root.
            const string mount = "mount -t tmpfs -o size=$1 none \"$2\" && shift 2 && exec \"$@\"";
            dotnet = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", size, Path.Combine(folder, "disk"), .. dotnet];
        }

        var start = new ProcessStartInfo(dotnet[0], dotnet[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var name in start.Environment.Keys.Where(name => !IsNeeded(name)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return new BobProcess(start, log);
    }

    /// <summary>Returns when he listens.</summary>
    /// <exception cref="StepFailedException">He ended instead, or took too long.</exception>
    public async Task ListensAsync()
    {
        var first = await Task.WhenAny(_listening.Task, _process.WaitForExitAsync(), Task.Delay(StartLimit));
        if (first != _listening.Task)
            throw new StepFailedException($"Bob did not start: {(_process.HasExited ? $"exit code {_process.ExitCode}" : $"not within {StartLimit.TotalSeconds:0} s")}: {_log.Lines.LastOrDefault()}");
    }

    /// <summary>Whether he ended by then.</summary>
    public async Task<bool> ExitsAsync(TimeSpan within)
    {
        await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(within));
        return _process.HasExited;
    }

    public void Signal(int signal)
    {
        if (_process.HasExited || SendSignal(_process.Id, signal) != 0)
            throw new StepFailedException("Bob is gone: he cannot be signalled");
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _killed = true;
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_killed)
            await KillAsync();
        Running.TryRemove(Id, out _);
        _log.Written -= Look;
        _log.LetFlow();
        await _reading;
        _process.Dispose();
    }

    private static bool IsNeeded(string name) =>
        name is "PATH" or "HOME" or "USER" or "LANG" or "TMPDIR" or "TEMP" or "TMP" or "SystemRoot" || name.StartsWith("DOTNET_", StringComparison.Ordinal);

    private void Look(string line)
    {
        if (!line.Contains("Listening on port", StringComparison.Ordinal))
            return;
        ListensSince = Stopwatch.GetTimestamp();
        _listening.TrySetResult();
    }

#pragma warning disable SYSLIB1054 // A source generator for one number in and one out.
    [DllImport("libc", EntryPoint = "kill")]
    internal static extern int SendSignal(int process, int signal);
#pragma warning restore SYSLIB1054
}
