using System.Text.Json.Serialization;
using Bob.Bench.Servers;

namespace Bob.Bench.Figures;

/// <summary>What one run of one server showed.</summary>
internal sealed record RunFigures
{
    public required ServerKind Server { get; init; }

    public required int Calls { get; init; }

    /// <summary>Length of the measured window, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>User and system time of the server for one second of one call, ms.</summary>
    public required double CpuMsPerCallSecond { get; init; }

    /// <summary>How much of its cores the server used.</summary>
    public required double ServerLoad { get; init; }

    /// <summary>How much of them others used meanwhile: noise.</summary>
    public required double OthersLoad { get; init; }

    /// <summary>Calls that would fill one core at this cost.</summary>
    public double CallsPerCore => 1000 / CpuMsPerCallSecond;

    public required DirectionFigures ToModel { get; init; }

    public required DirectionFigures ToCaller { get; init; }

    /// <summary>How late the callers spoke, the bench's own fault.</summary>
    public required LatencyFigures CallerLateness { get; init; }

    /// <summary>From the webhook to the first audio, while the calls came in.</summary>
    public required LatencyFigures FirstAudio { get; init; }

    public required int FailedCalls { get; init; }

    /// <summary>Sessions of the model beyond one for each call.</summary>
    public required int Redials { get; init; }

    public required long Marks { get; init; }

    public required long Clears { get; init; }

    /// <summary>Context switches of the server for one frame.</summary>
    public required double SwitchesPerFrame { get; init; }

    public required MemoryFigures Memory { get; init; }

    /// <summary>The last lines the server wrote.</summary>
    [JsonIgnore]
    public string LastWords { get; init; } = "";

    /// <summary>What .NET itself counted, if it was asked.</summary>
    public RuntimeFigures? Runtime { get; init; }

    /// <summary>
    /// Nobody else was at work. Noise does not only make times longer: frames that have waited come in heaps, and a heap costs the server less than
    /// its frames would have one by one.
    /// </summary>
    public bool Quiet => OthersLoad <= 0.1 && CallerLateness.P99 <= 2;

    /// <summary>No call failed, and every piece of audio arrived once and in its order.</summary>
    public bool Whole => FailedCalls == 0 && ToModel.Whole && ToCaller.Whole;
}

/// <summary>Audio in one direction, over the whole run; the times are of the window.</summary>
internal sealed record DirectionFigures(long Sent, long Lost, long OutOfOrder, long Unstamped, IReadOnlyList<Gap> Gaps, LatencyFigures AddedMs)
{
    public bool Whole => Lost == 0 && OutOfOrder == 0;

    public static DirectionFigures Of(Journey journey) =>
        new(journey.Sent, journey.Missing, journey.OutOfOrder, journey.Unstamped, [.. journey.Gaps], journey.Latencies.Summary());
}

/// <summary>MB and KB of a million and a thousand bytes.</summary>
/// <param name="IdleMb">RSS after a few calls that warmed the server up, with none there.</param>
/// <param name="LoadedMb">RSS at the end of the window.</param>
internal sealed record MemoryFigures(double IdleMb, double LoadedMb, double PeakMb, double PerCallKb);

/// <summary>.NET's meter <c>System.Runtime</c>; frames are those of one direction, pairs one of each.</summary>
/// <param name="HeapMb">Managed heap after the last collection.</param>
internal sealed record RuntimeFigures(
    double AllocatedBytesPerCallSecond,
    double AllocatedBytesPerFramePair,
    double CollectionsPerSecond,
    double PauseMsPerSecond,
    double HeapMb,
    double CommittedMb,
    double WorkItemsPerFrame,
    double ExceptionsPerSecond);
