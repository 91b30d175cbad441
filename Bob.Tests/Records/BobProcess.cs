using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Bob.Host.Configuration;
using Bob.Simulator.Faults;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>The real program, in a process of its own that can be killed.</summary>
internal sealed class BobProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource _listening = new();

    private BobProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"Bob ended:\n{string.Join('\n', _lines)}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Address { get; private init; } = null!;

    public IReadOnlyCollection<string> Lines => _lines;

    public bool IsAlive => !_process.HasExited;

    /// <summary>Files and sockets that he has open.</summary>
    public int OpenFiles => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length;

    /// <summary>The end of the process.</summary>
    public Task Ended => _process.WaitForExitAsync(CancellationToken.None);

    /// <summary>Once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts Bob on a free port, or where another was, and returns when he listens.</summary>
    /// <param name="openFiles">Files and sockets that he may have open; null: as the specs.</param>
    public static async Task<BobProcess> StartAsync(IEnumerable<(string Key, string Value)> settings, int? openFiles = null, int? at = null)
    {
        var port = at ?? FreePort.Next();
        var start = Start([("PORT", $"{port}"), .. settings]);
        if (openFiles is { } limit)
        {
            foreach (var (place, argument) in new[] { $"--nofile={limit}:{limit}", start.FileName }.Index())
                start.ArgumentList.Insert(place, argument);
            start.FileName = "prlimit";
        }

        var bob = new BobProcess(start) { Address = new Uri($"http://localhost:{port}") };
        await bob._listening.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return bob;
    }

    /// <summary>Runs Bob to his end.</summary>
    public static async Task<(int ExitCode, IReadOnlyCollection<string> Lines)> RunAsync(IEnumerable<(string Key, string Value)> settings, params string[] arguments)
    {
        await using var bob = new BobProcess(Start([("PORT", "0"), .. settings], arguments));
        await bob._process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30));
        return (bob._process.ExitCode, bob.Lines);
    }

    /// <summary>SIGTERM: what systemd and containers send.</summary>
    public void Terminate() => Signal(_process.Id, 15);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private static ProcessStartInfo Start(IEnumerable<(string Key, string Value)> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [BuiltProgram.Bob, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var key in Keys.All)
            start.Environment[key] = ""; // not set, whatever the machine has
        start.Environment[Keys.MaxLagMs] = start.Environment[Keys.MaxCallsPerCaller] = "0"; // specs share a machine that may be late, and their callers a number
        foreach (var (key, value) in settings)
            start.Environment[key] = value;
        return start;
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        if (line.Contains("Listening on port", StringComparison.Ordinal))
            _listening.TrySetResult();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);
}
