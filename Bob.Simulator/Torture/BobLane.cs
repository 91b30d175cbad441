using System.Security.Cryptography;
using Bob.Simulator.Faults;

namespace Bob.Simulator.Torture;

/// <summary>
/// Bob with a fault proxy on either side, so that the far ends can change while he runs: scenarios that need nothing special of him follow each other in one
/// lane.
/// </summary>
internal sealed class BobLane : IAsyncDisposable
{
    public const string AuthToken = "torture-0123456789abcdef01234567";
    public const string AccountSid = "AC00000000000000000000000000000001";
    public const string ApiKey = "sk-torture-0123456789abcdef0123456789abcdef";

    private readonly string _program;
    private readonly BobSetup _setup;
    private readonly List<BobProcess> _started = [];

    private BobLane(string program, BobSetup setup)
    {
        (_program, _setup) = (program, setup);
        Port = FreePort.Next();
        FrontDoor = FaultProxy.Start(Port);
        Model = FaultProxy.Start(0);
        Second = FaultProxy.Start(0);
        Rest = FaultProxy.Start(0);
        Directory.CreateDirectory(Disk);
        ClipsOfBob.Write(Path.Combine(Folder, "clips"));
    }

    /// <summary>All that Bob writes goes here; erased with the lane.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("bob-torture-").FullName;

    /// <summary>Books and recordings.</summary>
    public string Disk => Path.Combine(Folder, "disk");

    public int Port { get; }

    public string ApiToken { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Between Twilio and Bob. His public address.</summary>
    public FaultProxy FrontDoor { get; }

    /// <summary>Between Bob and the model.</summary>
    public FaultProxy Model { get; }

    /// <summary>Between Bob and a second model, for when the first cannot be had.</summary>
    public FaultProxy Second { get; }

    /// <summary>Between Bob and Twilio's REST API.</summary>
    public FaultProxy Rest { get; }

    public SelfSignedServer Impostor { get; } = new();

    public BobLog Log { get; } = new();

    public BobProcess? Bob { get; private set; }

    /// <summary>He has had a call before.</summary>
    public bool IsWarm { get; set; }

    /// <summary>Open sockets after the first scenario of the lane; 0 before.</summary>
    public int UsualSockets { get; set; }

    public string PublicUrl => $"http://localhost:{FrontDoor.Port}";

    public static async Task<BobLane> OpenAsync(string program, BobSetup setup)
    {
        var lane = new BobLane(program, setup);
        try
        {
            if (!setup.Waits)
                await lane.StartAsync();
            return lane;
        }
        catch
        {
            await lane.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts Bob, again if he was killed, and returns when he listens.</summary>
    public async Task StartAsync()
    {
        Launch();
        await Bob!.ListensAsync();
    }

    /// <summary>Starts Bob, and leaves him to it.</summary>
    public void Launch() => _started.Add(Bob = BobProcess.Start(_program, Folder, Settings(), _setup, Log));

    public async ValueTask DisposeAsync()
    {
        foreach (var bob in _started)
            await bob.DisposeAsync();
        await FrontDoor.DisposeAsync();
        await Model.DisposeAsync();
        await Second.DisposeAsync();
        await Rest.DisposeAsync();
        Impostor.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private Dictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string>
        {
            ["PORT"] = $"{Port}",
            ["SERVER_URL"] = PublicUrl,
            ["TWILIO_AUTH_TOKEN"] = AuthToken,
            ["OPENAI_API_KEY"] = ApiKey,
            ["OPENAI_REALTIME_URL"] = "$model",
            ["DATABASE_PATH"] = "$folder/bob.db",
            ["SPOOL_PATH"] = "$folder/spool",
            ["CLIPS_DIRECTORY"] = "$outside/clips",
            ["RECORDING"] = "true",
            ["RECORDING_DIRECTORY"] = "$folder/recordings",
            ["API_TOKEN"] = ApiToken,
            ["TWILIO_ACCOUNT_SID"] = AccountSid,
            ["TWILIO_API_URL"] = $"http://127.0.0.1:{Rest.Port}",
            // A script that asks for a goodbye must not find it in the prompt.
            ["BOB_INSTRUCTIONS"] = "You answer the telephone.",
            // All callers of a lane have the same number, and the machine is busy: who these bounds are about sets them.
            ["MAX_CALLS_PER_CALLER"] = "0",
            ["MAX_CALLS_PER_SECOND"] = "0",
            ["MAX_LAG_MS"] = "0",
        };
        foreach (var (key, value) in _setup.Settings)
            settings[key] = value;
        return settings.ToDictionary(setting => setting.Key, setting => setting.Value
            .Replace("$model", $"ws://127.0.0.1:{Model.Port}/v1/realtime", StringComparison.Ordinal)
            .Replace("$second", $"ws://127.0.0.1:{Second.Port}/v1/realtime", StringComparison.Ordinal)
            .Replace("$impostor", $"wss://localhost:{Impostor.Port}/v1/realtime", StringComparison.Ordinal)
            .Replace("$front", $"{FrontDoor.Port}", StringComparison.Ordinal)
            .Replace("$outside", Folder, StringComparison.Ordinal)
            .Replace("$folder", Disk, StringComparison.Ordinal));
    }
}
