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
    /// <summary>Names: every one, or those of a pattern for lists.</summary>
    Names,
    /// <summary>Values of series by their names.</summary>
    FetchNamed,
    /// <summary>Names of series by tags.</summary>
    FindTagged,
    /// <summary>Names of tags that begin so, of series with these tags.</summary>
    TagNames,
    /// <summary>Values of a tag that begin so, of series with these tags, and how many series have each.</summary>
    TagValues,
}

/// <summary>
/// A question about metrics to another agent: an array of msgpack. Page: docs/protocols/requests.md.
/// <code>[asking, from, until, aspect, patience, text…]</code> where the texts are a pattern, names, or what is asked of tags and conditions on them.
/// </summary>
internal sealed record MetricQuestion(MetricAsking Asking, long From, long Until, Aspect Aspect, IReadOnlyList<string> Texts)
{
    /// <summary>Milliseconds that who asks has for it: one that must ask others in turn has less for those.</summary>
    public int Patience { get; init; } = LongestPatience;

    /// <summary>Longest patience, in milliseconds.</summary>
    public const int LongestPatience = 60_000;

    /// <summary>Most names or conditions on tags.</summary>
    public const int MaxTexts = 256;

    /// <summary>The pattern of dotted names that it asks for; null when it asks for any.</summary>
    public string? Pattern => Asking switch
    {
        MetricAsking.Fetch or MetricAsking.Find => Texts[0],
        MetricAsking.Names when Texts is [{ Length: > 0 } pattern] => pattern,
        _ => null,
    };

    /// <summary>Longest pattern or condition, in bytes.</summary>
    public const int MaxText = 8192;

    const int Fields = 5;

    static int Least(MetricAsking asking) => asking switch
    {
        MetricAsking.Fetch or MetricAsking.Find or MetricAsking.TagNames => 1,
        MetricAsking.TagValues => 2,
        _ => 0,
    };

    static int Most(MetricAsking asking) => asking is MetricAsking.Fetch or MetricAsking.Find or MetricAsking.Names ? 1 : MaxTexts;

    /// <summary>The bytes.</summary>
    public byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.Array(Fields + Texts.Count);
        writer.Unsigned((byte)Asking);
        writer.Signed(From);
        writer.Signed(Until);
        writer.Unsigned((byte)Aspect);
        writer.Signed(Patience);
        foreach (var text in Texts) writer.Text(text);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads one; null when it is none.</summary>
    public static MetricQuestion? Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        if (reader.Array(Fields + MaxTexts) is not ({ } count and >= Fields)) return null;
        var (asking, from, until, aspect) =
            ((MetricAsking)reader.Unsigned(byte.MaxValue), reader.Signed(), reader.Signed(), (Aspect)reader.Unsigned(byte.MaxValue));
        var patience = reader.Signed();
        var texts = new List<string>();
        for (; count > Fields && reader.Ok; count--) texts.Add(reader.Text(MaxText));
        var isSense = reader.Ok && Enum.IsDefined(asking) && Enum.IsDefined(aspect)
            && patience is > 0 and <= LongestPatience && texts.Count >= Least(asking) && texts.Count <= Most(asking);
        return isSense ? new MetricQuestion(asking, from, until, aspect, texts) { Patience = (int)patience } : null;
    }
}
