using System.Buffers;

namespace OpsBro.Metrics.Exporters;

/// <summary>What became of the points of a part of a page.</summary>
/// <param name="Samples">Those that go.</param>
/// <param name="Filtered">Those that this sink does not want.</param>
/// <param name="Replaced">Those of one series and second before the last of them: a sample has one value.</param>
internal readonly record struct Encoded(int Samples, int Filtered, int Replaced);

/// <summary>Writes points in a sink's language. For one thread; allocates nothing for a point of a known series.</summary>
internal interface IEncoder
{
    /// <summary>Writes a part of a page.</summary>
    /// <param name="points">The page.</param>
    /// <param name="from">First point.</param>
    /// <param name="count">How many.</param>
    /// <param name="output">Gets the bytes.</param>
    Encoded Encode(IReadOnlyList<JournalPoint> points, int from, int count, ArrayBufferWriter<byte> output);
}

/// <summary>Makes encoders.</summary>
internal static class Encoders
{
    /// <summary>The one of a sink's language.</summary>
    public static IEncoder Of(SinkOptions options) => options.Kind switch
    {
        SinkKind.Graphite => LineEncoder.Graphite(options),
        SinkKind.Influx => LineEncoder.Influx(options),
        _ => new RemoteWriteEncoder(options),
    };
}
