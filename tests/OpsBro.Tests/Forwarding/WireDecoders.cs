using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace OpsBro.Tests.Forwarding;

/// <summary>One sample as a sink understands it.</summary>
/// <param name="Series">Labels or tags, sorted, as <c>key=value</c> parted by U+0001; the name is <c>__name__</c>.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Value">The number.</param>
sealed record ReadSample(string Series, long At, double Value)
{
    /// <summary>The text of a series.</summary>
    public static string Key(IEnumerable<KeyValuePair<string, string>> labels) =>
        string.Join('\u0001', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));
}

/// <summary>
/// Reads what exporters write, from the formats' descriptions alone: nothing of the product's encoders is used, so that both sides cannot
/// share a mistake.
/// </summary>
static class WireDecoders
{
    /// <summary>A remote write request: Snappy, then protobuf. Each series with its samples in the order of the request.</summary>
    public static List<(List<KeyValuePair<string, string>> Labels, List<(long At, double Value)> Samples)> RemoteWrite(byte[] body)
    {
        var all = new List<(List<KeyValuePair<string, string>>, List<(long, double)>)>();
        foreach (var (field, content) in Fields(Unsnap(body)))
        {
            Assert.Equal(1, field);
            var labels = new List<KeyValuePair<string, string>>();
            var samples = new List<(long, double)>();
            foreach (var (part, bytes) in Fields(content))
            {
                if (part == 1)
                {
                    var texts = Fields(bytes).ToDictionary(f => f.Field, f => Encoding.UTF8.GetString(f.Content));
                    labels.Add(new(texts[1], texts[2]));
                }
                else samples.Add(Sample(bytes));
            }
            all.Add((labels, samples));
        }
        return all;
    }

    /// <summary>The same as a flat list.</summary>
    public static List<ReadSample> RemoteWriteSamples(byte[] body) =>
        [.. RemoteWrite(body).SelectMany(s => s.Samples.Select(p => new ReadSample(ReadSample.Key(s.Labels), p.At, p.Value)))];

    static (long, double) Sample(byte[] bytes)
    {
        Assert.Equal(0x09, bytes[0]);
        Assert.Equal(0x10, bytes[9]);
        var at = 10;
        var time = (long)Varint(bytes, ref at);
        Assert.Equal(bytes.Length, at);
        return (time, BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(1)));
    }

    static IEnumerable<(int Field, byte[] Content)> Fields(byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var tag = Varint(bytes, ref at);
            Assert.Equal(2UL, tag & 7);
            var length = (int)Varint(bytes, ref at);
            yield return ((int)(tag >> 3), bytes[at..(at + length)]);
            at += length;
        }
    }

    static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
    }

    /// <summary>https://github.com/google/snappy/blob/main/format_description.txt</summary>
    static byte[] Unsnap(byte[] block)
    {
        var at = 0;
        var output = new List<byte>((int)Varint(block, ref at));
        var size = output.Capacity;
        while (at < block.Length)
        {
            var tag = block[at++];
            if ((tag & 3) == 0)
            {
                var length = tag >> 2;
                if (length >= 60)
                {
                    var more = length - 59;
                    length = 0;
                    for (var i = 0; i < more; i++) length |= block[at++] << (8 * i);
                }
                output.AddRange(block.AsSpan(at, length + 1));
                at += length + 1;
                continue;
            }
            var (copied, offset) = (tag & 3) switch
            {
                1 => (((tag >> 2) & 7) + 4, ((tag >> 5) << 8) | block[at++]),
                2 => ((tag >> 2) + 1, block[at++] | (block[at++] << 8)),
                _ => ((tag >> 2) + 1, block[at++] | (block[at++] << 8) | (block[at++] << 16) | (block[at++] << 24)),
            };
            for (var i = 0; i < copied; i++) output.Add(output[^offset]);
        }
        Assert.Equal(size, output.Count);
        return [.. output];
    }

    /// <summary>Lines of Graphite's plaintext.</summary>
    public static List<ReadSample> Graphite(string text)
    {
        var samples = new List<ReadSample>();
        foreach (var line in text.Split('\n')[..^1])
        {
            var parts = line.Split(' ');
            Assert.Equal(3, parts.Length);
            var name = parts[0].Split(';');
            samples.Add(new ReadSample(
                ReadSample.Key(name[1..].Select(t => new KeyValuePair<string, string>(t[..t.IndexOf('=')], t[(t.IndexOf('=') + 1)..]))
                    .Append(new("__name__", name[0]))),
                long.Parse(parts[2], CultureInfo.InvariantCulture) * 1000, double.Parse(parts[1], CultureInfo.InvariantCulture)));
        }
        return samples;
    }

    /// <summary>Lines of InfluxDB's line protocol with one field <c>value</c> and times in seconds.</summary>
    public static List<ReadSample> Influx(string text)
    {
        var samples = new List<ReadSample>();
        foreach (var line in text.Split('\n')[..^1])
        {
            var words = Cut(line, ' ');
            Assert.Equal(3, words.Count);
            var head = Cut(words[0], ',');
            var labels = head.Skip(1).Select(tag => Cut(tag, '=')).Select(pair => new KeyValuePair<string, string>(Plain(pair[0]), Plain(pair[1])))
                .Append(new("__name__", Plain(head[0])));
            Assert.StartsWith("value=", words[1]);
            samples.Add(new ReadSample(ReadSample.Key(labels), long.Parse(words[2], CultureInfo.InvariantCulture) * 1000,
                double.Parse(words[1]["value=".Length..], CultureInfo.InvariantCulture)));
        }
        return samples;
    }

    /// <summary>Cuts at a character that no backslash stands before.</summary>
    static List<string> Cut(string text, char at)
    {
        var parts = new List<string>();
        var begin = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && ",= \\".Contains(text[i + 1])) i++;
            else if (text[i] == at)
            {
                parts.Add(text[begin..i]);
                begin = i + 1;
            }
        }
        parts.Add(text[begin..]);
        return parts;
    }

    static string Plain(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && ",= ".Contains(text[i + 1])) i++;
            plain.Append(text[i]);
        }
        return plain.ToString();
    }
}
