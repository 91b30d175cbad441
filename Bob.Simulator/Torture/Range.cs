using System.Globalization;

namespace Bob.Simulator.Torture;

/// <summary>A number, <c>2</c>, or from one to another, <c>2-6</c>.</summary>
internal static class Range
{
    public static bool Holds(string range, int number)
    {
        var ends = range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToList();
        return number >= ends[0] && number <= ends[^1];
    }
}
