using System.Buffers;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Finds this node's network coordinate from the round trips to others and their coordinates: springs pull and push until distances are
/// round trips (Vivaldi, with heights, adjustment and gravity). Page: serf-wire.md A15.
/// </summary>
sealed class Vivaldi(Chance chance)
{
    const double ErrorMax = 1.5;
    const double ErrorShare = 0.25;      // CE
    const double ForceShare = 0.25;      // CC
    const int Window = 20;
    const double HeightMin = 1e-5;
    const double GravityRho = 150;
    const double Zero = 1e-6;
    const int Dimensions = CoordinatePayload.Dimensions;

    /// <summary>Longest round trip that is taken for one, in seconds.</summary>
    public const double MaxRoundTrip = 10;

    static readonly double[] Origin = new double[Dimensions];

    readonly double[] vec = new double[Dimensions];
    readonly double[] window = new double[Window];
    double error = ErrorMax;
    double height = HeightMin;
    double adjustment;
    int next;
    Coordinate? picture;
    byte[]? payload;

    /// <summary>Times that the numbers ran away and we began again.</summary>
    public long Resets { get; private set; }

    /// <summary>Round trips taken in.</summary>
    public long Updates { get; private set; }

    /// <summary>Our coordinate now.</summary>
    public Coordinate Own => picture ??= new([.. vec], error, adjustment, height);

    /// <summary>Our coordinate as an ack carries it.</summary>
    public ReadOnlySpan<byte> Payload
    {
        get
        {
            if (payload is not null) return payload;
            var writer = new ArrayBufferWriter<byte>(160);
            new CoordinatePayload(adjustment, error, height, vec).Write(writer);
            return payload = writer.WrittenSpan.ToArray();
        }
    }

    /// <summary>Takes in a round trip, in seconds, to a node with a sound coordinate.</summary>
    public void Update(Coordinate other, double roundTrip)
    {
        (picture, payload) = (null, null);
        Updates++;
        Spring(other, Math.Max(roundTrip, Zero));
        picture = null;
        Adjust(other, roundTrip);
        Gravity();
        picture = null;
        if (!Own.IsSound) Reset();
    }

    void Spring(Coordinate other, double roundTrip)
    {
        var distance = Own.Distance(other);
        var wrong = Math.Abs(distance - roundTrip) / roundTrip;
        var weight = error / Math.Max(error + other.Error, Zero);
        error = Math.Min(ErrorMax, ErrorShare * weight * wrong + error * (1 - ErrorShare * weight));
        Push(other.Vec, other.Height, ForceShare * weight * (roundTrip - distance));
    }

    /// <summary>The mean of the last differences, halved: each of two nodes adds its own.</summary>
    void Adjust(Coordinate other, double roundTrip)
    {
        window[next] = roundTrip - Own.RawDistance(other);
        next = (next + 1) % Window;
        var sum = 0d;
        foreach (var each in window) sum += each;
        adjustment = sum / (2 * Window);
    }

    /// <summary>Keeps the whole cluster from drifting away.</summary>
    void Gravity()
    {
        var origin = new Coordinate(Origin, ErrorMax, 0, HeightMin);
        picture = null;
        var distance = origin.Distance(Own) / GravityRho;
        Push(Origin, HeightMin, -distance * distance);
    }

    void Push(IReadOnlyList<double> from, double fromHeight, double force)
    {
        Span<double> way = stackalloc double[Dimensions];
        var length = 0d;
        for (var i = 0; i < Dimensions; i++)
        {
            way[i] = vec[i] - from[i];
            length += way[i] * way[i];
        }
        length = Math.Sqrt(length);
        if (length > Zero)
        {
            for (var i = 0; i < Dimensions; i++) vec[i] += way[i] / length * force;
            height = Math.Max(HeightMin, (height + fromHeight) * force / length + height);
            return;
        }
        // two at the same place: any way is as good as another
        length = 0;
        while (length <= Zero)
        {
            length = 0;
            for (var i = 0; i < Dimensions; i++)
            {
                way[i] = chance.Fraction() - 0.5;
                length += way[i] * way[i];
            }
            length = Math.Sqrt(length);
        }
        for (var i = 0; i < Dimensions; i++) vec[i] += way[i] / length * force;
    }

    void Reset()
    {
        Array.Clear(vec);
        Array.Clear(window);
        (error, height, adjustment, next) = (ErrorMax, HeightMin, 0, 0);
        picture = null;
        Resets++;
    }
}

/// <summary>What was measured of one peer.</summary>
struct Measured
{
    float first, second, third;   // the last three round trips, in seconds, newest first; 0: not yet

    /// <summary>The coordinate that it said last.</summary>
    public Coordinate Coordinate { get; set; }

    /// <summary>The median of the last three round trips, in seconds.</summary>
    public readonly double Median
    {
        get
        {
            // of two the higher one, as Serf's filter has it
            if (second == 0) return first;
            if (third == 0) return Math.Max(first, second);
            return Math.Max(Math.Min(first, second), Math.Min(Math.Max(first, second), third));
        }
    }

    /// <summary>Takes in a round trip.</summary>
    public void Add(double seconds) => (first, second, third) = (Math.Max((float)seconds, float.Epsilon), first, second);
}
