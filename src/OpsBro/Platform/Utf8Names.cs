using System.Text;

namespace OpsBro.Platform;

/// <summary>
/// Compares names as text and as the UTF-8 bytes of a kernel text, so that a dictionary of devices is asked without making a string:
/// <c>dictionary.GetAlternateLookup&lt;ReadOnlySpan&lt;byte&gt;&gt;()</c>.
/// </summary>
internal sealed class Utf8Names : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    /// <summary>The one instance.</summary>
    public static Utf8Names Comparer { get; } = new();

    /// <inheritdoc/>
    public bool Equals(string? a, string? b) => string.Equals(a, b, StringComparison.Ordinal);

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> bytes, string text) =>
        Ascii.IsValid(bytes) ? Ascii.Equals(bytes, text) : Encoding.UTF8.GetString(bytes) == text;

    /// <inheritdoc/>
    public string Create(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <inheritdoc/>
    public int GetHashCode(string text)
    {
        var hash = Start;
        foreach (var c in text) hash = (hash ^ c) * Prime;
        return (int)hash;
    }

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> bytes)
    {
        if (!Ascii.IsValid(bytes)) return GetHashCode(Encoding.UTF8.GetString(bytes));
        var hash = Start;
        foreach (var c in bytes) hash = (hash ^ c) * Prime;
        return (int)hash;
    }

    // FNV-1a: names of devices are few and come from the kernel, so a seeded hash is not needed
    const uint Start = 2166136261, Prime = 16777619;
}
