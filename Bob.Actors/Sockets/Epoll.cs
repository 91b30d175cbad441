using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bob.Actors.Sockets;

/// <summary>What epoll tells of a socket, in the kernel's numbers.</summary>
[Flags]
internal enum EpollEvents : uint
{
    Readable = 0x001,
    Writable = 0x004,
    Error = 0x008,

    /// <summary>Both directions are over.</summary>
    HungUp = 0x010,

    /// <summary>The peer sends no more.</summary>
    PeerDone = 0x2000,

    /// <summary>Told once per change, and not again for as long as it holds.</summary>
    EdgeTriggered = 0x8000_0000,
}

/// <summary>Linux's epoll: which of many sockets have news. See epoll(7).</summary>
internal sealed partial class Epoll : IDisposable
{
    private const int Add = 1;
    private const int CloseOnExec = 0x80000;
    private const int Interrupted = 4;

    // epoll_event is packed on x86-64 alone.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int TokenOffset = EventBytes - sizeof(long);
    private readonly byte[] _events;
    private readonly int _most;
    private readonly int _epoll;

    public Epoll(int mostEvents)
    {
        (_most, _events) = (mostEvents, new byte[mostEvents * EventBytes]);
        _epoll = Checked(Create(CloseOnExec));
    }

    /// <summary>Watches a socket until it is closed.</summary>
    /// <exception cref="IOException">The kernel watches no more, or no such thing.</exception>
    /// <param name="token">Comes back from <see cref="Token"/>.</param>
    public void Watch(int socket, long token, EpollEvents wanted)
    {
        Span<byte> entry = stackalloc byte[EventBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)wanted);
        BinaryPrimitives.WriteInt64LittleEndian(entry[TokenOffset..], token);
        Checked(Control(_epoll, Add, socket, entry));
    }

    /// <summary>How many sockets have news.</summary>
    /// <param name="milliseconds">How long to sleep when none has; 0 does not sleep, -1 sleeps until one has.</param>
    public int Wait(int milliseconds)
    {
        var count = Wait(_epoll, _events, _most, milliseconds);
        return count >= 0 || Marshal.GetLastPInvokeError() == Interrupted ? Math.Max(0, count) : Checked(count);
    }

    public long Token(int index) => BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan((index * EventBytes) + TokenOffset));

    public EpollEvents Events(int index) => (EpollEvents)BinaryPrimitives.ReadUInt32LittleEndian(_events.AsSpan(index * EventBytes));

    public void Dispose() => Close(_epoll);

    private static int Checked(int result) => result >= 0 ? result : throw new IOException(new Win32Exception(Marshal.GetLastPInvokeError()).Message);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int socket, Span<byte> wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, Span<byte> events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int epoll);
}
