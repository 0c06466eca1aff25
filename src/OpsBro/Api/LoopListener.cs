using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace OpsBro.Api;

/// <summary>A TCP socket that listens, whose connections are <see cref="LoopConnection"/>s.</summary>
/// <param name="listener">The socket.</param>
internal sealed class LoopEndPoint(Socket listener) : EndPoint
{
    /// <summary>The socket.</summary>
    public Socket Listener => listener;

    /// <inheritdoc/>
    public override string ToString() => $"{listener.LocalEndPoint}";
}

/// <summary>Gives Kestrel the connections of a <see cref="LoopEndPoint"/>.</summary>
/// <param name="memories">Where their buffers come from.</param>
internal sealed class LoopTransport(IMemoryPoolFactory<byte> memories) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is LoopEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new LoopListener((LoopEndPoint)endpoint, memories.Create()));
}

/// <summary>Takes the callers of one socket.</summary>
/// <param name="point">Where it listens.</param>
/// <param name="memory">Buffers.</param>
internal sealed class LoopListener(LoopEndPoint point, MemoryPool<byte> memory) : IConnectionListener
{
    /// <summary>After an accept that failed, for instance for want of descriptors.</summary>
    static readonly TimeSpan afterFailure = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public EndPoint EndPoint => point;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket? caller = null;
            try
            {
                caller = await point.Listener.AcceptAsync(cancellationToken);
                caller.NoDelay = true;
                var connection = new LoopConnection(caller, memory);
                connection.Start();
                return connection;
            }
            catch (Exception e) when (e is ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.NotSocket })
            {
                caller?.Dispose();
                if (caller is null) return null;   // nothing is listened to any more
            }
            catch (SocketException)
            {
                caller?.Dispose();
                if (caller is null) await Task.Delay(afterFailure, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        point.Listener.Dispose();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        point.Listener.Dispose();
        memory.Dispose();
        return default;
    }
}
