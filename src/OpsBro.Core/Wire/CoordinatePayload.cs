using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>
/// Network coordinates (Vivaldi) in the payload of an ack: the version byte 1, then a map. Other versions and
/// dimensions are none of ours.
/// </summary>
/// <param name="Adjustment">Correction, in seconds.</param>
/// <param name="Error">How unsure the node is, 0 to 1.5.</param>
/// <param name="Height">Distance to the network, in seconds.</param>
/// <param name="Vec">The position, in seconds, in <see cref="Dimensions"/> dimensions.</param>
public sealed record CoordinatePayload(double Adjustment, double Error, double Height, double[] Vec)
{
    /// <summary>The dimensions of the space.</summary>
    public const int Dimensions = 8;

    const byte Version = 1;

    /// <summary>
    /// Reads a payload; null when it is empty, of another version or dimension, malformed, or holds NaN or infinity.
    /// </summary>
    public static CoordinatePayload? TryRead(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty || payload[0] != Version) return null;
        var reader = new MsgPackReader(payload[1..]);
        return Read(ref reader);
    }

    /// <summary>Reads the map alone; null when it is of another dimension, malformed, or holds NaN or infinity.</summary>
    internal static CoordinatePayload? Read(ref MsgPackReader reader)
    {
        var (adjustment, error, height) = (0d, 0d, 0d);
        var (vec, dimensions) = (new double[Dimensions], 0);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Adjustment": adjustment = reader.Float(); break;
                case "Error": error = reader.Float(); break;
                case "Height": height = reader.Float(); break;
                case "Vec":
                    dimensions = reader.Array(Dimensions) ?? 0;
                    for (var i = 0; i < dimensions; i++) vec[i] = reader.Float();
                    break;
                default: reader.Skip(); break;
            }
        }
        var sound = reader.Ok && dimensions == Dimensions && double.IsFinite(adjustment) && double.IsFinite(error)
            && double.IsFinite(height) && Array.TrueForAll(vec, double.IsFinite);
        return sound ? new CoordinatePayload(adjustment, error, height, vec) : null;
    }

    /// <summary>Writes the payload.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type(Version);
        Write(writer);
    }

    /// <summary>Writes the map alone.</summary>
    internal void Write(MsgPackWriter writer)
    {
        writer.Map(4);
        writer.Field("Adjustment"u8, Adjustment);
        writer.Field("Error"u8, Error);
        writer.Field("Height"u8, Height);
        writer.Raw("Vec"u8);
        writer.Array(Vec.Length);
        foreach (var each in Vec) writer.Float(each);
    }
}
