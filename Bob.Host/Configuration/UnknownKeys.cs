namespace Bob.Host.Configuration;

/// <summary>Finds settings that nobody reads: mostly typos, which would otherwise be a silent default.</summary>
public static class UnknownKeys
{
    private const int Far = 3;

    /// <summary>
    /// Every unknown key written into Bob's own files, and those process variables that are nearly one of Bob's keys: the environment is full of
    /// variables that are none of Bob's business.
    /// </summary>
    public static IEnumerable<string> Warnings(SettingsSources sources)
    {
        var process = sources.Values.AsEnumerable().Select(pair => pair.Key).Where(key => !key.Contains(':') && IsNear(Nearest(key)));
        return sources.Written.Concat(process)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Where(key => !Keys.All.Contains(key, StringComparer.OrdinalIgnoreCase))
            .Select(key => Nearest(key) is var near && IsNear(near)
                ? $"{key} is not a setting of Bob's; is {near.Key} meant?"
                : $"{key} is not a setting of Bob's and has no effect");
    }

    /// <summary>Short names are near to everything (<c>PATH</c> to <c>PORT</c>), so the shorter, the stricter.</summary>
    private static bool IsNear((string Key, int Distance) nearest) => nearest.Distance <= Math.Min(Far - 1, nearest.Key.Length / 5);

    private static (string Key, int Distance) Nearest(string key) =>
        Keys.All.Select(known => (known, Distance(key.ToUpperInvariant(), known))).MinBy(near => near.Item2);

    /// <summary>Letters to change, add, remove or swap with their neighbour to get from one name to the other.</summary>
    private static int Distance(string from, string to)
    {
        if (Math.Abs(from.Length - to.Length) >= Far)
            return Far;
        var cost = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                var same = from[i - 1] == to[j - 1] ? 0 : 1;
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j] + 1, cost[i, j - 1] + 1), cost[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }

        return cost[from.Length, to.Length];
    }
}
