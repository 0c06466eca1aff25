using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Network coordinates: what acks carry of them, and the round trips that they tell.</summary>
sealed partial class Serf
{
    readonly Vivaldi vivaldi = new(chance);
    uint acksToOurKind;
    readonly Dictionary<SwimNode, Measured> measured = new(ReferenceEqualityComparer.Instance);   // only who was pinged

    /// <summary>Our network coordinate.</summary>
    public Coordinate OwnCoordinate => vivaldi.Own;

    /// <summary>
    /// A coordinate is the larger half of an ack. One that has settled changes little, and then our own kind gets it now and then only; a Serf
    /// agent, which perhaps counts on it, always does.
    /// </summary>
    public ReadOnlySpan<byte> AckPayload(SwimNode? asker)
    {
        if (asker is null || vivaldi.Updates < GossipLimits.CoordinateUnsettled || !IsOurKind(asker)) return vivaldi.Payload;
        return acksToOurKind++ % GossipLimits.AcksPerCoordinate == 0 ? vivaldi.Payload : default;
    }

    static bool IsOurKind(SwimNode node)
    {
        foreach (var (key, _) in TagsOf(node))
            if (key == OurTag) return true;
        return false;
    }

    /// <summary>The coordinate of a member, as it said last; null when it never did.</summary>
    public Coordinate? CoordinateOf(string name) =>
        Find(name) is not { } node ? null
        : node == swim.Self ? vivaldi.Own
        : measured.TryGetValue(node, out var known) ? known.Coordinate : null;

    /// <summary>Pings a member once; 0 when there is none of that name.</summary>
    public ulong Ping(string name, TimeSpan now) => Find(name) is { } node && node != swim.Self ? swim.Ping(node, now) : 0;

    /// <inheritdoc/>
    public void PingDone(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        if (node.Status == MemberStatus.None || node == swim.Self || payload.IsEmpty) return;
        var seconds = roundTrip.TotalSeconds;
        if (Coordinate.TryRead(payload) is not { } coordinate || seconds is < 0 or > Vivaldi.MaxRoundTrip)
        {
            Counters.Malformed++;
            return;
        }
        measured.TryGetValue(node, out var known);
        known.Coordinate = coordinate;
        known.Add(seconds);
        measured[node] = known;
        vivaldi.Update(coordinate, known.Median);
    }

    /// <summary>The round trip that the coordinates tell; that which was measured when a peer has none.</summary>
    TimeSpan? RoundTripTo(SwimNode node)
    {
        if (swim is null || node == swim.Self) return null;
        return measured.TryGetValue(node, out var known) ? vivaldi.Own.DistanceTo(known.Coordinate) : node.RoundTrip;
    }
}
