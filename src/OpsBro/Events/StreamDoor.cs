using System.Security.Cryptography;
using System.Text;
using OpsBro.Api;
using OpsBro.Config;

namespace OpsBro.Events;

/// <summary>A caller of the stream, as far as its request says who it is.</summary>
/// <param name="Host">The name that it used for us.</param>
/// <param name="Origin">The page that it comes from; null for a program.</param>
/// <param name="Token">The token that it showed; null for none.</param>
internal readonly record struct StreamCaller(string Host, string? Origin, string? Token);

/// <summary>
/// Decides who may read the stream, in the same way on every port: as the API, whoever reaches the listener may read, and a token that is
/// shown must be right. Browsers let every page open websockets everywhere, so a page of another host is refused.
/// </summary>
internal sealed class StreamDoor(ConfigStore config)
{
    /// <summary>The protocol that a page offers beside its token, and gets.</summary>
    public const string Protocol = "opsbro";

    /// <summary>How a page shows its token: <c>new WebSocket(url, ["opsbro", "token.TOKEN"])</c>, for it cannot set headers.</summary>
    public const string TokenProtocol = "token.";

    const string KeyEnd = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";   // RFC 6455, section 1.3

    readonly CurrentHttp http = new(config);

    /// <summary>Lets it in.</summary>
    /// <exception cref="ApiProblem">401, 403 or 421 with the way out.</exception>
    public void Check(StreamCaller caller)
    {
        var options = http.Options;
        if (!options.Answers(caller.Host))
            throw new ApiProblem(421, $"this agent is not called \"{caller.Host}\"; use its address, or add the name to http.hosts");
        if (caller.Origin is { } origin && !IsOurs(HostOf(origin), caller.Host, options))
        {
            throw new ApiProblem(403, $"pages of \"{origin}\" may not read the stream of {caller.Host}; open the page from {caller.Host}, "
                + "or add its host to http.hosts");
        }
        if (caller.Token is { } token && !options.Knows(token)) throw new ApiProblem(401, "the token is not one of http.tokens");
    }

    /// <summary>A page of the same host, whatever its port, or of one that the operator named.</summary>
    static bool IsOurs(string page, string host, HttpOptions options) => page.Length > 0
        && (string.Equals(page, host, StringComparison.OrdinalIgnoreCase) || options.Hosts.Contains(page, StringComparer.OrdinalIgnoreCase));

    /// <summary>The host of an origin such as <c>https://ui.example:8443</c>; empty for <c>null</c> and what is no page of a host.</summary>
    static string HostOf(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0 ? uri.Host : "";

    /// <summary>The host of a Host header, without its port.</summary>
    public static string HostPart(string header) => new Microsoft.AspNetCore.Http.HostString(header).Host;

    /// <summary>The token of a request: in its header, its address, or beside its protocol.</summary>
    /// <param name="header">A header by its name.</param>
    /// <param name="query">A parameter by its name.</param>
    public static string? TokenOf(Func<string, string?> header, Func<string, string?> query)
    {
        const string bearer = "Bearer ";
        if (header("Authorization") is { } text && text.StartsWith(bearer, StringComparison.OrdinalIgnoreCase)) return text[bearer.Length..].Trim();
        if (query("token") is { Length: > 0 } token) return token;
        return Offered(header).FirstOrDefault(p => p.StartsWith(TokenProtocol, StringComparison.Ordinal))?[TokenProtocol.Length..];
    }

    static string[] Offered(Func<string, string?> header) =>
        header("Sec-WebSocket-Protocol")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>True when the request asks for a websocket.</summary>
    public static bool AsksForWebSocket(Func<string, string?> header) =>
        HasWord(header("Upgrade"), "websocket") && HasWord(header("Connection"), "upgrade");

    static bool HasWord(string? list, string word) => list is not null
        && list.Split(',', StringSplitOptions.TrimEntries).Contains(word, StringComparer.OrdinalIgnoreCase);

    /// <summary>The headers of the answer to a request for a websocket (RFC 6455, section 4.2.2).</summary>
    /// <exception cref="ApiProblem">400 or 426: its handshake is wrong.</exception>
    public static IReadOnlyList<(string Name, string Value)> Welcome(Func<string, string?> header, bool hasKey = true)
    {
        var answer = new List<(string, string)>();
        if (header("Sec-WebSocket-Version") != "13") throw new ApiProblem(426, "Sec-WebSocket-Version is not 13; RFC 6455 is spoken here");
        if (hasKey)
        {
            var key = header("Sec-WebSocket-Key") ?? "";
            Span<byte> random = stackalloc byte[16];
            if (key.Length != 24 || !Convert.TryFromBase64String(key, random, out var length) || length != random.Length)
                throw ApiProblem.Bad("Sec-WebSocket-Key is not 16 bytes in base64 (RFC 6455, section 4.1)");
            answer.Add(("Sec-WebSocket-Accept", Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeyEnd)))));
        }
        var offered = Offered(header);
        if (offered.Length == 0) return answer;
        // a browser ends the connection when none of what it offered is taken; a token is not said back
        answer.Add(("Sec-WebSocket-Protocol", offered.FirstOrDefault(p => p == Protocol)
            ?? offered.FirstOrDefault(p => !p.StartsWith(TokenProtocol, StringComparison.Ordinal) && IsWord(p))
            ?? throw ApiProblem.Bad($"the token came without a protocol beside it; offer \"{Protocol}\" as well")));
        return answer;
    }

    static bool IsWord(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
