using System.Net;

namespace OpsBro.Events;

/// <summary>Counts who is on the websocket port, in all and from one address, and says who may still come.</summary>
internal sealed class StreamGuests
{
    /// <summary>Callers beyond the limits who are still told so; further ones are closed without a word.</summary>
    public const int Waiting = 64;

    readonly Lock gate = new();
    readonly Dictionary<IPAddress, int> sources = [];
    int most = 1, mostOfSource = 1, connections, welcomed;
    long refused;

    /// <summary>Readers that were welcomed and are still here.</summary>
    public int Welcomed
    {
        get
        {
            lock (gate) return welcomed;
        }
    }

    /// <summary>Callers that were sent away.</summary>
    public long Refused => Interlocked.Read(ref refused);

    /// <summary>New limits; who is here may stay.</summary>
    public void Limit(int all, int ofSource)
    {
        lock (gate) (most, mostOfSource) = (all, ofSource);
    }

    /// <summary>A caller is sent away.</summary>
    public void Refuse() => Interlocked.Increment(ref refused);

    /// <summary>A caller is here; false when it cannot even be listened to.</summary>
    public bool Enter(IPAddress source)
    {
        lock (gate)
        {
            var ofSource = sources.GetValueOrDefault(source);
            if (connections >= most + Waiting || (!IPAddress.IsLoopback(source) && ofSource >= mostOfSource + Waiting)) return false;
            sources[source] = ofSource + 1;
            connections++;
            return true;
        }
    }

    /// <summary>Takes a caller as a reader; null, or why not.</summary>
    public (int Status, string Reason)? Welcome(IPAddress source)
    {
        lock (gate)
        {
            if (welcomed >= most) return (503, $"{most} readers are here already; close one of them, or raise websocket.max_clients");
            // itself is among them; this host's proxies speak for many
            if (!IPAddress.IsLoopback(source) && sources.GetValueOrDefault(source) > mostOfSource)
                return (429, $"{mostOfSource} readers of {source} are here already; close one of them, or raise websocket.max_clients_per_source");
            welcomed++;
            return null;
        }
    }

    /// <summary>A reader has gone.</summary>
    public void Leave(IPAddress source)
    {
        Unwelcome();
        Exit(source);
    }

    /// <summary>One that was taken did not become a reader after all.</summary>
    public void Unwelcome()
    {
        lock (gate) welcomed--;
    }

    /// <summary>A caller that did not become a reader has gone.</summary>
    public void Exit(IPAddress source)
    {
        lock (gate)
        {
            connections--;
            var left = sources.GetValueOrDefault(source) - 1;
            if (left > 0) sources[source] = left;
            else sources.Remove(source);
        }
    }
}
