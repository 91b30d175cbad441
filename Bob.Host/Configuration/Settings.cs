using System.Globalization;
using System.Text.RegularExpressions;

namespace Bob.Host.Configuration;

/// <summary>
/// Reads typed values from the settings and collects what is wrong with them. An empty value means "not set". A read never fails:
/// it returns the default and leaves a <see cref="ConfigurationFault"/> behind.
/// </summary>
public sealed partial class Settings(IConfiguration values)
{
    private const int LongestShown = 60;
    private readonly List<ConfigurationFault> _faults = [];

    public IReadOnlyList<ConfigurationFault> Faults => _faults;

    /// <summary>The trimmed value, or null when it is not set.</summary>
    public string? Text(string key) => values[key]?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>A value that goes into a header or a comparison: no spaces or control characters, at most 512 characters.</summary>
    public string? Secret(string key)
    {
        var text = Text(key);
        if (text is null || (text.Length <= 512 && text.All(c => c is > ' ' and < '\x7f')))
            return text;
        Fault(key, "has spaces, line breaks or characters that no key has", "Copy it again, without quotes around it");
        return null;
    }

    /// <summary>A name as vendors use them for models and voices.</summary>
    public string Name(string key, string byDefault)
    {
        var text = Text(key) ?? byDefault;
        if (NamePattern().IsMatch(text))
            return text;
        Fault(key, $"{Shown(text)} is not a name", $"Write letters, digits, dots and dashes, such as {byDefault}");
        return byDefault;
    }

    public int Whole(string key, int byDefault, int from, int to)
    {
        if (Text(key) is not { } text)
            return byDefault;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to)
            return number;
        Fault(key, $"{Shown(text)} is not a whole number from {Spell(from)} to {Spell(to)}", $"Write a number such as {Spell(byDefault)}");
        return byDefault;
    }

    public double Number(string key, double byDefault, double from, double to)
    {
        if (Text(key) is not { } text)
            return byDefault;
        const NumberStyles plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (double.TryParse(text, plain, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to)
            return number;
        Fault(key, $"{Shown(text)} is not a number from {Spell(from)} to {Spell(to)}", $"Write a number such as {Spell(byDefault)}, with a decimal point");
        return byDefault;
    }

    /// <summary>An amount of money, exact; null when it is not set.</summary>
    public decimal? Money(string key, decimal from, decimal to)
    {
        if (Text(key) is not { } text)
            return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount >= from && amount <= to)
            return amount;
        Fault(
            key,
            string.Create(CultureInfo.InvariantCulture, $"{Shown(text)} is not an amount from {from} to {to}"),
            "Write a number such as 0.40, with a decimal point and without a currency");
        return null;
    }

    public TimeSpan Seconds(string key, TimeSpan byDefault, double from, double to) =>
        TimeSpan.FromSeconds(Number(key, byDefault.TotalSeconds, from, to));

    public bool Flag(string key, bool byDefault)
    {
        switch (Text(key)?.ToLowerInvariant())
        {
            case null: return byDefault;
            case "true" or "yes" or "on" or "1": return true;
            case "false" or "no" or "off" or "0": return false;
            default:
                Fault(key, $"{Shown(Text(key)!)} is neither true nor false", "Write true or false");
                return byDefault;
        }
    }

    public string OneOf(string key, string byDefault, params string[] choices)
    {
        if (Text(key) is not { } text)
            return byDefault;
        if (choices.FirstOrDefault(choice => choice.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } chosen)
            return chosen;
        Fault(key, $"{Shown(text)} is not known", $"Write one of {string.Join(", ", choices)}");
        return byDefault;
    }

    public void Fault(string key, string problem, string remedy) => _faults.Add(new ConfigurationFault(key, problem, remedy));

    /// <summary>A value as it may be shown in a fault: one line, bounded, and nothing that looks like a secret put under the wrong key.</summary>
    public string Shown(string value)
    {
        var holdsSecret = value.Contains('@') || SecretPattern().IsMatch(value)
            || Keys.All.Where(Keys.IsSecret).Select(Text).Any(secret => secret is not null && value.Contains(secret, StringComparison.Ordinal));
        if (holdsSecret)
            return "the value (not shown)";
        var line = new string([.. value.Select(c => char.IsControl(c) ? ' ' : c)]);
        return line.Length > LongestShown ? $"\"{line[..LongestShown]}…\"" : $"\"{line}\"";
    }

    private static string Spell(double number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\bsk-|[?&#]|^[0-9a-fA-F]{32}\z")]
    private static partial Regex SecretPattern();
}
