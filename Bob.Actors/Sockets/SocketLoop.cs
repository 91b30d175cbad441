using System.Net;
using System.Net.Sockets;

namespace Bob.Actors.Sockets;

/// <summary>
/// A thread that waits for all connections of its own at once, and reads each where it finds that something has come; there is one for each core. On
/// Linux alone: elsewhere a connection is .NET's.
/// </summary>
public sealed class SocketLoop
{
    /// <summary>News taken in at a time.</summary>
    private const int Batch = 256;

    private const EpollEvents Wanted = EpollEvents.Readable | EpollEvents.Writable | EpollEvents.PeerDone | EpollEvents.EdgeTriggered;

    private static readonly SocketLoop[] Loops =
        OperatingSystem.IsLinux() ? [.. Enumerable.Range(1, Environment.ProcessorCount).Select(number => new SocketLoop(number))] : [];

    private static uint opened;

    private readonly Epoll _epoll = new(Batch);
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private volatile EpollStream?[] _members = [];
    private uint _joined;

    private SocketLoop(int number) => new Thread(Run) { IsBackground = true, Name = $"Bob lines {number}" }.UnsafeStart();

    /// <summary>Connections that are watched.</summary>
    internal static int Connections => Loops.Sum(loop => loop._members.Count(member => member is not null));

    /// <summary>Begins to wait, so that what keeps a process from it is told at its start.</summary>
    public static void Start() => _ = Loops;

    /// <summary>A connected socket's stream, which owns it from here on.</summary>
    /// <exception cref="IOException">The kernel watches no more.</exception>
    public static Stream Open(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return new NetworkStream(socket, ownsSocket: true);
        socket.Blocking = false;
        return Join(socket);
    }

    /// <summary>Connects to the first of a host's addresses that answers.</summary>
    /// <exception cref="SocketException">None does, or there is none: what the last one said.</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancellation)
    {
        SocketException? refusal = null;
        foreach (var address in await Dns.GetHostAddressesAsync(host.Host, cancellation))
        {
            Socket? socket = null;
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                var connected = await ConnectAsync(socket, new IPEndPoint(address, host.Port), cancellation);
                socket = null; // the stream's from here on
                return connected;
            }
            catch (SocketException refused)
            {
                refusal = refused;
            }
            finally
            {
                socket?.Dispose();
            }
        }

        throw refusal ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>A place for a connection.</summary>
    internal long Join(EpollStream member)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out var place))
                place = Grow();
            _members[place] = member;
            return ((long)++_joined << 32) | (uint)place;
        }
    }

    /// <summary>From here on the connection is told of its socket's news, also of those that were there before.</summary>
    internal void Watch(EpollStream member, Socket socket) => _epoll.Watch((int)socket.SafeHandle.DangerousGetHandle(), member.Token, Wanted);

    /// <summary>The kernel forgets a socket when it is closed; what it has told of it already is nobody's any more.</summary>
    internal void Leave(EpollStream member)
    {
        lock (_lock)
        {
            _members[(int)member.Token] = null;
            _free.Push((int)member.Token);
        }
    }

    private static async ValueTask<Stream> ConnectAsync(Socket socket, IPEndPoint address, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            await socket.ConnectAsync(address, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }

        socket.Blocking = false;
        try
        {
            socket.Connect(address);
        }
        catch (SocketException pending) when (pending.SocketErrorCode == SocketError.WouldBlock)
        {
            // As it should be: the loop tells how it went.
        }

        var line = Join(socket);
        try
        {
            await line.ConnectedAsync(cancellation);
            return line;
        }
        catch (Exception)
        {
            line.Dispose();
            throw;
        }
    }

    private static EpollStream Join(Socket socket) => new(socket, Loops[Interlocked.Increment(ref opened) % (uint)Loops.Length]);

    private int Grow()
    {
        var members = new EpollStream?[Math.Max(64, _members.Length * 2)];
        _members.CopyTo(members, 0);
        for (var place = members.Length - 1; place > _members.Length; place--)
            _free.Push(place);
        var first = _members.Length;
        _members = members;
        return first;
    }

    private void Run()
    {
        while (true)
        {
            var count = _epoll.Wait(-1);
            var members = _members;
            for (var i = 0; i < count; i++)
            {
                var token = _epoll.Token(i);
                if (members[(int)token] is { } member && member.Token == token)
                    member.Told(_epoll.Events(i));
            }
        }
    }
}
