using System.Net.Sockets;
using System.Threading.Channels;

namespace Bob.Simulator.Faults;

/// <summary>
/// One way of a proxied connection: one loop reads, another writes what is due, so that a delay costs no throughput. Faults strike between two writes,
/// at an exact byte.
/// </summary>
internal sealed class ProxyFlow(Socket from, Socket to, ProxyDirection way, ProxiedConnection connection)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly Channel<(byte[] Data, DateTime Due)> _passing = Channel.CreateBounded<(byte[], DateTime)>(64);
    private volatile bool _frozen, _swallowing, _withholding, _slicing;
    private volatile int _delayMs, _bytesPerSecond, _corruptEvery;
    private long _passed;

    public void Strike(ProxyFault fault)
    {
        switch (fault.Do)
        {
            case ProxyAction.Freeze:
                _frozen = true;
                break;
            case ProxyAction.BlackHole:
                _swallowing = true;
                break;
            case ProxyAction.Withhold:
                _withholding = true;
                break;
            case ProxyAction.Slice:
                _slicing = true;
                break;
            case ProxyAction.Delay:
                _delayMs = fault.Ms;
                break;
            case ProxyAction.Throttle:
                _bytesPerSecond = fault.BytesPerSecond;
                break;
            case ProxyAction.Corrupt:
                _corruptEvery = fault.EveryBytes;
                break;
            case ProxyAction.Heal:
                (_frozen, _swallowing, _withholding, _slicing) = (false, false, false, false);
                (_delayMs, _bytesPerSecond, _corruptEvery) = (0, 0, 0);
                break;
        }
    }

    public async Task ReadAsync(CancellationToken end)
    {
        var buffer = new byte[2048];
        while (true)
        {
            await WhileAsync(() => _frozen, end);
            // Bounded by the writer's pace: nobody reads far ahead of a throttled line.
            await _passing.Writer.WaitToWriteAsync(end);
            var read = await from.ReceiveAsync(buffer, end);
            await WhileAsync(() => _frozen, end);
            if (read == 0 && _swallowing)
                throw new SocketException((int)SocketError.ConnectionReset); // nobody would tell the other end
            if (read == 0)
                break;
            if (way == ProxyDirection.ToServer)
                connection.Saw(buffer.AsSpan(0, read));
            if (!_swallowing)
                await _passing.Writer.WriteAsync((buffer[..read], DateTime.UtcNow.AddMilliseconds(_delayMs)), end);
        }

        _passing.Writer.Complete();
    }

    public async Task WriteAsync(CancellationToken end)
    {
        await foreach (var (data, due) in _passing.Reader.ReadAllAsync(end))
        {
            if (due - DateTime.UtcNow is { Ticks: > 0 } wait)
                await Task.Delay(wait, end);
            for (var at = 0; at < data.Length;)
            {
                var length = (int)Math.Min(data.Length - at, connection.BytesToNextFault(way, _passed));
                await PassAsync(data.AsMemory(at, length), end);
                (at, _passed) = (at + length, _passed + length);
                connection.Passed(way, _passed);
            }
        }

        await WhileAsync(() => _frozen || _withholding, end);
        if (!_swallowing)
            to.Shutdown(SocketShutdown.Send);
    }

    private async Task PassAsync(Memory<byte> data, CancellationToken end)
    {
        await WhileAsync(() => _frozen || _withholding, end);
        if (_swallowing)
            return;
        for (var i = 0; _corruptEvery > 0 && i < data.Length; i++)
            data.Span[i] ^= (byte)((_passed + i + 1) % _corruptEvery == 0 ? 0x04 : 0);
        for (var at = 0; at < data.Length;)
        {
            var rate = _bytesPerSecond;
            var size = _slicing ? 1 : rate > 0 ? Math.Max(1, rate / 20) : data.Length;
            var piece = data.Slice(at, Math.Min(size, data.Length - at));
            await to.SendAsync(piece, end);
            at += piece.Length;
            if (rate > 0 && connection.AnEndHasGone)
                throw new SocketException((int)SocketError.ConnectionReset); // what still waits is for nobody
            if (rate > 0)
                await Task.Delay(TimeSpan.FromSeconds((double)piece.Length / rate), end);
        }
    }

    /// <summary>A line that stands still does not see that an end has gone; the kernel does.</summary>
    private async Task WhileAsync(Func<bool> stands, CancellationToken end)
    {
        while (stands())
        {
            if (connection.AnEndHasGone)
                throw new SocketException((int)SocketError.ConnectionReset);
            await Task.Delay(Look, end);
        }
    }
}
