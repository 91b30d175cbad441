using Bob.Simulator.Twilio;
using Bob.Simulator.Voice;

namespace Bob.Simulator.Torture;

/// <summary>A stretch of something known, as the caller heard it.</summary>
/// <param name="Name">The model's line, <c>clip:NAME</c>, <c>say:TEXT</c> and so on; <c>?</c> for what is none of them.</param>
/// <param name="FromMs">Where in it the stretch begins.</param>
/// <param name="ToMs">Where in it the stretch ends.</param>
/// <param name="LengthMs">How long all of it is.</param>
/// <param name="At">The time of the call.</param>
public sealed record HeardPiece(string Name, int FromMs, int ToMs, int LengthMs, TimeSpan At)
{
    /// <summary>The time of the call when it ended.</summary>
    public TimeSpan Until => At + TimeSpan.FromMilliseconds(ToMs - FromMs);

    public override string ToString() => FormattableString.Invariant($"{Name} {FromMs}–{ToMs} of {LengthMs} ms at {At.TotalSeconds:0.00} s");
}

/// <summary>Tells by the bytes alone what a caller hears: lines of the model, and the clips that Bob has on disk.</summary>
public sealed class Ear
{
    /// <summary>Before the names of clips.</summary>
    public const string ClipPrefix = "clip:";

    /// <summary>5 ms: less cannot be told apart.</summary>
    private const int Shortest = 40;

    private const int TailBytes = 1600;

    /// <summary>What is only told of, and not compared, is always whole.</summary>
    private const int NominalMs = 100;

    private readonly IReadOnlyList<(string Name, byte[] Audio)> _known;
    private readonly Dictionary<ulong, List<(int Clip, int At)>> _places = [];

    /// <param name="lines">What the model may say.</param>
    /// <param name="clips">What Bob has on disk.</param>
    public Ear(IEnumerable<string> lines, IReadOnlyList<(string Name, byte[] Audio)> clips)
    {
        _known = [.. lines.Distinct().Select(line => (line, ScriptedVoice.Say(line).Audio.ToArray())), .. clips];
        for (var clip = 0; clip < _known.Count; clip++)
        {
            var audio = _known[clip].Audio;
            for (var at = 0; at + Shortest <= audio.Length; at++)
            {
                if (audio[at] != Mulaw.Silence)
                    (_places.TryGetValue(Key(audio, at), out var places) ? places : _places[Key(audio, at)] = []).Add((clip, at));
            }
        }
    }

    /// <summary>The last moment of what the name may mean.</summary>
    /// <returns>Empty: nothing is known by that name.</returns>
    public IReadOnlyList<byte[]> EndsOf(string name) =>
        [.. _known.Where(one => Means(name, one.Name)).Select(one => one.Audio[^Math.Min(TailBytes, one.Audio.Length)..])];

    /// <summary>Whether a name of a scenario means that: a part of a clip's name will do, and the greeting may be Bob's own clip.</summary>
    public static bool Means(string wanted, string name) =>
        wanted == name
        || (wanted.StartsWith(ClipPrefix, StringComparison.Ordinal) && name.StartsWith(ClipPrefix, StringComparison.Ordinal) && name.Contains(wanted[ClipPrefix.Length..], StringComparison.Ordinal))
        || (wanted == SmallTalk.Greeting && name.StartsWith(ClipPrefix, StringComparison.Ordinal) && name.Contains("greeting", StringComparison.Ordinal));

    /// <summary>What was heard of Bob and of Twilio's own doing, in order of time.</summary>
    public IReadOnlyList<HeardPiece> Listen(CallReport report)
    {
        var pieces = report.Playback.SelectMany(Listen).ToList();
        foreach (var line in report.Transcript.Where(line => line.Who == "twilio"))
        {
            var (kind, rest) = line.What switch
            {
                var said when said.StartsWith("says: ", StringComparison.Ordinal) => ("say:", said["says: ".Length..]),
                var played when played.StartsWith("plays ", StringComparison.Ordinal) => ("play:", played["plays ".Length..]),
                var dialled when dialled.StartsWith("dials ", StringComparison.Ordinal) => ("dial:", dialled["dials ".Length..]),
                "records the caller" => ("record:", ""),
                _ => ("", ""),
            };
            if (kind.Length > 0)
                pieces.Add(new HeardPiece(kind + rest, 0, NominalMs, NominalMs, line.At));
        }

        return [.. pieces.OrderBy(piece => piece.At)];
    }

    private List<HeardPiece> Listen(HeardAudio stream)
    {
        var (heard, pieces, unknown) = (stream.Audio, new List<HeardPiece>(), 0);
        for (var at = 0; at < heard.Length;)
        {
            if (heard[at] == Mulaw.Silence)
            {
                at++;
                continue;
            }

            var (clip, place, length) = Longest(heard, at, pieces.Count > 0 ? pieces[^1] : null);
            if (length >= Shortest)
            {
                pieces.Add(new HeardPiece(_known[clip].Name, place / 8, (place + length) / 8, _known[clip].Audio.Length / 8, TimeAt(stream, at)));
                (at, unknown) = (at + length, 0);
                continue;
            }

            if (++unknown == Shortest)
                pieces.Add(new HeardPiece("?", 0, NominalMs, NominalMs, TimeAt(stream, at)));
            at++;
        }

        return pieces;
    }

    /// <summary>The longest stretch of anything known that is heard there; of two as long, what goes on with the last one, then what begins.</summary>
    private (int Clip, int At, int Length) Longest(byte[] heard, int at, HeardPiece? last)
    {
        var best = (Clip: 0, At: 0, Length: 0, Fits: 0);
        if (at + Shortest > heard.Length || !_places.TryGetValue(Key(heard, at), out var places))
            return (0, 0, 0);
        foreach (var (clip, place) in places)
        {
            var length = heard.AsSpan(at).CommonPrefixLength(_known[clip].Audio.AsSpan(place));
            var fits = last is not null && _known[clip].Name == last.Name && Math.Abs((place / 8) - last.ToMs) <= 1 ? 2 : place == 0 ? 1 : 0;
            if (length > best.Length || (length == best.Length && fits > best.Fits))
                best = (clip, place, length, fits);
        }

        return (best.Clip, best.At, best.Length);
    }

    private static TimeSpan TimeAt(HeardAudio stream, int offset)
    {
        var run = stream.Runs.LastOrDefault(one => one.Offset <= offset) ?? stream.Runs[0];
        return run.At + Mulaw.Duration(offset - run.Offset);
    }

    private static ulong Key(byte[] audio, int at)
    {
        // Five words of eight bytes: Shortest.
        var hash = 14695981039346656037UL;
        for (var word = 0; word < Shortest / 8; word++)
            hash = unchecked((hash ^ BitConverter.ToUInt64(audio, at + (word * 8))) * 1099511628211UL);
        return hash;
    }
}
