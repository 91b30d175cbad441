using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Bob.Actors.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Bob.Host.Connections;

/// <summary>One accepted connection. HTTP has it through <see cref="Transport"/>, until somebody takes it over.</summary>
public sealed class LineConnection
    : ConnectionContext, IDuplexPipe, IConnectionIdFeature, IConnectionItemsFeature, IConnectionTransportFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature, IConnectionSocketFeature
{
    private static long accepted;

    private readonly CancellationTokenSource _closed = new();
    private readonly FeatureCollection _features = new();
    private readonly Stream _network;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private int _shut;

    public LineConnection(Socket socket)
    {
        Socket = socket;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        if (LocalEndPoint is IPEndPoint)
            socket.NoDelay = true;
        _network = SocketLoop.Open(socket);
        var stream = new HttpStream(this);
        // Waits for data without a buffer: a connection that is kept alive holds none.
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        _output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        Transport = this;
        ConnectionClosed = _closed.Token;
        _features.Set<IConnectionIdFeature>(this);
        _features.Set<IConnectionItemsFeature>(this);
        _features.Set<IConnectionTransportFeature>(this);
        _features.Set<IConnectionLifetimeFeature>(this);
        _features.Set<IConnectionEndPointFeature>(this);
        _features.Set<IConnectionSocketFeature>(this);
        _features.Set(this);
    }

    public Socket Socket { get; }

    public override string ConnectionId { get; set; } = $"L{Interlocked.Increment(ref accepted):X}";

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    /// <summary>Another one, where something lies between HTTP and the socket: TLS.</summary>
    public override IDuplexPipe Transport { get; set; }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <summary>
    /// The connection under a request whose upgrade was answered, and what has come on it behind the request. Whoever takes it ends it. Null where TLS, or anything else, lies
    /// between HTTP and the socket: then Kestrel's own stream is the one to use.
    /// </summary>
    public static (Stream Connection, ReadOnlyMemory<byte> Come)? TakeOver(HttpContext context) =>
        context.Features.Get<LineConnection>()?.Take();

    /// <summary>Ends the connection at once: what waits is dropped, and the far end hears of a reset. A peer that does not answer holds nothing here.</summary>
    public override void Abort(ConnectionAbortedException reason) => Shut(gently: false);

    public override ValueTask DisposeAsync()
    {
        Shut();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the connection. Any number of times; the first counts.</summary>
    /// <param name="gently">What was sent arrives.</param>
    private void Shut(bool gently = true)
    {
        if (Interlocked.Exchange(ref _shut, 1) == 1)
            return;
        if (!gently)
            Socket.Close(0); // resets
        _network.Dispose();
        ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false); // what hears of it may take its time
    }

    private (Stream Connection, ReadOnlyMemory<byte> Come)? Take()
    {
        if (_network is EpollStream frames)
            frames.CompletesInline = true;
        return Transport == this ? (_network, Rest()) : null;
    }

    /// <summary>What has come behind the request already.</summary>
    private ReadOnlyMemory<byte> Rest()
    {
        if (!_input.TryRead(out var read))
            return default;
        var rest = read.Buffer.ToArray();
        _input.AdvanceTo(read.Buffer.End);
        return rest;
    }

    /// <summary>The socket as HTTP sees it. Kestrel takes the end of a connection from <see cref="ConnectionClosed"/>, and a failed write for a bug.</summary>
    private sealed class HttpStream(LineConnection line) : LineStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> room, CancellationToken cancellation = default)
        {
            try
            {
                return await line._network.ReadAsync(room, cancellation);
            }
            catch (Exception ended) when (ended is ObjectDisposedException || (line._shut == 1 && ended is IOException))
            {
                throw new ConnectionAbortedException();
            }
            catch (IOException failure) when (failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
            {
                line.Shut();
                throw new ConnectionResetException(failure.Message, failure);
            }
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
        {
            try
            {
                await line._network.WriteAsync(bytes, cancellation);
            }
            catch (Exception gone) when (gone is IOException or ObjectDisposedException)
            {
                line.Shut();
            }
        }
    }
}
