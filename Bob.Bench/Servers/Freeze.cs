using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bob.Bench.Servers;

/// <summary>Stops a whole process for a while, as a hypervisor or a debugger does, and lets it go on.</summary>
internal static partial class Freeze
{
    private const int Continue = 18, Stop = 19; // SIGCONT and SIGSTOP, on every processor that .NET runs on

    public static void Begin(int process) => Signal(process, Stop);

    public static void End(int process) => Signal(process, Continue);

    private static void Signal(int process, int signal)
    {
        if (Kill(process, signal) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
