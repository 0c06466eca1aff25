using System.Buffers;
using OpsBro.Core.TimeSeries;
using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Carrying;

/// <summary>What is asked.</summary>
internal enum MetricAsking : byte
{
    /// <summary>Values of series by a pattern.</summary>
    Fetch = 1,
    /// <summary>Values of series by tags.</summary>
    FetchTagged,
    /// <summary>Nodes of the tree of names.</summary>
    Find,
    /// <summary>Every name.</summary>
    Names,
}

/// <summary>
/// A question about metrics to another agent: an array of msgpack. Page: docs/protocols/requests.md.
/// <code>[asking, from, until, aspect, text…]</code> where the texts are a pattern, or conditions on tags.
/// </summary>
internal sealed record MetricQuestion(MetricAsking Asking, long From, long Until, Aspect Aspect, IReadOnlyList<string> Texts)
{
    /// <summary>Most conditions on tags.</summary>
    public const int MaxTexts = 256;

    /// <summary>Longest pattern or condition, in bytes.</summary>
    public const int MaxText = 8192;

    /// <summary>The bytes.</summary>
    public byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.Array(4 + Texts.Count);
        writer.Unsigned((byte)Asking);
        writer.Signed(From);
        writer.Signed(Until);
        writer.Unsigned((byte)Aspect);
        foreach (var text in Texts) writer.Text(text);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads one; null when it is none.</summary>
    public static MetricQuestion? Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        if (reader.Array(4 + MaxTexts) is not ({ } count and >= 4)) return null;
        var (asking, from, until, aspect) =
            ((MetricAsking)reader.Unsigned(byte.MaxValue), reader.Signed(), reader.Signed(), (Aspect)reader.Unsigned(byte.MaxValue));
        var texts = new List<string>();
        for (; count > 4 && reader.Ok; count--) texts.Add(reader.Text(MaxText));
        var isSense = reader.Ok && Enum.IsDefined(asking) && Enum.IsDefined(aspect)
            && texts.Count == (asking switch { MetricAsking.FetchTagged => texts.Count, MetricAsking.Names => 0, _ => 1 });
        return isSense ? new MetricQuestion(asking, from, until, aspect, texts) : null;
    }
}
