using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bob.Bench.Line;

/// <summary>Linux's epoll: which of many sockets have something to read, asked without sleeping on it.</summary>
internal sealed partial class Epoll : IDisposable
{
    private const int Add = 1;
    private const uint Readable = 1;

    // epoll_event is packed on x86-64 alone.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int TokenOffset = EventBytes - sizeof(long);
    private readonly byte[] _events;
    private readonly int _most;
    private readonly int _epoll;

    public Epoll(int mostEvents)
    {
        (_most, _events) = (mostEvents, new byte[mostEvents * EventBytes]);
        _epoll = Checked(Create(0));
    }

    /// <summary>Watches a socket until it is closed.</summary>
    /// <param name="token">Comes back from <see cref="Token"/>.</param>
    public void Watch(int socket, int token)
    {
        Span<byte> wanted = stackalloc byte[EventBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(wanted, Readable);
        BinaryPrimitives.WriteInt64LittleEndian(wanted[TokenOffset..], token);
        Checked(Control(_epoll, Add, socket, wanted));
    }

    /// <summary>How many sockets are readable.</summary>
    /// <param name="milliseconds">How long to sleep when none is; 0 does not sleep.</param>
    public int Wait(int milliseconds)
    {
        var count = Wait(_epoll, _events, _most, milliseconds);
        return count >= 0 || Marshal.GetLastPInvokeError() == Interrupted ? Math.Max(0, count) : Checked(count);
    }

    public int Token(int index) => (int)BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan((index * EventBytes) + TokenOffset));

    public void Dispose() => Close(_epoll);

    private const int Interrupted = 4;

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int socket, Span<byte> wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, Span<byte> events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int epoll);
}
