using Akka.Configuration;
using Akka.Dispatch;

namespace Bob.Actors.Hosting;

/// <summary>
/// Runs a mailbox on the thread that told it. A leg never blocks, so a frame goes from one socket to the other without a change of thread:
/// thread hops are what a frame costs.
/// </summary>
internal sealed class InlineExecutor(string id) : ExecutorService(id)
{
    /// <summary>Legs that tell legs that tell legs: past this depth the stack is given back and a pool thread goes on.</summary>
    private const int MaxDepth = 8;

    [ThreadStatic]
    private static int depth;

    public override void Execute(IRunnable run)
    {
        if (depth >= MaxDepth)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static queued => queued.Run(), run, preferLocal: false);
            return;
        }

        depth++;
        try
        {
            run.Run();
        }
        finally
        {
            depth--;
        }
    }

    public override void Shutdown()
    {
        // It has no threads of its own.
    }
}

/// <summary>Named by the dispatcher's configuration; Akka makes it with these two arguments.</summary>
public sealed class InlineExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new InlineExecutor(id);
}

/// <summary>Where the legs of a call run.</summary>
public static class LegDispatcher
{
    public const string Path = "bob.leg-dispatcher";

    /// <summary>The dispatcher's configuration.</summary>
    public static string Hocon { get; } =
        $$"""
        {{Path}} {
          type = Dispatcher
          executor = "{{typeof(InlineExecutorConfigurator).AssemblyQualifiedName}}"
          throughput = 100
          mailbox-type = "{{typeof(LegMailbox).AssemblyQualifiedName}}"
        }
        """;
}
