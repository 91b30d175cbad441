using System.Diagnostics;
using System.Net.Sockets;
using Bob.Actors.Sockets;

namespace Bob.Bench.Line;

/// <summary>
/// All sockets of the load side, served by the one thread that runs it. It polls and never sleeps: a sleeping receiver makes of every message a
/// wake-up across cores, and the kernel bills that to the server that sent it.
/// </summary>
/// <param name="sleeps">Sleep up to 1 ms when nothing is there: for runs in which the load shares its cores with the server.</param>
internal sealed class Exchange(bool sleeps = false) : IDisposable
{
    /// <summary>Sockets served before the clock is looked at again.</summary>
    private const int Batch = 16;

    private readonly Epoll _epoll = new(Batch);
    private readonly List<Action?> _readable = [];
    private readonly Stack<int> _free = new();
    private readonly PriorityQueue<Action, long> _later = new();

    /// <summary>Room to put a message together in: one thread, one message at a time.</summary>
    public byte[] Scratch { get; } = new byte[64 * 1024];

    /// <summary>Called again and again with the time; where callers speak.</summary>
    public Action<long>? Tick { get; set; }

    /// <summary>Turns of the loop that found nothing to do: what is left of the load side.</summary>
    public long IdleTurns { get; private set; }

    public long Turns { get; private set; }

    /// <summary>Calls <paramref name="readable"/> when the socket has something to read, until <see cref="Forget"/>.</summary>
    public int Watch(Socket socket, Action readable)
    {
        if (!_free.TryPop(out var token))
        {
            token = _readable.Count;
            _readable.Add(null);
        }

        _readable[token] = readable;
        _epoll.Watch((int)socket.SafeHandle.DangerousGetHandle(), token, EpollEvents.Readable);
        return token;
    }

    /// <summary>Closes a socket and never calls for it again.</summary>
    public void Forget(int token, Socket socket)
    {
        _readable[token] = null;
        socket.Dispose();
        After(TimeSpan.FromMilliseconds(1), () => _free.Push(token)); // not in this batch: it may hold the token still
    }

    public void After(TimeSpan delay, Action action) =>
        _later.Enqueue(action, Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency));

    /// <summary>Serves the sockets for so long.</summary>
    public void RunFor(TimeSpan time) => RunUntil(() => false, time);

    /// <summary>Serves the sockets until it is done; false when it was not in time.</summary>
    public bool RunUntil(Func<bool> done, TimeSpan within)
    {
        var end = Stopwatch.GetTimestamp() + (long)(within.TotalSeconds * Stopwatch.Frequency);
        while (!done())
        {
            var now = Stopwatch.GetTimestamp();
            if (now >= end)
                return false;
            while (_later.TryPeek(out var action, out var due) && due <= now)
            {
                _later.Dequeue();
                action();
            }

            Tick?.Invoke(now);
            var ready = _epoll.Wait(sleeps ? 1 : 0);
            for (var i = 0; i < ready; i++)
                _readable[(int)_epoll.Token(i)]?.Invoke();
            Turns++;
            if (ready == 0)
                IdleTurns++;
        }

        return true;
    }

    public void Dispose() => _epoll.Dispose();
}
