using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// Makes a name with tags of foreign words: what the store takes nowhere becomes an underscore, so that nothing is lost for a blank. The store
/// brings the tags in order.
/// </summary>
internal sealed class SeriesNameWriter
{
    /// <summary>
    /// Bytes after which nothing is added: the store refuses such a name anyway, and a long one must not be copied for each of many numbers.
    /// </summary>
    public const int MaxBytes = 2 * SeriesName.MaxBytes;

    readonly ByteList bytes = new();

    /// <summary>The name so far.</summary>
    public ReadOnlySpan<byte> Written => bytes.Written;

    /// <summary>Its length, to go back to with <see cref="Cut"/>.</summary>
    public int Length => bytes.Written.Length;

    /// <summary>Starts anew.</summary>
    public void Clear() => bytes.Clear();

    /// <summary>Goes back to a length it had.</summary>
    public void Cut(int length) => bytes.Cut(length);

    ReadOnlySpan<byte> Room(ReadOnlySpan<byte> text) => text[..Math.Clamp(MaxBytes - Length, 0, text.Length)];

    /// <summary>Adds to the path.</summary>
    public void Path(ReadOnlySpan<byte> text)
    {
        foreach (var b in Room(text))
            bytes.Add(b is <= (byte)' ' or 0x7f or (byte)';' or (byte)'*' or (byte)'?' or (byte)'[' or (byte)']' or (byte)'{' or (byte)'}' ? (byte)'_' : b);
    }

    /// <summary>Adds what this writer made before.</summary>
    public void Raw(ReadOnlySpan<byte> clean) => bytes.Add(Room(clean));

    /// <summary>
    /// Adds a tag; an empty value is no tag. The tag <c>name</c> means the path in Graphite's language, so one of that name becomes
    /// <c>name_</c>.
    /// </summary>
    public void Tag(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.IsEmpty || value.IsEmpty || Length >= MaxBytes) return;
        bytes.Add((byte)';');
        foreach (var b in Room(key)) bytes.Add(b is <= (byte)' ' or 0x7f or (byte)';' or (byte)'!' or (byte)'^' or (byte)'=' ? (byte)'_' : b);
        if (key.SequenceEqual("name"u8)) bytes.Add((byte)'_');
        bytes.Add((byte)'=');
        var start = bytes.Written.Length;
        foreach (var b in Room(value))
            bytes.Add(b is <= (byte)' ' or 0x7f or (byte)';' || (b == (byte)'~' && bytes.Written.Length == start) ? (byte)'_' : b);
    }

    /// <summary>Adds a tag that is a number, as Prometheus writes it.</summary>
    public void Tag(ReadOnlySpan<byte> key, double value)
    {
        Span<byte> text = stackalloc byte[32];
        if (double.IsPositiveInfinity(value)) Tag(key, "+Inf"u8);
        else if (value.TryFormat(text, out var length, "R", System.Globalization.CultureInfo.InvariantCulture)) Tag(key, text[..length]);
    }
}
