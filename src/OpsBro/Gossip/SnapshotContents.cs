using System.Globalization;
using System.Net;
using System.Text;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip;

/// <summary>
/// What a snapshot file says, in Serf's format (serf-wire.md A14), one fact a line, the last one counts:
/// <code>
/// alive: NAME ADDR:PORT      not-alive: NAME      clock: N      event-clock: N      query-clock: N      leave
/// # failed: NAME ADDR:PORT   # seed: HOST:PORT                  ours; Serf passes over comments
/// </code>
/// </summary>
internal sealed class SnapshotContents
{
    /// <summary>Longest line that is one.</summary>
    public const int MaxLine = 1024;

    /// <summary>Most members kept, and most seeds.</summary>
    public const int MaxPeers = GossipLimits.MaxNodes, MaxSeeds = 64;

    /// <summary>Members that were alive, with their addresses.</summary>
    public Dictionary<string, PeerAddress> Alive { get; } = new(StringComparer.Ordinal);

    /// <summary>Members that had failed: after an outage of all, they are the only ones one knows.</summary>
    public Dictionary<string, PeerAddress> Failed { get; } = new(StringComparer.Ordinal);

    /// <summary>Addresses that were joined by hand, as they were typed.</summary>
    public List<SeedAddress> Seeds { get; } = [];

    /// <summary>The three Lamport clocks.</summary>
    public ulong Clock { get; set; }

    /// <inheritdoc cref="Clock"/>
    public ulong EventClock { get; set; }

    /// <inheritdoc cref="Clock"/>
    public ulong QueryClock { get; set; }

    /// <summary>Lines that are none; an unfinished last one, which a crash leaves, does not count.</summary>
    public int BadLines { get; private set; }

    /// <summary>Reads a file; whatever it holds.</summary>
    public static SnapshotContents Read(ReadOnlySpan<byte> file)
    {
        var contents = new SnapshotContents();
        while (!file.IsEmpty)
        {
            var end = file.IndexOf((byte)'\n');
            if (end < 0) break;
            contents.Line(file[..end]);
            file = file[(end + 1)..];
        }
        return contents;
    }

    void Line(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        if (bytes.Length > MaxLine || bytes.ContainsAnyInRange((byte)0, (byte)0x1f))
        {
            BadLines++;
            return;
        }
        if (!Take(Encoding.UTF8.GetString(bytes))) BadLines++;
    }

    /// <summary>Takes one line; false when it is none.</summary>
    public bool Take(string line)
    {
        if (line == "leave")
        {
            Forget();
            return true;
        }
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0) return line[0] == '#';
        var value = line[(colon + 2)..];
        switch (line[..colon])
        {
            case "alive":
                if (!TryPeer(value, out var alive, out var address)) return false;
                Failed.Remove(alive);
                if (Alive.Count < MaxPeers) Alive[alive] = address;
                return true;
            case "# failed":
                if (!TryPeer(value, out var failed, out address)) return false;
                Alive.Remove(failed);
                if (Failed.Count < MaxPeers) Failed[failed] = address;
                return true;
            case "not-alive":
                Alive.Remove(value);
                Failed.Remove(value);
                return true;
            case "# seed":
                if (!SeedAddress.TryParse(value, GossipOptions.DefaultPort, out var seed)) return false;
                if (Seeds.Count < MaxSeeds && !Seeds.Contains(seed)) Seeds.Add(seed);
                return true;
            case "clock": return TryClock(value, out var clock) && (Clock = clock) == clock;
            case "event-clock": return TryClock(value, out clock) && (EventClock = clock) == clock;
            case "query-clock": return TryClock(value, out clock) && (QueryClock = clock) == clock;
            case "coordinate": return true;   // older releases of Serf
            default: return line[0] == '#';
        }
    }

    /// <summary>The node left on purpose: it does not come back by itself.</summary>
    public void Forget()
    {
        Alive.Clear();
        Failed.Clear();
        Seeds.Clear();
        (Clock, EventClock, QueryClock) = (0, 0, 0);
    }

    /// <summary>The same contents in the fewest lines.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        foreach (var (name, address) in Alive) text.Append(Peer("alive", name, address));
        foreach (var (name, address) in Failed) text.Append(Peer("# failed", name, address));
        foreach (var seed in Seeds) text.Append(CultureInfo.InvariantCulture, $"# seed: {seed}\n");
        return text.Append(Clocks()).ToString();
    }

    /// <summary>The three clocks as lines.</summary>
    public string Clocks() =>
        string.Create(CultureInfo.InvariantCulture, $"clock: {Clock}\nevent-clock: {EventClock}\nquery-clock: {QueryClock}\n");

    /// <summary>One member as a line; empty for a name that would break it.</summary>
    public static string Peer(string word, string name, PeerAddress address) =>
        name.Length == 0 || name.Length > MaxLine / 4 || name.AsSpan().ContainsAnyInRange('\0', '\x1f') ? "" : $"{word}: {name} {address}\n";

    /// <summary>A name may hold spaces; an address does not.</summary>
    static bool TryPeer(string text, out string name, out PeerAddress address)
    {
        (name, address) = ("", default);
        var space = text.LastIndexOf(' ');
        if (space <= 0 || !IPEndPoint.TryParse(text.AsSpan(space + 1), out var place) || place.Port == 0) return false;
        (name, address) = (text[..space], PeerAddress.Of(place.Address, place.Port));
        return true;
    }

    /// <summary>A clock near its end would poison the cluster: it is not believed.</summary>
    static bool TryClock(string text, out ulong clock) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out clock) && clock < ulong.MaxValue / 2;
}
