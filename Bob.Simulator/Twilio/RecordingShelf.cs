using System.Collections.Concurrent;
using System.Text;

namespace Bob.Simulator.Twilio;

/// <summary>The recordings of an account, as its REST API serves them. All members may be used from any thread.</summary>
public sealed class RecordingShelf(TwilioSimulatorOptions options)
{
    private readonly ConcurrentDictionary<string, byte[]> _recordings = new(StringComparer.Ordinal);

    /// <summary>Where the REST API is, without a path.</summary>
    public Uri Api { get; set; } = new("https://api.twilio.com");

    /// <summary>The SIDs of all recordings.</summary>
    public IReadOnlyCollection<string> Sids => [.. _recordings.Keys];

    /// <summary>The URL that Twilio tells of a recording; <c>.wav</c> behind it fetches it.</summary>
    public string UrlOf(string sid) => new Uri(Api, $"/2010-04-01/Accounts/{options.AccountSid}/Recordings/{sid}").AbsoluteUri;

    /// <summary>A recording as a WAV file, 16-bit PCM at 8 kHz, or null.</summary>
    public byte[]? Find(string sid) => _recordings.GetValueOrDefault(sid);

    /// <summary>
    /// Answers <c>GET /2010-04-01/Accounts/{sid}/Recordings/{RE…}.wav</c>: 200 and the file, 401 without the account's credentials, 404 for anything else. For whoever
    /// serves the REST API, which has to tell its <see cref="Api"/>.
    /// </summary>
    public (int Status, byte[]? Wav) Fetch(string path, string? authorization)
    {
        if (options.AuthToken is { } token && authorization != $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{options.AccountSid}:{token}"))}")
            return (401, null);
        var begin = $"/2010-04-01/Accounts/{options.AccountSid}/Recordings/";
        var sid = path.StartsWith(begin, StringComparison.Ordinal) && path.EndsWith(".wav", StringComparison.Ordinal) ? path[begin.Length..^".wav".Length] : "";
        return Find(sid) is { } wav ? (200, wav) : (404, null);
    }

    /// <summary>Puts a recording on the shelf.</summary>
    /// <returns>Its SID.</returns>
    public string Keep(ReadOnlySpan<byte> mulaw)
    {
        var sid = Sid.New("RE");
        _recordings[sid] = Wav.WriteMono(mulaw);
        return sid;
    }
}
