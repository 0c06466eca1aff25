namespace OpsBro.Core.Statsd;

/// <summary>
/// Names and blanks as the reference daemon takes them: runs of white space become <c>_</c>, <c>/</c> becomes <c>-</c>, and all but
/// letters, digits and <c>_ - . ; =</c> goes. Tags become Graphite's: <c>|#a:b,c</c> is <c>;a=b;c=true</c>.
/// </summary>
public static class StatsdText
{
    /// <summary>A tag without a value gets this one: Graphite's tags have one.</summary>
    static ReadOnlySpan<byte> Bare => "=true"u8;

    /// <summary>Bytes of the white space that a text begins with, as JavaScript's <c>\s</c> has it; 0 when it begins with none.</summary>
    public static int BlankAt(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return 0;
        if (text[0] < 0x80) return text[0] is 0x20 or (>= 0x09 and <= 0x0D) ? 1 : 0;
        if (text.Length >= 2 && text[0] == 0xC2) return text[1] == 0xA0 ? 2 : 0;
        if (text.Length < 3) return 0;
        return ((text[0] << 16) | (text[1] << 8) | text[2]) switch
        {
            0xE19A80 or (>= 0xE28080 and <= 0xE2808A) or 0xE280A8 or 0xE280A9 or 0xE280AF or 0xE2819F or 0xE38080 or 0xEFBBBF => 3,
            _ => 0,
        };
    }

    /// <summary>Takes white space off both ends.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (BlankAt(text) is > 0 and var blank) text = text[blank..];
        while (!text.IsEmpty)
        {
            var blank = BlankAt(text[^1..]) == 1 ? 1 : text.Length >= 2 && BlankAt(text[^2..]) == 2 ? 2 : text.Length >= 3 && BlankAt(text[^3..]) == 3 ? 3 : 0;
            if (blank == 0) break;
            text = text[..^blank];
        }
        return text;
    }

    /// <summary>Writes the name under which a metric is kept.</summary>
    /// <param name="name">As it came.</param>
    /// <param name="tags">As they came.</param>
    /// <param name="into">Room for <see cref="StatsdLimits.MaxName"/>.</param>
    /// <returns>Its length; negative when it does not fit.</returns>
    public static int WriteName(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, Span<byte> into)
    {
        var writer = new NameWriter(into);
        writer.Clean(name);
        while (!tags.IsEmpty)
        {
            var comma = tags.IndexOf((byte)',');
            var tag = comma < 0 ? tags : tags[..comma];
            tags = comma < 0 ? default : tags[(comma + 1)..];
            if (!tag.IsEmpty) writer.Tag(tag);
        }
        return writer.Length;
    }

    ref struct NameWriter(Span<byte> into)
    {
        readonly Span<byte> into = into;
        int length;
        bool isBlank;

        public readonly int Length => length;

        void Put(byte one)
        {
            if (length < 0) return;
            if (length == into.Length) length = -1;
            else into[length++] = one;
        }

        public void Clean(ReadOnlySpan<byte> text)
        {
            while (!text.IsEmpty)
            {
                var blank = BlankAt(text);
                if (blank > 0 && !isBlank) Put((byte)'_');
                isBlank = blank > 0;
                if (blank == 0) Other(text[0]);
                text = text[Math.Max(blank, 1)..];
            }
        }

        void Other(byte one)
        {
            if (one == '/') Put((byte)'-');
            else if (one is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9')
                or (byte)'_' or (byte)'-' or (byte)'.' or (byte)';' or (byte)'=') Put(one);
        }

        /// <summary>The first <c>:</c> parts key and value, the first <c>;</c> is no separator.</summary>
        public void Tag(ReadOnlySpan<byte> tag)
        {
            isBlank = false;
            Put((byte)';');
            var semicolon = tag.IndexOf((byte)';');
            var colon = tag.IndexOf((byte)':');
            for (var at = 0; at < tag.Length;)
            {
                var blank = BlankAt(tag[at..]);
                if (at == semicolon || at == colon)
                {
                    Put(at == colon ? (byte)'=' : (byte)'_');
                    isBlank = false;
                    at++;
                    continue;
                }
                if (blank > 0 && !isBlank) Put((byte)'_');
                isBlank = blank > 0;
                if (blank == 0) Other(tag[at]);
                at += Math.Max(blank, 1);
            }
            isBlank = false;
            if (colon < 0 && !tag.Contains((byte)'=')) foreach (var one in Bare) Put(one);
        }
    }
}
