using Bob.Actors.Realtime;
using Microsoft.Extensions.AI;

namespace Bob.Actors.Tools;

/// <summary>The tools of one call, and which of them run. Not thread-safe; the runs themselves are on the thread pool.</summary>
internal sealed class ToolRuns(IReadOnlyList<AIFunction> tools, TimeSpan timeout, TimeProvider clock)
{
    private readonly HashSet<string> _started = [];

    /// <summary>How many run now.</summary>
    public int Running { get; private set; }

    /// <summary>Starts a tool, once per call id: a server may send a call twice, and a restarted leg may hear of it again. Null the second time.</summary>
    public Task<ToolOutcome>? Start(FunctionCalled called)
    {
        if (!_started.Add(called.CallId))
            return null;
        Running++;
        return ToolRun.RunAsync(tools, called.Name, called.Arguments, timeout, clock);
    }

    /// <summary>One of them has given its output; it may have been started before the call's actor was restarted.</summary>
    public void Finished() => Running = Math.Max(0, Running - 1);
}
