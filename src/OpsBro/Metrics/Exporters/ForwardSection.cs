using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpsBro.Agent;
using OpsBro.Config;

namespace OpsBro.Metrics.Exporters;

/// <summary>The section <c>forward</c> of agent.yml: names, each with a sink.</summary>
internal sealed class ForwardSection
{
    /// <summary>Most sinks: each has a thread, and holds back what the journal keeps.</summary>
    public const int MaxSinks = 16;

    /// <summary>Longest name of a sink.</summary>
    public const int MaxName = 64;

    static readonly string[] kinds = ["graphite", "remote_write", "influx"];

    /// <summary>The sinks that can run, with the place where each is written.</summary>
    public List<(SinkOptions Options, ConfigNode Node)> Sinks { get; } = [];

    /// <summary>Every sink that is meant to be there, also those whose options are wrong: what waits for them is not forgotten.</summary>
    public HashSet<string> Names { get; } = [];

    /// <summary>False when it is written and is no map: then nobody knows which sinks are meant.</summary>
    public bool IsReadable { get; init; } = true;

    /// <summary>Reads it. What is wrong is a problem, and its sink does not run (or runs on as it was).</summary>
    /// <param name="agent">agent.yml.</param>
    /// <param name="host">Name of this host.</param>
    /// <param name="problems">Gets what is wrong.</param>
    public static ForwardSection Read(ConfigNode agent, string host, List<Problem> problems)
    {
        var read = new ForwardSection { IsReadable = agent["forward"] is not { } written || written.IsEmpty || written.Kind == ConfigNodeKind.Map };
        if (new ObjectReader(agent, problems).Section("forward") is not { } section) return read;
        foreach (var (key, node) in section.Entries)
        {
            if (key.Text.Length is 0 or > MaxName || !key.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
                problems.Add(Problem.At(key, $"\"{key.Text}\" is no name of a sink; write letters, digits, dots, dashes and underscores, at most {MaxName}"));
            else if (read.Names.Count == MaxSinks) problems.Add(Problem.At(key, $"there are more than {MaxSinks} sinks; {key.Text} is left out"));
            else if (node.Kind != ConfigNodeKind.Map)
            {
                problems.Add(Problem.At(node, $"{key.Text} must hold keys and values"));
                read.Names.Add(key.Text);
            }
            else read.Add(key.Text, node, host, problems);
        }
        return read;
    }

    void Add(string name, ConfigNode node, string host, List<Problem> problems)
    {
        var reader = new ObjectReader(node, problems);
        if (!reader.Flag("enabled", true)) return;
        Names.Add(name);
        if (ReadSink(name, host, reader) is { } options && reader.IsClean) Sinks.Add((options, node));
    }

    static SinkOptions? ReadSink(string name, string host, ObjectReader reader)
    {
        var word = reader.RequiredText("kind").Replace('-', '_');
        if (word.Length == 0) return null;
        if (!kinds.Contains(word))
        {
            reader.Complain(reader.Node("kind")!, $"kind is \"{word}\"{Spelling.Hint(word, kinds)}; write graphite, remote_write or influx");
            return null;
        }
        var kind = word switch { "graphite" => SinkKind.Graphite, "influx" => SinkKind.Influx, _ => SinkKind.RemoteWrite };
        var options = new SinkOptions
        {
            Name = name,
            Kind = kind,
            Prefix = reader.Text("prefix").Replace("{host}", host.Replace('.', '_'), StringComparison.Ordinal),
            Tags = ReadTags(reader, kind, host),
            Filter = new NameFilter(ReadPatterns(reader, "include"), ReadPatterns(reader, "exclude")),
            Batch = reader.Number("batch", SinkOptions.DefaultBatch, 1, SinkOptions.MaxBatch),
            Interval = reader.Duration("interval", SinkOptions.DefaultInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            Timeout = reader.Duration("timeout", SinkOptions.DefaultTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
        };
        options = kind == SinkKind.Graphite ? ReadAddress(options, reader) : ReadHttp(options, reader);
        if (kind == SinkKind.RemoteWrite) options = options with { KeepsNames = ReadNames(reader) };
        reader.RefuseTheRest($"the sink {name} of kind {options.KindWord}");
        return options;
    }

    static Func<SeriesName, bool>[] ReadPatterns(ObjectReader reader, string key) =>
        NameFilter.Compile(Patterns(reader, key), problem => reader.Complain(reader.Node(key)!, $"{key}: {problem}"));

    /// <summary>A list, or one pattern; not parted at commas, which stand in <c>{a,b}</c>.</summary>
    static IReadOnlyList<string> Patterns(ObjectReader reader, string key) =>
        reader.Node(key) is { Kind: ConfigNodeKind.Scalar } node ? [node.Text] : reader.Texts(key);

    static SinkOptions ReadAddress(SinkOptions options, ObjectReader reader)
    {
        var text = reader.RequiredText("address");
        if (text.Length == 0) return options;
        if (Uri.TryCreate($"tcp://{text}", UriKind.Absolute, out var url) && url is { Host.Length: > 0, PathAndQuery: "/" or "", UserInfo: "" })
            return options with { Host = url.Host.Trim('[', ']'), Port = url.IsDefaultPort || url.Port <= 0 ? options.Port : url.Port };
        reader.Complain(reader.Node("address")!, $"address is \"{text}\"; write host:port or [address]:port; the port is 2003 when it is left out");
        return options;
    }

    static SinkOptions ReadHttp(SinkOptions options, ObjectReader reader)
    {
        var url = ReadUrl(reader);
        if (options.Kind == SinkKind.Influx)
        {
            var (bucket, org, db) = (reader.Text("bucket"), reader.Text("org"), reader.Text("db"));
            if (bucket.Length > 0 && db.Length > 0)
                reader.Complain(reader.Node("db")!, "bucket and db are both written; bucket is InfluxDB 2 and 3, db is InfluxDB 1: write one of them");
            if (url is { Query.Length: > 1 })
                reader.Complain(reader.Node("url")!, "url has a \"?\" and more behind it; write the base address, and bucket and org, or db, as keys");
            if (url is not null) url = WriteAddress(url, bucket, org, db);
            options = options with { Field = reader.Text("field", "value"), Gzip = reader.Flag("gzip", true) };
        }
        return options with { Url = url, Authorization = ReadAuthorization(options.Kind, reader), Issuers = ReadIssuers(reader) };
    }

    static Uri? ReadUrl(ObjectReader reader)
    {
        var text = reader.RequiredText("url");
        if (text.Length == 0) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0 || url.Fragment.Length > 0)
        {
            reader.Complain(reader.Node("url")!, $"url is \"{WithoutUser(text)}\"; write http://host:port/path or https://…");
            return null;
        }
        if (url.UserInfo.Length == 0) return url;
        // an address is shown to whoever may read the state
        reader.Complain(reader.Node("url")!, "url holds a password; write it under user and password");
        return null;
    }

    /// <summary>A wrong address may hold a password all the same, and problems are shown to everybody.</summary>
    static string WithoutUser(string url) => url.LastIndexOf('@') is >= 0 and var at ? "…" + url[at..] : url;

    static Uri WriteAddress(Uri url, string bucket, string org, string db)
    {
        var path = url.AbsolutePath.TrimEnd('/');
        var query = new StringBuilder("precision=s");
        if (bucket.Length > 0) query.Append("&bucket=").Append(Uri.EscapeDataString(bucket));
        if (org.Length > 0) query.Append("&org=").Append(Uri.EscapeDataString(org));
        if (db.Length > 0) query.Append("&db=").Append(Uri.EscapeDataString(db));
        return new UriBuilder(url) { Path = path + (bucket.Length > 0 ? "/api/v2/write" : "/write"), Query = query.ToString() }.Uri;
    }

    static string ReadAuthorization(SinkKind kind, ObjectReader reader)
    {
        var (token, user, password) = (ReadSecret(reader, "token"), reader.Text("user"), ReadSecret(reader, "password"));
        if (token.Length > 0 && user.Length > 0) reader.Complain(reader.Node("user")!, "user and token are both written; write one of them");
        if (password.Length > 0 && user.Length == 0) reader.Complain(reader.Node("password")!, "password stands without user; write both");
        if (user.Length > 0) return "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        if (token.Length == 0) return "";
        return (kind == SinkKind.Influx ? "Token " : "Bearer ") + token;
    }

    /// <summary>A secret as it is written, or from a file: <c>@FILE</c>.</summary>
    static string ReadSecret(ObjectReader reader, string key)
    {
        var text = reader.Text(key);
        try
        {
            if (text.StartsWith('@')) text = File.ReadAllText(text[1..]).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reader.Complain(reader.Node(key)!, $"{key}: {e.Message}");
            return "";
        }
        if (!text.Any(char.IsControl)) return text;
        reader.Complain(reader.Node(key)!, $"{key} has a line end or another control character; it must be one line");
        return "";
    }

    static X509Certificate2Collection? ReadIssuers(ObjectReader reader)
    {
        var file = reader.Text("ca");
        if (file.Length == 0) return null;
        try
        {
            var issuers = new X509Certificate2Collection();
            issuers.ImportFromPemFile(file);
            if (issuers.Count > 0) return issuers;
            reader.Complain(reader.Node("ca")!, $"ca: {file} holds no certificate in PEM");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            reader.Complain(reader.Node("ca")!, $"ca: {e.Message}");
        }
        return null;
    }

    static bool ReadNames(ObjectReader reader)
    {
        var text = reader.Text("names", "sanitize");
        if (text is not ("sanitize" or "keep")) reader.Complain(reader.Node("names")!, $"names is \"{text}\"; write sanitize or keep");
        return text == "keep";
    }

    static List<KeyValuePair<string, string>> ReadTags(ObjectReader reader, SinkKind kind, string host)
    {
        var tags = new List<KeyValuePair<string, string>>();
        if (reader.Section("tags") is { } section)
        {
            if (section.Entries.Count > SeriesName.MaxTags) reader.Complain(section, $"there are more than {SeriesName.MaxTags} tags");
            foreach (var (key, value) in section.Entries)
            {
                if (value.Kind != ConfigNodeKind.Scalar || value.Text.Length == 0) reader.Complain(value, $"tags.{key.Text} must be one value");
                else if (key.Text.AsSpan().IndexOfAny(";=!^ ,\"") >= 0 || key.Text.Any(char.IsControl) || key.Text.Length == 0)
                    reader.Complain(key, $"\"{key.Text}\" is no name of a tag; write letters, digits, underscores and dashes");
                else tags.Add(new(key.Text, value.Text));
            }
        }
        var tag = reader.Text("host_tag", kind == SinkKind.Graphite ? "off" : "host");
        // YAML reads "off" as false, and so do people
        if (tag is not ("off" or "false" or "no" or "none") && !tags.Exists(t => t.Key == tag)) tags.Add(new(tag, host));
        tags.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return tags;
    }
}

/// <summary>Finds what is wrong in the section <c>forward</c>: for <c>config check</c>.</summary>
internal sealed class ForwardChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => ForwardSection.Read(agent, Environment.MachineName, problems);
}
