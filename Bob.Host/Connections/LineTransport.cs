using System.Net;
using System.Net.Sockets;
using Bob.Actors.Sockets;
using Bob.Host.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Bob.Host.Connections;

/// <summary>
/// Kestrel's transport, in Bob's own words. Kestrel's own reads ahead for as long as a connection lives, into a pipe that a media stream's frames
/// would have to take, and can never be taken out of the way again. Here a connection reads when HTTP asks it to, and hands its socket over when a
/// request on it was upgraded (<see cref="LineConnection.TakeOver"/>): a tenth of what a call costs.
/// </summary>
public sealed class LineTransport : IConnectionListenerFactory
{
    private const int Backlog = 512;

    /// <summary>
    /// Files that connections leave to the process. With none left .NET cannot even start a thread of its pool, and ends the process (as an
    /// <see cref="OutOfMemoryException"/> that nobody catches). Assemblies that are loaded late need two each, and so does a thread that begins.
    /// </summary>
    private const int Spare = 40;

    /// <summary>How long callers wait in the backlog when the process may open no more files, until it looks again.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellation = default)
    {
        SocketLoop.Start();
        var socket = Bind(endpoint);
        socket.Listen(Backlog);
        return ValueTask.FromResult<IConnectionListener>(new LineListener(socket));
    }

    private static Socket Bind(EndPoint endpoint)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(taken.Message, taken);
        }
    }

    private sealed class LineListener(Socket socket) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellation = default)
        {
            while (true)
            {
                try
                {
                    // Until then who calls stays in the backlog. A socket that is refused would be refused again at once, on the thread that carries the frames of all calls.
                    while (!HasRoom() && !_unbound.IsCancellationRequested)
                        await Task.Delay(Breath, _unbound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    return Connect(await socket.AcceptAsync(cancellation));
                }
                catch (Exception unbound) when (unbound is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    return null;
                }
                catch (Exception gone) when (gone is SocketException or IOException)
                {
                    // Whoever called was gone before they were answered; or files ran out meanwhile, and they wait on.
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellation = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            _unbound.Cancel();
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        private static LineConnection Connect(Socket accepted)
        {
            try
            {
                return new LineConnection(accepted);
            }
            catch (Exception)
            {
                accepted.Dispose();
                throw;
            }
        }

        /// <summary>Whether one more leaves <see cref="Spare"/>: the kernel gives out the lowest number that is free.</summary>
        private static bool HasRoom()
        {
            if (OpenFiles.Limit is not { } limit)
                return true;
            try
            {
                using var next = File.OpenHandle("/dev/null");
                return next.DangerousGetHandle() < limit - Spare;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
