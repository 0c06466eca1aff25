using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Where a node is in the space of round trips: the distance of two is about the time a packet takes there and back. Page: serf-wire.md
/// A15.
/// </summary>
/// <param name="Vec">The position, in seconds, in <see cref="CoordinatePayload.Dimensions"/> dimensions.</param>
/// <param name="Error">How unsure the node is: 0 to 1.5.</param>
/// <param name="Adjustment">Correction of distances, in seconds.</param>
/// <param name="Height">Distance to the network, in seconds.</param>
public sealed record Coordinate(IReadOnlyList<double> Vec, double Error, double Adjustment, double Height)
{
    /// <summary>No honest coordinate is further out than this, in seconds: round trips end at 10 s.</summary>
    public const double Most = 1_000;

    /// <summary>The estimated round trip to another.</summary>
    public TimeSpan DistanceTo(Coordinate other) => TimeSpan.FromSeconds(Distance(other));

    /// <summary>Of an ack's payload; null when there is none, or one that cannot be a coordinate.</summary>
    internal static Coordinate? TryRead(ReadOnlySpan<byte> payload)
    {
        if (CoordinatePayload.TryRead(payload) is not { } read) return null;
        var coordinate = new Coordinate(read.Vec, read.Error, read.Adjustment, read.Height);
        return coordinate.IsSound ? coordinate : null;
    }

    /// <summary>All numbers are finite and such as a node can come to.</summary>
    internal bool IsSound
    {
        get
        {
            var sound = Error is >= 0 and <= Most && Height is >= 0 and <= Most && Math.Abs(Adjustment) <= Most;
            foreach (var each in Vec) sound &= Math.Abs(each) <= Most;   // false for NaN
            return sound;
        }
    }

    internal double Distance(Coordinate other)
    {
        var raw = RawDistance(other);
        var adjusted = raw + Adjustment + other.Adjustment;
        return adjusted > 0 ? adjusted : raw;
    }

    internal double RawDistance(Coordinate other)
    {
        var sum = 0d;
        for (var i = 0; i < Vec.Count; i++) sum += (Vec[i] - other.Vec[i]) * (Vec[i] - other.Vec[i]);
        return Math.Sqrt(sum) + Height + other.Height;
    }
}
