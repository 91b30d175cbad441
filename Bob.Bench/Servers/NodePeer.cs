using System.Diagnostics;

namespace Bob.Bench.Servers;

/// <summary>Bridges in Node.js, to be measured beside Bob. They lie beside the bench; what they need of npm's packages is fetched once.</summary>
internal static class NodePeer
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Peers", "node");

    /// <summary>The bridge's script, ready to run.</summary>
    /// <exception cref="InvalidOperationException">npm is missing, or could not install.</exception>
    public static string Script()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
            Install();
        return Path.Combine(Folder, "bare.js");
    }

    private static void Install()
    {
        try
        {
            using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"])
            {
                WorkingDirectory = Folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var errors = npm.StandardError.ReadToEndAsync();
            npm.StandardOutput.ReadToEnd();
            npm.WaitForExit();
            if (npm.ExitCode != 0)
                throw new InvalidOperationException($"npm could not install the Node.js bridge in {Folder}.{Environment.NewLine}{errors.Result}");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new InvalidOperationException("The Node.js bridge needs node and npm, and they are not on the PATH.", missing);
        }
    }
}
