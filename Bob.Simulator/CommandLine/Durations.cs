using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Bob.Simulator.CommandLine;

/// <summary>Durations as people write them: <c>400ms</c>, <c>3s</c>, <c>1.5s</c>, <c>2m</c>.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Ms)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000)];

    public static bool TryParse(string text, out TimeSpan duration, [NotNullWhen(false)] out string? problem)
    {
        foreach (var (unit, ms) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * ms <= TimeSpan.FromDays(1).TotalMilliseconds)
            {
                (duration, problem) = (TimeSpan.FromMilliseconds(number * ms), null);
                return true;
            }
        }

        (duration, problem) = (default, $"\"{text}\" is no duration. Write a number and its unit: 400ms, 3s, 1.5s or 2m.");
        return false;
    }

    /// <summary>An option that takes a duration; null when absent.</summary>
    public static Option<TimeSpan?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "duration",
        CustomParser = Parse,
    };

    private static TimeSpan? Parse(ArgumentResult result)
    {
        if (TryParse(result.Tokens.Single().Value, out var duration, out var problem))
            return duration;
        result.AddError($"{(result.Parent as OptionResult)?.Option.Name}: {problem}");
        return null;
    }
}
