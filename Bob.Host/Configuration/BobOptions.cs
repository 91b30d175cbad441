using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Costs;
using Bob.Actors.Realtime;
using Serilog.Events;

namespace Bob.Host.Configuration;

/// <summary>Which far end answers for the model.</summary>
public enum ModelMode
{
    /// <summary>A Realtime server: OpenAI's, Azure's or a compatible one.</summary>
    Live,

    /// <summary>No key: the simulator in this process speaks a script.</summary>
    Rehearsal,
}

/// <summary>Bob's settings, validated. Made by <see cref="BobOptionsReader"/>.</summary>
public sealed record BobOptions
{
    /// <summary>TCP port of HTTP and WebSockets; 0 takes any free one.</summary>
    public required int Port { get; init; }

    /// <summary>Where Twilio reaches Bob, exactly as configured there: scheme and host, no slash at the end. Null: <c>http://localhost</c> and the port.</summary>
    public required string? ServerUrl { get; init; }

    public required TwilioAccount Twilio { get; init; }

    public required ModelMode Mode { get; init; }

    /// <summary>The model's session. In rehearsal the URL is filled in when the simulator listens.</summary>
    public required RealtimeOptions Realtime { get; init; }

    /// <summary>The servers that are dialled when that one cannot be had, in their order.</summary>
    public required IReadOnlyList<RealtimeOptions> FurtherModels { get; init; }

    public required CallOptions Calls { get; init; }

    public required AdmissionOptions Admission { get; init; }

    /// <summary>What Bob says without a model.</summary>
    public required Clips Clips { get; init; }

    /// <summary>Who takes a call over that Bob cannot go on with.</summary>
    public required FallbackOptions Fallback { get; init; }

    /// <summary>The folder that calls are recorded to, an absolute path; null: they are not recorded.</summary>
    public required string? RecordingDirectory { get; init; }

    /// <summary>The folder of the recordings, whether or not calls are recorded now, an absolute path.</summary>
    public required string RecordingsFolder { get; init; }

    /// <summary>What calls cost and may cost.</summary>
    public required CostOptions Costs { get; init; }

    public required RecordsOptions Records { get; init; }

    public required RetentionOptions Retention { get; init; }

    /// <summary>How long calls that are up may go on when the process is asked to leave.</summary>
    public required TimeSpan Drain { get; init; }

    /// <summary>Who is asked about new calls then; null: they hear busy.</summary>
    public required string? DrainRedirect { get; init; }

    /// <summary>What whoever asks the API must bring; null: the API is closed.</summary>
    public required string? ApiToken { get; init; }

    /// <summary>One JSON object per line instead of Bob's short lines.</summary>
    public required bool LogAsJson { get; init; }

    public required LogEventLevel LogLevel { get; init; }

    /// <summary>What is legal but probably not meant; logged once at the start.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Options hold secrets: they are never printed.</summary>
    public override string ToString() => $"{nameof(BobOptions)} {{ {Mode}, port {Port} }}";
}

/// <summary>The Twilio account whose requests are served.</summary>
/// <param name="AccountSid">Null: the account is not checked beyond the signature.</param>
/// <param name="AuthTokens">The tokens a signature may be made with: the primary, and during a rotation the secondary. None: only this machine is served.</param>
/// <param name="PhoneNumber">Bob's own number, E.164.</param>
public sealed record TwilioAccount(string? AccountSid, IReadOnlyList<string> AuthTokens, string? PhoneNumber)
{
    /// <summary>Where its REST API is.</summary>
    public Uri ApiUrl { get; init; } = new(TwilioRestSettings.Default);

    public bool Signs => AuthTokens.Count > 0;

    public override string ToString() => $"{nameof(TwilioAccount)} {{ {AccountSid}, {AuthTokens.Count} tokens }}";
}

/// <summary>Where the books are kept.</summary>
/// <param name="Server">Connection string of a PostgreSQL server; null: the file.</param>
/// <param name="File">The SQLite file, a full path.</param>
/// <param name="Required">Whether a database that cannot be used stops the start.</param>
/// <param name="Spool">The folder for what the database does not take, a full path.</param>
public sealed record RecordsOptions(string? Server, string File, bool Required, string Spool)
{
    /// <summary>The setting that names the database.</summary>
    public string Key => Server is null ? Keys.DatabasePath : Keys.DatabaseUrl;

    public override string ToString() => $"{nameof(RecordsOptions)} {{ {Key} }}";
}
