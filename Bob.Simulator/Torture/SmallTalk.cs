using Bob.Simulator.Realtime;

namespace Bob.Simulator.Torture;

/// <summary>The conversation that most faults fall into: a greeting, two questions and their answers. All of tones, so that every byte tells where it is from.</summary>
public static class SmallTalk
{
    public const string Greeting = "Hello, this is Bob.";
    public const string Hours = "We open at nine o'clock and close at five today.";
    public const string Address = "You find us in Harbor Street.";
    public const string WhenOpen = "When are you open?";
    public const string WhereAreYou = "And where are you?";

    internal const string GreetingName = "$greeting";
    internal const string HoursName = "$hours";
    internal const string AddressName = "$address";

    /// <summary>What is spoken and heard, by the names of scenario files.</summary>
    public static IReadOnlyDictionary<string, string> Lines { get; } = new Dictionary<string, string>
    {
        [GreetingName] = Greeting,
        [HoursName] = Hours,
        [AddressName] = Address,
        ["$when"] = WhenOpen,
        ["$where"] = WhereAreYou,
    };

    /// <summary>The caller asks twice, hears every line to its end, and hangs up.</summary>
    public static IReadOnlyList<string> Steps { get; } =
        ["call", "hear $greeting", "say $when", "hear $hours", "say $where", "hear $address", "wait 300ms", "hang-up"];

    /// <summary>What the model answers.</summary>
    public static RealtimeScript Script { get; } = new()
    {
        Greeting = new Reply { Say = [Greeting] },
        Rules =
        [
            new ScriptRule { When = new Occasion { Instructions = ["has been silent for a while"] }, Say = ["Are you still there?"] },
            new ScriptRule
            {
                When = new Occasion { Instructions = ["say goodbye"] },
                Say = ["Thank you for calling. Goodbye!"],
            },
            new ScriptRule { When = new Occasion { Turn = 1 }, Say = [Hours] },
            new ScriptRule { When = new Occasion { Turn = 2 }, Say = [Address] },
        ],
        CallerSays = [WhenOpen, WhereAreYou],
    };

    /// <summary>The text with its lines in the places of their names.</summary>
    public static string Expand(string text)
    {
        foreach (var (name, line) in Lines)
            text = text.Replace(name, line, StringComparison.Ordinal);
        return text;
    }
}
