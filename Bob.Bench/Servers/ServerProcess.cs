using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Bob.Bench.Callers;
using Bob.Simulator.Faults;

namespace Bob.Bench.Servers;

/// <summary>The measured program, as a process of its own on cores of its own. It ends with the bench, however that ends.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int LinesKept = 40;
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);
    private static readonly ConcurrentDictionary<int, ServerProcess> Running = new();

    // .NET leaves these signals to the kernel, which ends a program without another word.
    private static readonly PosixSignalRegistration[] Interruptions =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, _ => EndAll()))];

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Process _process;
    private readonly string _books = Directory.CreateTempSubdirectory("bob-bench-").FullName;

    static ServerProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();

    private ServerProcess(ProcessStartInfo start, BobAddress address)
    {
        Address = address;
        start.Environment["DATABASE_PATH"] = Path.Combine(_books, "bob.db");
        start.Environment["SPOOL_PATH"] = Path.Combine(_books, "spool");
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        Running[_process.Id] = this;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private static string Dotnet => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    private static string BuiltBob => typeof(ServerProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(about => about.Key == "Bob.Host").Value!;

    public BobAddress Address { get; }

    public int Id => _process.Id;

    /// <summary>The last lines it wrote: what to look at when something went wrong.</summary>
    public string LastWords => string.Join(Environment.NewLine, _lines);

    public static async Task<ServerProcess> StartAsync(ServerPlan plan, int modelPort)
    {
        var address = new BobAddress(FreePort.Next(), Webhooks: plan.Kind == ServerKind.Bob);
        var start = plan.Kind switch
        {
            ServerKind.Bob => Bob(plan, address, modelPort),
            ServerKind.Floor => Floor(plan, address, modelPort),
            _ => Node(plan, address, modelPort),
        };
        var server = new ServerProcess(start, address);
        try
        {
            await server.AnswersAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Running.TryRemove(Id, out _);
        End();
        _process.Dispose();
    }

    private static ProcessStartInfo Bob(ServerPlan plan, BobAddress address, int modelPort)
    {
        var program = Path.GetFullPath(plan.Program ?? BuiltBob); // the process starts in its own folder
        if (!File.Exists(program))
            throw new FileNotFoundException($"There is no Bob at {program}.", program);
        var start = Pinned(plan.Cores, Dotnet, program);
        start.Environment["PORT"] = address.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["SERVER_URL"] = $"https://{address.Host}";
        start.Environment["TWILIO_AUTH_TOKEN"] = address.Token;
        start.Environment["TWILIO_ACCOUNT_SID"] = TwilioMessages.AccountSid;
        start.Environment["OPENAI_API_KEY"] = "bench";
        start.Environment["OPENAI_REALTIME_URL"] = $"ws://127.0.0.1:{modelPort}/v1/realtime";
        start.Environment["MAX_CALL_SECONDS"] = "86400"; // the bench hangs up
        start.Environment["NO_PROGRESS_SECONDS"] = "0"; // and always says the same
        start.Environment["MAX_CALLS"] = plan.MaxCalls.ToString(CultureInfo.InvariantCulture);
        foreach (var bound in new[] { "MAX_CALLS_PER_CALLER", "MAX_CALLS_PER_SECOND", "MAX_LAG_MS" })
            start.Environment[bound] = "0"; // the bench asks for more than is good, to see where that is
        return start;
    }

    private static ProcessStartInfo Floor(ServerPlan plan, BobAddress address, int modelPort)
    {
        var start = Pinned(plan.Cores, Dotnet, typeof(ServerProcess).Assembly.Location);
        foreach (var argument in new[] { "serve-floor", "--port", $"{address.Port}", "--model-port", $"{modelPort}" })
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        return start;
    }

    private static ProcessStartInfo Node(ServerPlan plan, BobAddress address, int modelPort)
    {
        var start = Pinned(plan.Cores, "node", NodePeer.Script());
        foreach (var argument in new[] { $"{address.Port}", $"{modelPort}" })
            start.ArgumentList.Add(argument);
        return start;
    }

    private static ProcessStartInfo Pinned(string cores, string runtime, string program)
    {
        var start = new ProcessStartInfo("taskset")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Path.GetDirectoryName(program)!,
        };
        foreach (var argument in new[] { "-c", cores, runtime, program })
            start.ArgumentList.Add(argument);
        return start;
    }

    private async Task AnswersAsync()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Address.Port}"), Timeout = TimeSpan.FromSeconds(2) };
        for (var since = Stopwatch.StartNew(); since.Elapsed < StartDeadline; await Task.Delay(50))
        {
            if (_process.HasExited)
                break;
            try
            {
                using var answer = await http.GetAsync("/health");
                return;
            }
            catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException)
            {
                // Asked again in a moment.
            }
        }

        throw new InvalidOperationException($"The server did not start.{Environment.NewLine}{LastWords}");
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        while (_lines.Count > LinesKept)
            _lines.TryDequeue(out _);
    }

    private void End()
    {
        try
        {
            _process.Kill();
            _process.WaitForExit(2000);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }

        if (Directory.Exists(_books))
            Directory.Delete(_books, recursive: true);
    }

    private static void EndAll()
    {
        foreach (var server in Running.Values)
            server.End();
    }
}
