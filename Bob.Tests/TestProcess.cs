using System.Runtime.CompilerServices;
using CsCheck;

namespace Bob.Tests;

/// <summary>How specs of all kinds share one process with calls in real time.</summary>
internal static class TestProcess
{
    [ModuleInitializer]
    internal static void Prepare()
    {
        // Specs of actors wait for messages on pool threads; the calls beside them must not wait for the pool to grow.
        ThreadPool.SetMinThreads(64, 64);
        // Nor does code that is measured and compiled again pay in the programs that specs start: they live for seconds.
        Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
        // A property spec keeps to one core.
        Check.Threads = 1;
    }
}
