namespace Bob.Simulator.Realtime;

/// <summary>How the simulated Realtime service behaves.</summary>
public sealed record RealtimeSimulatorOptions
{
    /// <summary>TCP port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>What the model says and suffers.</summary>
    public RealtimeScript Script { get; init; } = new();

    /// <summary>The only key that is accepted; null accepts any that is not empty.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Models that may be asked for.</summary>
    public string[] Models { get; init; } =
    [
        "gpt-realtime", "gpt-realtime-2025-08-28", "gpt-realtime-1.5", "gpt-realtime-2", "gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-realtime-mini",
        "gpt-realtime-mini-2025-10-06", "gpt-realtime-mini-2025-12-15",
    ];

    /// <summary>Wait before the HTTP upgrade is answered.</summary>
    public TimeSpan AcceptDelay { get; init; }

    /// <summary>Wait between <c>response.created</c> and the first item.</summary>
    public TimeSpan FirstDeltaDelay { get; init; }

    /// <summary>Maximum age of a session; then <c>session_expired</c> and close 1001.</summary>
    public TimeSpan SessionLimit { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Seconds of audio sent per second.</summary>
    public double Speed { get; init; } = 8;

    /// <summary>How many times faster than on the clock <c>idle_timeout_ms</c> and the playback before it pass.</summary>
    public double IdleSpeed { get; init; } = 1;

    /// <summary>Answers and sends CLOSE frames; false only ever ends the TCP stream, as the real service is seen to do.</summary>
    public bool CloseFrames { get; init; } = true;

    /// <summary>Keeps every client event and all caller audio. Turn off for long or many calls: then audio of past turns, append events and
    /// sessions that ended are forgotten.</summary>
    public bool KeepHistory { get; init; } = true;

    /// <summary>Of ids, delta sizes and padding. The same seed gives the same events.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The clock of expiry, pacing and idle timeout.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
