using System.Net;
using System.Security.Cryptography;
using System.Text;
using OpsBro.Config;

namespace OpsBro.Api;

/// <summary>The <c>http</c> section of agent.yml.</summary>
internal sealed record HttpOptions
{
    /// <summary>Port of the API when <c>listen</c> does not say: OpsBro's own.</summary>
    public const int DefaultPort = 6768;

    /// <summary>Most addresses listened on.</summary>
    public const int MaxListeners = 16;

    static readonly string machine = Environment.MachineName;

    /// <summary>Where to listen with TCP; empty for the unix socket only.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [new(IPAddress.Loopback, DefaultPort)];

    /// <summary>SHA-256 of each token that may write. The texts themselves are not kept.</summary>
    public IReadOnlyList<byte[]> TokenHashes { get; init; } = [];

    /// <summary>PEM file of the certificate chain; empty for plain HTTP.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>PEM file of the certificate's key.</summary>
    public string Key { get; init; } = "";

    /// <summary>Names that browsers may use for this agent besides its addresses; others are refused (DNS rebinding).</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>True when the token is one of those configured. Takes the same time for every wrong one.</summary>
    public bool Knows(string token)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        var known = false;
        foreach (var candidate in TokenHashes) known |= CryptographicOperations.FixedTimeEquals(hash, candidate);
        return known;
    }

    /// <summary>True for a name by which this agent may be called: an address, the host's name, or one of <see cref="Hosts"/>.</summary>
    public bool Answers(string host) =>
        host.Length == 0 || host == "localhost" || IPAddress.TryParse(host.Trim('[', ']'), out _)
        || string.Equals(host, machine, StringComparison.OrdinalIgnoreCase)
        || host.StartsWith(machine + ".", StringComparison.OrdinalIgnoreCase)
        || Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the section; what is wrong is in <paramref name="problems"/> and has its default.</summary>
    public static HttpOptions Read(ConfigNode agent, List<Problem> problems)
    {
        if (agent["http"] is not { } section || section.IsEmpty) return new HttpOptions();
        if (section.Kind != ConfigNodeKind.Map)
        {
            problems.Add(Problem.At(section, "http must hold keys and values: listen, tokens, tls, hosts"));
            return new HttpOptions();
        }
        var reader = new ObjectReader(section, problems);
        var options = new HttpOptions
        {
            Listen = ReadListen(reader),
            TokenHashes = ReadTokens(reader),
            Hosts = reader.Texts("hosts"),
        };
        if (reader.Section("tls") is { } tls)
        {
            var files = new ObjectReader(tls, problems);
            options = options with { Certificate = files.RequiredText("certificate"), Key = files.RequiredText("key") };
            files.RefuseTheRest("http.tls");
        }
        reader.RefuseTheRest("http");
        return options;
    }

    static IReadOnlyList<IPEndPoint> ReadListen(ObjectReader reader)
    {
        if (reader.Node("listen") is not { } node) return new HttpOptions().Listen;
        var points = new List<IPEndPoint>();
        foreach (var text in reader.Texts("listen").Take(MaxListeners))
        {
            if (text is "none" or "off") continue;
            if (TryPoint(text, out var point)) points.Add(point);
            else reader.Complain(node, $"http.listen: \"{text}\" is no address; write for instance 127.0.0.1:6768, [::1]:6768 or none");
        }
        return points;
    }

    static bool TryPoint(string text, out IPEndPoint point)
    {
        point = new IPEndPoint(IPAddress.Loopback, DefaultPort);
        if (ushort.TryParse(text, out var port))
        {
            point.Port = port;
            return true;
        }
        if (!IPEndPoint.TryParse(text, out var parsed)) return false;
        point = parsed;
        var hasPort = text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(c => c == ':') == 1;
        if (!hasPort) point.Port = DefaultPort;
        return true;
    }

    static IReadOnlyList<byte[]> ReadTokens(ObjectReader reader)
    {
        const int shortest = 16;
        if (reader.Node("tokens") is not { } node) return [];
        var hashes = new List<byte[]>();
        foreach (var text in reader.Texts("tokens"))
        {
            var token = text;
            if (token.StartsWith('@'))
            {
                try
                {
                    token = File.ReadAllText(token[1..]).Trim();
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    reader.Complain(node, $"http.tokens: {e.Message}");
                    continue;
                }
            }
            if (token.Length >= shortest) hashes.Add(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
            else
            {
                reader.Complain(node, $"http.tokens: a token has {token.Length} characters; "
                    + $"use at least {shortest}, for instance from \"openssl rand -hex 16\"");
            }
        }
        return hashes;
    }
}

/// <summary>The section as it is now: read when the configuration has changed. Safe from any thread.</summary>
internal sealed class CurrentHttp(ConfigStore config)
{
    volatile Known? known;

    sealed record Known(int Version, HttpOptions Options);

    /// <summary>The options.</summary>
    public HttpOptions Options
    {
        get
        {
            var current = config.Current;
            if (known is { } last && last.Version == current.Version) return last.Options;
            var options = HttpOptions.Read(current.Agent, []);
            known = new Known(current.Version, options);
            return options;
        }
    }
}
