using Bob.Simulator.Faults;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;

namespace Bob.Simulator.Torture;

/// <summary>
/// One fault of the catalogue, as data: how Bob and the far ends are set up, what happens, and what must then be true. A file under
/// <c>scenarios</c>, named by its id. Texts may name <c>$greeting</c>, <c>$hours</c>, <c>$address</c>, <c>$when</c> and <c>$where</c>, the lines of
/// <see cref="SmallTalk"/>.
/// </summary>
public sealed record Scenario
{
    /// <summary>Which of the file's scenarios this is, in a word; empty where there is one.</summary>
    public string Case { get; init; } = "";

    /// <summary>The fault, in the words of the catalogue.</summary>
    public required string Title { get; init; }

    /// <summary>Of the catalogue: H0 to H5. After H1 no local clip may be heard but the greeting.</summary>
    public required string Hears { get; init; }

    /// <summary>Runs the scenario once for each of these: their texts take the places of <c>$name</c>. All must be survived.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<System.Text.Json.Nodes.JsonNode>> Each { get; init; } = new Dictionary<string, IReadOnlyList<System.Text.Json.Nodes.JsonNode>>();

    /// <summary>Belongs to the part that every change must pass.</summary>
    public bool Fast { get; init; }

    /// <summary>Measures what the machine can bear: played when no other scenario is.</summary>
    public bool Quiet { get; init; }

    /// <summary>Longest recovery, in ms; what that is, <see cref="Recovery"/> says. Null: there is none to be measured.</summary>
    public int? BoundMs { get; init; }

    /// <summary>Bob's process.</summary>
    public BobSetup Bob { get; init; } = new();

    /// <summary>The model.</summary>
    public ModelSetup Model { get; init; } = new();

    /// <summary>The phone network.</summary>
    public NetworkSetup Network { get; init; } = new();

    /// <summary>What goes wrong on the media streams of the first call.</summary>
    public MediaFaults Line { get; init; } = new();

    /// <summary>What happens, in order: one step a line, as <see cref="Steps"/> knows them.</summary>
    public IReadOnlyList<string> Script { get; init; } = SmallTalk.Steps;

    /// <summary>What must be true of the first call, and of Bob, in the end.</summary>
    public Expectation Expect { get; init; } = new();

    /// <summary>The same of further calls, by the name that the script gives them.</summary>
    public IReadOnlyDictionary<string, Expectation> Others { get; init; } = new Dictionary<string, Expectation>();
}

/// <summary>How Bob's process is started.</summary>
public sealed record BobSetup
{
    /// <summary>Settings besides those of every scenario. <c>$model</c>, <c>$second</c> and <c>$impostor</c> are addresses (ws), <c>$folder</c> the folder of his books, <c>$outside</c> one that no <see cref="Disk"/> bounds.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>No other scenario shares the process. Any setting, limit or disk has the same effect.</summary>
    public bool Alone { get; init; }

    /// <summary>Size of the disk that the books and the recordings are on, as tmpfs has it (<c>1m</c>); null: the machine's.</summary>
    public string? Disk { get; init; }

    /// <summary>Most open files.</summary>
    public int? OpenFiles { get; init; }

    /// <summary>The only core that he may use; null: all.</summary>
    public int? Core { get; init; }

    /// <summary>In a network of the scenario's own, far ends included, that may be spoilt.</summary>
    public bool OwnNetwork { get; init; }

    /// <summary>Not started until the script says so.</summary>
    public bool Waits { get; init; }

    /// <summary>A call before the scenario tells nothing that the scenario is about: what a model did is remembered.</summary>
    internal bool IsWarmedUp => !Waits && !Settings.Keys.Any(key => key.StartsWith("OPENAI_", StringComparison.Ordinal) || key.StartsWith("MODEL_", StringComparison.Ordinal));

    internal bool IsShared => !Alone && Settings.Count == 0 && Disk is null && OpenFiles is null && Core is null && !OwnNetwork && !Waits;
}

/// <summary>What the simulated model says, and what goes wrong with it.</summary>
public sealed record ModelSetup
{
    /// <summary>Null: <see cref="SmallTalk.Script"/>.</summary>
    public RealtimeScript? Script { get; init; }

    /// <summary>Rules before those of the script.</summary>
    public IReadOnlyList<ScriptRule> Rules { get; init; } = [];

    /// <summary>Faults of the protocol.</summary>
    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>Faults below it.</summary>
    public IReadOnlyList<ProxyFault> Proxy { get; init; } = [];

    /// <summary>Seconds of audio sent per second.</summary>
    public double Speed { get; init; } = 8;

    /// <summary>Longest session, in s.</summary>
    public double SessionSeconds { get; init; } = 3600;
}

/// <summary>How the simulated Twilio behaves; as in <see cref="TwilioSimulatorOptions"/>.</summary>
public sealed record NetworkSetup
{
    public double VerbTimeScale { get; init; } = 0.1;

    public WebhookDelivery WebhookDelivery { get; init; }

    public bool CallbacksTwice { get; init; }

    public bool CallbacksOutOfOrder { get; init; }

    public bool ActionAfterHangUp { get; init; } = true;

    public bool NoStatusCallback { get; init; }

    public StreamSignature StreamSignature { get; init; }

    public TimeSpan StreamOpenDelay { get; init; }

    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A document that Twilio has from elsewhere when Bob does not answer; null: the call then ends.</summary>
    public string? Fallback { get; init; }

    /// <summary>A load balancer in front of Bob holds requests for so long while nobody listens.</summary>
    public TimeSpan Holds { get; init; }

    /// <summary>Faults of the TCP connections between the two.</summary>
    public IReadOnlyList<ProxyFault> Proxy { get; init; } = [];

    public string From { get; init; } = "+15550100001";

    public IReadOnlyDictionary<string, string> Form { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<DialOutcome> Dials { get; init; } = [new()];

    public IReadOnlyList<RecordOutcome> Records { get; init; } = [new()];
}

/// <summary>What must be true in the end.</summary>
public sealed record Expectation
{
    /// <summary>
    /// What the caller heard, in order, each whole and once: a line of the model, <c>clip:NAME</c> (a clip that Bob has on disk), <c>say:TEXT</c> (by
    /// Twilio's voice), <c>dial:</c>, <c>record:</c>, <c>?</c> (noise), <c>$fallback</c> (an apology, and a message that the caller may leave). <c>part:</c> before a
    /// line: a beginning of it is enough; <c>holes:</c>: something of it may be missing; <c>?</c> before anything: all of it may be.
    /// </summary>
    public IReadOnlyList<string> Heard { get; init; } = [SmallTalk.GreetingName, SmallTalk.HoursName, SmallTalk.AddressName];

    /// <summary>The one end record: result, side and reason; null: there is none, because there was no call.</summary>
    public string? End { get; init; } = "Completed Caller caller-hung-up";

    /// <summary>How Twilio saw the call end.</summary>
    public CallEndReason TwilioEnd { get; init; } = CallEndReason.CallerHungUp;

    /// <summary>What Twilio's last document must contain.</summary>
    public IReadOnlyList<string> LastDocument { get; init; } = [];

    /// <summary>Connections to the model, <c>2</c> or <c>2-6</c>; null: any number.</summary>
    public string? Sessions { get; init; }

    /// <summary>Connections to the second model, likewise.</summary>
    public string Second { get; init; } = "0";

    /// <summary>How often the caller's line was cleared, likewise.</summary>
    public string? Clears { get; init; }

    /// <summary>Media streams of the call, likewise.</summary>
    public string? Streams { get; init; }

    /// <summary>Longest time without a sound on the line, from the first sound to the end, in ms. People hang up after 4 s.</summary>
    public int DeadAirMs { get; init; } = 3000;

    /// <summary>What Bob's log must contain.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];

    /// <summary>What it must not. Keys and tokens never stand in it.</summary>
    public IReadOnlyList<string> LogNever { get; init; } = [" ERR "];

    /// <summary>Turns on record, in order, <c>caller: words</c> or <c>bob: words as heard</c>; null: not looked at.</summary>
    public IReadOnlyList<string>? Turns { get; init; }

    /// <summary>There is a recording, as long as the call less so many ms; null: not looked at.</summary>
    public int? RecordingLacksMs { get; init; }

    /// <summary>Entries of Twilio's debugger that may be there.</summary>
    public IReadOnlyList<int> Warnings { get; init; } = [];

    /// <summary>Codes of errors that the model may have answered Bob with.</summary>
    public IReadOnlyList<string> ModelErrors { get; init; } = [];

    /// <summary>By how much Bob's memory may have grown, in MB.</summary>
    public int GrowsMb { get; init; } = 150;
}
