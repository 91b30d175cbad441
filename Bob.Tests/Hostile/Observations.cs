using Akka.Actor;
using Bob.Tests.Calls;

namespace Bob.Tests.Hostile;

/// <summary>What came of a message, in the words of a verdict.</summary>
internal static class Observations
{
    private const int LongestShown = 40;

    /// <summary>One after the other, what comes again counted.</summary>
    public static string Listed(IEnumerable<string> things)
    {
        var listed = new List<(string What, int Times)>();
        foreach (var thing in things)
        {
            if (listed.Count > 0 && listed[^1].What == thing)
                listed[^1] = (thing, listed[^1].Times + 1);
            else
                listed.Add((thing, 1));
        }

        return string.Join(", ", listed.Select(one => one.Times == 1 ? one.What : $"{one.What} x {one.Times}"));
    }

    public static string Shown(string text) => text.Length <= LongestShown ? text : $"({text.Length})";

    /// <summary>The verdict, when the stream or the session went on.</summary>
    public static string Verdict(IReadOnlyCollection<string> understood, IReadOnlyCollection<string> counted) => (understood.Count, counted.Count) switch
    {
        (0, 0) => "ignored",
        (_, 0) => $"understood: {Listed(understood)}",
        (0, _) => $"counted: {Listed(counted)}",
        _ => $"understood: {Listed(understood)}; counted: {Listed(counted)}",
    };
}

/// <summary>An actor system for all cases of a corpus: each of its own would take longer than the case.</summary>
public sealed class CorpusSystem : IAsyncDisposable
{
    public ActorSystem System { get; } = ActorSystem.Create("corpus", StandInParent.Config);

    public async ValueTask DisposeAsync() => await System.Terminate();
}
