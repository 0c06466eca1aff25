using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using OpsBro.Config;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>How keys, values, versions and times stand in addresses and bodies.</summary>
internal static class KeyText
{
    /// <summary>Bits of a version below its milliseconds.</summary>
    public const int VersionBits = 10;

    static readonly UTF8Encoding strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The version that a key has, as an answer tells it; 0 when it is not there: a removal has a version too.</summary>
    public static long Present(KeyValueResult result) => result.Entry is { IsDeleted: false } entry ? entry.Version : 0;

    /// <summary>Bytes as text; null when they are no UTF-8.</summary>
    public static string? TextOf(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>
    /// The key in a request's target, as it was sent: <c>%2F</c> stays what the caller meant, which a decoded path cannot tell.
    /// <code>target = [scheme "://" host] prefix key ["?" query]</code>
    /// </summary>
    /// <param name="target">As it stands in the request line.</param>
    /// <param name="prefix">For instance <c>/v1/kv/</c>.</param>
    /// <param name="key">The key, decoded.</param>
    /// <returns>False when the prefix is written in another way, or the key is no UTF-8.</returns>
    public static bool TryKey(string target, string prefix, out string key)
    {
        var rest = target.AsSpan();
        if (!rest.StartsWith('/') && rest.IndexOf("://") is > 0 and var scheme)
        {
            var host = rest[(scheme + 3)..];
            rest = host.IndexOf('/') is >= 0 and var path ? host[path..] : [];
        }
        key = "";
        if (!rest.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) return false;
        rest = rest[prefix.Length..];
        if (rest.IndexOf('?') is >= 0 and var query) rest = rest[..query];
        if (!rest.Contains('%') && Ascii.IsValid(rest))
        {
            key = rest.ToString();
            return true;
        }
        return TryDecode(rest, out key);
    }

    static bool TryDecode(ReadOnlySpan<char> text, out string key)
    {
        key = "";
        var bytes = ArrayPool<byte>.Shared.Rent(text.Length * 3);
        try
        {
            var length = 0;
            for (var i = 0; i < text.Length; i++)
            {
                if (text[i] == '%')
                {
                    if (i + 2 >= text.Length) return false;
                    if (!byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[length])) return false;
                    (length, i) = (length + 1, i + 2);
                }
                else if (text[i] < 0x80)
                {
                    bytes[length++] = (byte)text[i];
                }
                else
                {
                    var pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
                    length += strict.GetBytes(text.Slice(i, pair), bytes.AsSpan(length));
                    i += pair - 1;
                }
            }
            key = strict.GetString(bytes, 0, length);
            return true;
        }
        catch (Exception e) when (e is DecoderFallbackException or EncoderFallbackException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>A key as a part of an address: what may stand there stays, slashes too.</summary>
    public static string Escaped(string key) => Uri.EscapeDataString(key).Replace("%2F", "/", StringComparison.Ordinal);

    /// <summary>A time to live: seconds, or a duration. Milliseconds, and at least one; null when it is none.</summary>
    public static long? TimeToLive(string text)
    {
        double milliseconds;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)) milliseconds = seconds * 1000;
        else if (Durations.TryParse(text, out var duration)) milliseconds = duration.TotalMilliseconds;
        else return null;
        return milliseconds >= 1 && milliseconds <= KeyValueLimits.MaxTimeToLive.TotalMilliseconds ? (long)milliseconds : null;
    }

    /// <summary>
    /// Stands for a list of keys and versions: FNV-1a of them, of 53 bits so that JSON's numbers hold it, and never 0.
    /// http://www.isthe.com/chongo/tech/comp/fnv/
    /// </summary>
    public static long IndexOf(IEnumerable<(string Key, long Version)> listed)
    {
        const ulong basis = 14_695_981_039_346_656_037, prime = 1_099_511_628_211;
        var hash = basis;
        foreach (var (key, version) in listed)
        {
            foreach (var c in key) hash = (hash ^ c) * prime;
            hash = (hash ^ 0x1_0000) * prime;   // ends the key
            for (var shift = 0; shift < 64; shift += 16) hash = (hash ^ (ushort)(version >> shift)) * prime;
        }
        return (long)((hash ^ (hash >> 53)) & ((1UL << 53) - 1)) | 1;
    }
}
