using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using OpsBro.Api;

namespace OpsBro.Events;

/// <summary>
/// The head of a request on the websocket port. Grammar: RFC 9112, sections 3 and 5, of which a reader of the stream needs little:
/// GET or HEAD, a path, headers, no body.
/// </summary>
internal sealed class StreamRequest
{
    /// <summary>Largest head, in bytes.</summary>
    public const int MaxHead = 8 * 1024;

    /// <summary>Most headers.</summary>
    public const int MaxHeaders = 64;

    readonly Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, StringValues> query;

    StreamRequest(string method, string path, string query) =>
        (Method, Path, this.query) = (method, path, QueryHelpers.ParseQuery(query));

    /// <summary>GET or HEAD.</summary>
    public string Method { get; }

    /// <summary>Without the query.</summary>
    public string Path { get; }

    /// <summary>A header; null when it is not there.</summary>
    public string? Header(string name) => headers.GetValueOrDefault(name);

    /// <summary>A parameter; null when it is not there.</summary>
    public string? Query(string name) => query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>The names of its parameters.</summary>
    public IEnumerable<string> Parameters => query.Keys;

    /// <summary>Reads a head, its empty line left out.</summary>
    /// <exception cref="ApiProblem">400, 405 or 505: it is none that is answered here.</exception>
    public static StreamRequest Read(ReadOnlySpan<byte> head)
    {
        foreach (var one in head)
        {
            if (one is > 0x7E or < 0x20 and not ((byte)'\r' or (byte)'\n' or (byte)'\t'))
                throw ApiProblem.Bad("the head of the request is not plain ASCII");
        }
        var lines = Encoding.ASCII.GetString(head).Split("\r\n");
        if (lines[0].Split(' ') is not [var method, var target, var version]) throw ApiProblem.Bad("the first line is no HTTP request");
        if (!version.StartsWith("HTTP/1.", StringComparison.Ordinal)) throw new ApiProblem(505, "HTTP/1.1 is spoken here");
        if (method is not ("GET" or "HEAD")) throw new ApiProblem(405, "the stream takes GET and HEAD");
        if (target.Length == 0 || target[0] != '/') throw ApiProblem.Bad("the first line has no path");
        if (lines.Length - 1 > MaxHeaders) throw ApiProblem.Bad($"the request has more than {MaxHeaders} headers");
        var question = target.IndexOf('?');
        var request = new StreamRequest(method, question < 0 ? target : target[..question], question < 0 ? "" : target[question..]);
        foreach (var line in lines.Skip(1)) request.Add(line);
        if (request.Header("Host") is null) throw ApiProblem.Bad("the request has no Host header");
        if (request.Header("Transfer-Encoding") is not null || request.Header("Content-Length") is not (null or "0"))
            throw ApiProblem.Bad("the request has a body; the stream takes none");
        return request;
    }

    void Add(string line)
    {
        var colon = line.IndexOf(':');
        if (colon <= 0 || !IsName(line.AsSpan(0, colon))) throw ApiProblem.Bad("a line of the head is no header");
        if (line.AsSpan().IndexOfAny('\r', '\n') >= 0) throw ApiProblem.Bad("a line of the head ends wrongly");
        var (name, value) = (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
        if (!headers.TryGetValue(name, out var before)) headers[name] = value;
        else if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) throw ApiProblem.Bad("the request has two Host headers");
        else headers[name] = $"{before}, {value}";
    }

    /// <summary>True for what RFC 9110, section 5.6.2 calls a token.</summary>
    static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c)) return false;
        return true;
    }
}
