using System.Diagnostics;
using Xunit;

namespace Bob.Tests.Bench;

/// <summary>The bench as a process of its own.</summary>
internal static class BenchProcess
{
    /// <summary>Runs it to its end; what it returned, and what it said.</summary>
    public static async Task<(int ExitCode, string Said)> RunAsync(TimeSpan within, params string[] arguments)
    {
        using var bench = Process.Start(new ProcessStartInfo("dotnet", [BuiltProgram.Bench, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(within);
        try
        {
            var (said, complained) = (bench.StandardOutput.ReadToEndAsync(deadline.Token), bench.StandardError.ReadToEndAsync(deadline.Token));
            await bench.WaitForExitAsync(deadline.Token);
            return (bench.ExitCode, await said + await complained);
        }
        finally
        {
            if (!bench.HasExited)
                bench.Kill(entireProcessTree: true);
        }
    }
}
