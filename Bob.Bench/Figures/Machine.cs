using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bob.Bench.Figures;

/// <summary>Where and of what a run was: no figure without it.</summary>
internal sealed record Machine(string Date, string Commit, string Processor, int Cores, string System, string Runtime)
{
    public static Machine Here() => new(
        DateTime.UtcNow.ToString("yyyy-MM-dd"),
        Head(),
        Field("/proc/cpuinfo", "model name") ?? "unknown",
        Environment.ProcessorCount,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription);

    public override string ToString() => $"{Date}, {Commit}, {Processor} x {Cores}, {System}, {Runtime}";

    private static string? Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();

    private static string Head()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["rev-parse", "--short", "HEAD"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = AppContext.BaseDirectory,
            })!;
            var commit = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return commit.Length > 0 ? commit : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown"; // no git here
        }
    }
}
