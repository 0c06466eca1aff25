using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>
/// A node's tags in its Meta: the byte 255, then a msgpack map of texts. Serf protocol 2 has no such byte: Meta is
/// then the role.
/// The order of the pairs is kept; Go's is random.
/// </summary>
public static class Tags
{
    /// <summary>The first byte.</summary>
    public const byte Magic = 255;

    /// <summary>Most bytes of Meta that peers accept.</summary>
    public const int MaxMetaSent = 512;

    /// <summary>Reads Meta; null when it is malformed. Nothing at all means no tags.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? TryRead(ReadOnlySpan<byte> meta)
    {
        if (meta.IsEmpty) return [];
        if (meta[0] != Magic) return [new("role", WireText.Decode(meta))];
        var reader = new MsgPackReader(meta[1..]);
        var tags = Read(ref reader);
        return reader.Ok ? tags ?? [] : null;
    }

    /// <summary>Writes Meta.</summary>
    public static void Write(IBufferWriter<byte> output, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var writer = new MsgPackWriter(output);
        writer.Type(Magic);
        Write(writer, tags);
    }

    internal static IReadOnlyList<KeyValuePair<string, string>> Read(ref MsgPackReader reader)
    {
        var tags = new List<KeyValuePair<string, string>>();
        for (var left = reader.Map(WireLimits.MaxTags); left > 0 && reader.Ok; left--)
            tags.Add(new(reader.Text(WireLimits.MaxMeta), reader.Text(WireLimits.MaxMeta)));
        return tags;
    }

    internal static void Write(MsgPackWriter writer, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        writer.Map(tags.Count);
        for (var i = 0; i < tags.Count; i++) writer.Field(tags[i]);
    }

    static void Field(this MsgPackWriter writer, KeyValuePair<string, string> tag)
    {
        writer.Text(tag.Key);
        writer.Text(tag.Value);
    }
}
