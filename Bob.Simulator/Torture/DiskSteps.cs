using System.Diagnostics;
using System.Runtime.Versioning;

namespace Bob.Simulator.Torture;

/// <summary>
/// What happens to Bob's disk: <c>disk full</c> and <c>disk empty</c> (of a scenario with a disk of its own), <c>disk read-only</c> and <c>disk writable</c> ·
/// <c>database locked</c> and <c>database free</c> (as another program would lock the SQLite file), <c>database corrupt</c> (before the
/// start) · <c>dotenv TEXT</c>: a file <c>.env</c> where Bob was started.
/// </summary>
internal static class DiskSteps
{
    // SQLite's own places, https://sqlite.org/walformat.html#locks: in the WAL index, eight lock bytes from 120 on.
    private const long WalLocks = 120;
    private const int WalLockCount = 8;

    public static IReadOnlyDictionary<string, Step> Verbs { get; } = new Dictionary<string, Step>
    {
        ["disk"] = DiskAsync,
        ["database"] = Database,
        ["dotenv"] = (stage, text) => File.WriteAllTextAsync(Path.Combine(stage.Lane.Folder, ".env"), text),
    };

    private static async Task DiskAsync(Stage stage, string text)
    {
        var lane = stage.Lane;
        var bob = lane.Bob ?? throw new StepFailedException("Bob was not started");
        // The mount is in Bob's namespace alone; the kernel shows it under his process.
        var filler = $"/proc/{bob.Id}/root{lane.Disk}/filler";
        switch (text)
        {
            case "full":
                stage.Strike("disk full");
                Fill(filler);
                break;
            case "empty":
                File.Delete(filler);
                break;
            case "read-only" or "writable":
                if (text == "read-only")
                    stage.Strike("disk read-only");
                // A second mount over the first: the kernel makes none read-only that is written to. What is open stays so; nothing can be made, renamed or removed.
                var how = text == "read-only" ? "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"" : "umount \"$1\"";
                await RunAsync("nsenter", "--target", $"{bob.Id}", "--user", "--preserve-credentials", "--mount", "sh", "-c", how, "sh", lane.Disk);
                break;
            default:
                throw new StepFailedException("write full, empty, read-only or writable");
        }
    }

    private static void Fill(string filler)
    {
        var block = new byte[4096];
        using var file = new FileStream(filler, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        try
        {
            while (file.Length < 64 << 20)
                file.Write(block);
        }
        catch (IOException)
        {
            return; // full
        }

        throw new StepFailedException("the disk took 64 MB: it is not one of the scenario's own");
    }

    private static Task Database(Stage stage, string text)
    {
        if (text == "free")
        {
            foreach (var undo in stage.Undo.OfType<FileStream>().ToList())
            {
                undo.Dispose();
                stage.Undo.Remove(undo);
            }

            return Task.CompletedTask;
        }

        if (text == "corrupt")
            return File.WriteAllTextAsync(Path.Combine(stage.Lane.Disk, "bob.db"), string.Concat(Enumerable.Repeat("This is no database. ", 1000)));
        if (!OperatingSystem.IsLinux())
            throw new StepFailedException("locks of this kind are Linux's");
        stage.Strike("database locked");
        var index = new FileStream(Path.Combine(stage.Lane.Disk, "bob.db-shm"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        stage.Undo.Add(index);
        return stage.UntilAsync(
            () => OperatingSystem.IsLinux() && TryLock(index),
            "the database could not be locked",
            TimeSpan.FromSeconds(5));
    }

    [SupportedOSPlatform("linux")]
    private static bool TryLock(FileStream index)
    {
        try
        {
            index.Lock(WalLocks, WalLockCount);
            return true;
        }
        catch (IOException)
        {
            return false; // Bob writes just now
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new StepFailedException($"{program}: {said.Trim()}");
    }
}
