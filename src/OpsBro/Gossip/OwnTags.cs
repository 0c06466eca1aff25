using System.Buffers;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>
/// The tags that every member sees of this one: small and slow facts only, for a change of one is told to the whole cluster. All else
/// is NodeState's. Page: cluster-design.md F2.
/// </summary>
internal static class OwnTags
{
    /// <summary>Version of what we say to our own kind (<c>ob</c>).</summary>
    public const string Capability = "1";

    /// <summary>Bytes kept for our own tags without the groups.</summary>
    public const int Room = 160;

    /// <summary>Names that the operator may not use.</summary>
    public static readonly string[] Reserved = ["ob", "id", "zn", "px", "v", "g"];

    /// <summary>The tags: the operator's first, then ours, then as many groups as fit.</summary>
    /// <param name="options">The zone, whether it is a proxy, the operator's tags.</param>
    /// <param name="uuid">The node's id.</param>
    /// <param name="groups">Its groups, the most important ones first.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(GossipOptions options, string uuid, IEnumerable<string> groups)
    {
        var tags = new List<KeyValuePair<string, string>>(options.Tags)
        {
            new("ob", Capability), new("id", uuid[..Math.Min(16, uuid.Length)]), new("zn", options.Zone), new("v", Product.Version),
        };
        if (options.IsProxy) tags.Add(new("px", "1"));
        if (Groups(groups, GossipOptions.MaxTags - Size(tags)) is { Length: > 0 } text) tags.Add(new("g", text));
        return tags;
    }

    /// <summary>Names parted by commas; with <c>+</c> at the end when some do not fit.</summary>
    static string Groups(IEnumerable<string> groups, int room)
    {
        const int around = 5;   // header and name of the tag, and the header of its value
        var text = new System.Text.StringBuilder();
        foreach (var group in groups)
        {
            if (group.StartsWith("zone::", StringComparison.Ordinal)) continue;   // zn says so
            if (System.Text.Encoding.UTF8.GetByteCount(group) + text.Length + around + 2 > room) return text.Append('+').ToString();
            if (text.Length > 0) text.Append(',');
            text.Append(group);
        }
        return text.ToString();
    }

    /// <summary>Bytes that they take on the wire.</summary>
    public static int Size(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var output = new ArrayBufferWriter<byte>();
        Tags.Write(output, tags);
        return output.WrittenCount;
    }
}
