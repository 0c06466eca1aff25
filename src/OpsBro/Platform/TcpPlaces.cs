using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace OpsBro.Platform;

/// <summary>Who is connected to one or more <see cref="TcpDoor"/>s: so many at most, and of one address a share of them.</summary>
/// <param name="most">Places now.</param>
/// <param name="mostOfOne">Of one address; null for all of them.</param>
/// <param name="refused">Told of each who was sent away.</param>
internal sealed class TcpPlaces(Func<int> most, Func<int>? mostOfOne = null, Action? refused = null) : IDisposable
{
    readonly Lock gate = new();
    readonly Dictionary<Socket, IPAddress> callers = [];
    readonly Dictionary<IPAddress, int> sources = [];
    bool isClosed;
    long refusals;

    /// <summary>Connections now.</summary>
    public int Taken
    {
        get
        {
            lock (gate) return callers.Count;
        }
    }

    /// <summary>Connections that were sent away.</summary>
    public long Refused => Interlocked.Read(ref refusals);

    /// <summary>Counts one that is sent away.</summary>
    public void Refuse()
    {
        Interlocked.Increment(ref refusals);
        refused?.Invoke();
    }

    /// <summary>Gives a place; false when there is none.</summary>
    public bool TryTake(Socket caller, IPAddress source)
    {
        lock (gate)
        {
            var own = sources.GetValueOrDefault(source);
            if (isClosed || callers.Count >= most() || own >= (mostOfOne?.Invoke() ?? int.MaxValue)) return false;
            callers.Add(caller, source);
            sources[source] = own + 1;
            return true;
        }
    }

    // not in the finally of an async method: compiled ahead, the lock would stay taken (ARCHITECTURE.md, traps)
    /// <summary>Its place is free.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Leave(Socket caller)
    {
        lock (gate)
        {
            if (!callers.Remove(caller, out var source)) return;
            if (--sources[source] == 0) sources.Remove(source);
        }
    }

    /// <summary>Closes all connections, and lets nobody in any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isClosed = true;
            foreach (var caller in callers.Keys) caller.Dispose();
        }
    }
}
