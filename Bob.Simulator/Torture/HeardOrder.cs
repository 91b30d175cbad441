namespace Bob.Simulator.Torture;

/// <summary>Compares what was heard with what should have been: in order, each whole, and nothing twice but the moment at a seam.</summary>
public static class HeardOrder
{
    /// <summary>A line that broke off may begin again with its last second, so that no word is lost.</summary>
    private const int SeamMs = 999;

    /// <summary>Less than a letter: at a seam between two words no more than a part of the silence between them may be missing.</summary>
    private const int PauseMs = 50;

    private const string FallbackName = "$fallback";
    private static readonly string[] Fallback = ["clip:apology", "?say:", "record:"];

    /// <summary>What was wrong, in a sentence; null: nothing.</summary>
    /// <param name="bridges">Whether "one moment" may be heard anywhere.</param>
    public static string? Fault(IReadOnlyList<string> wanted, IReadOnlyList<HeardPiece> heard, bool bridges)
    {
        var left = new Queue<HeardPiece>(heard.Where(piece => !(bridges && IsBridge(piece))));
        foreach (var one in wanted.SelectMany(text => text == FallbackName ? Fallback : [text]).Select(Wanted.Parse))
        {
            var toMs = 0;
            while (left.TryPeek(out var next) && one.Means(next.Name) && !IsWhole(toMs, next) && (one.Holes || next.FromMs <= toMs + (toMs > 0 ? PauseMs : 1)) && next.FromMs >= toMs - SeamMs)
                toMs = Math.Max(toMs, left.Dequeue().ToMs);
            var last = heard.LastOrDefault(piece => one.Means(piece.Name));
            var enough = one.Part ? toMs > 0 : last is not null && IsWhole(toMs, last);
            if (!enough && !(one.Optional && toMs == 0))
                return $"\"{one.Name}\" was heard {(toMs == 0 ? "not at all" : $"for {toMs} ms only")} in its place: {Shown(heard)}";
        }

        return left.Count == 0 ? null : $"more was heard than should have been, from \"{left.Peek()}\" on: {Shown(heard)}";
    }

    /// <summary>A clip that says no more than that an answer takes a moment.</summary>
    public static bool IsBridge(HeardPiece piece) =>
        piece.Name.StartsWith(Ear.ClipPrefix, StringComparison.Ordinal) && (piece.Name.Contains("filler", StringComparison.Ordinal) || piece.Name.Contains("still", StringComparison.Ordinal));

    /// <summary>All of it in a line.</summary>
    public static string Shown(IReadOnlyList<HeardPiece> heard) => heard.Count == 0 ? "nothing was heard" : string.Join(", ", heard);

    /// <summary>The last whole millisecond may be padding.</summary>
    private static bool IsWhole(int toMs, HeardPiece piece) => toMs >= piece.LengthMs - 1;

    private sealed record Wanted(string Name, bool Optional, bool Part, bool Holes)
    {
        public static Wanted Parse(string text)
        {
            var optional = text.Length > 1 && text[0] == '?';
            text = optional ? text[1..] : text;
            var (part, holes) = (text.StartsWith("part:", StringComparison.Ordinal), text.StartsWith("holes:", StringComparison.Ordinal));
            return new Wanted(SmallTalk.Expand(part || holes ? text[(text.IndexOf(':') + 1)..] : text), optional, part, holes);
        }

        public bool Means(string name) => Ear.Means(Name, name) || (IsTwilios && name.StartsWith(Name[..(Name.IndexOf(':') + 1)], StringComparison.Ordinal) && name.Contains(Name[(Name.IndexOf(':') + 1)..], StringComparison.OrdinalIgnoreCase));

        private bool IsTwilios => Name.StartsWith("say:", StringComparison.Ordinal) || Name.StartsWith("dial:", StringComparison.Ordinal)
            || Name.StartsWith("play:", StringComparison.Ordinal) || Name.StartsWith("record:", StringComparison.Ordinal);
    }
}
