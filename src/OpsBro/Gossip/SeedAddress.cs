using System.Globalization;
using System.Net;

namespace OpsBro.Gossip;

/// <summary>
/// An address as operators write it: <c>host</c>, <c>host:port</c>, <c>name/host:port</c>, <c>[fd00::1]:port</c>, or an IPv6 address
/// alone. The name, Serf's, is for people only.
/// </summary>
/// <param name="Host">A name of DNS, or an IP address.</param>
/// <param name="Port">The port.</param>
internal readonly record struct SeedAddress(string Host, int Port)
{
    /// <summary>Longest host name, RFC 1035.</summary>
    public const int MaxHost = 253;

    /// <summary>Reads one; false when it is none.</summary>
    public static bool TryParse(string text, int defaultPort, out SeedAddress address)
    {
        address = default;
        var rest = text.AsSpan().Trim();
        if (rest.LastIndexOf('/') is >= 0 and var slash) rest = rest[(slash + 1)..];
        var port = defaultPort;
        if (rest.StartsWith("["))
        {
            var end = rest.IndexOf(']');
            if (end < 0 || !IPAddress.TryParse(rest[1..end], out _)) return false;
            var after = rest[(end + 1)..];
            if (!after.IsEmpty && (after[0] != ':' || !TryPort(after[1..], out port))) return false;
            address = new SeedAddress(rest[1..end].ToString(), port);
            return true;
        }
        if (rest.Count(':') == 1)
        {
            var colon = rest.IndexOf(':');
            if (!TryPort(rest[(colon + 1)..], out port)) return false;
            rest = rest[..colon];
        }
        if (rest.IsEmpty || rest.Length > MaxHost) return false;
        if (rest.Contains(':') && !IPAddress.TryParse(rest, out _)) return false;
        foreach (var c in rest)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '%')) return false;
        address = new SeedAddress(rest.ToString(), port);
        return true;
    }

    static bool TryPort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");
}
