using OpsBro.Config;

namespace OpsBro.Collectors.Declared;

/// <summary>Reads one <c>collector:</c> object. Every problem is found in one pass and names its place.</summary>
internal sealed class CollectorBinder(ConfigObject from, List<Problem> problems)
{
    /// <summary>Shortest and longest time between two runs.</summary>
    public static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(1), MostInterval = TimeSpan.FromDays(1);

    /// <summary>Shortest and longest wait for an answer.</summary>
    public static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(50), MostTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Most arguments of a program, headers of a request, renames, units or counters.</summary>
    public const int MaxEntries = 200;

    const string TwoSources = "a collector reads one thing: keep program or http";

    readonly ObjectReader reader = new(from.Body, problems);

    /// <summary>The settings; null when a problem was found.</summary>
    public DeclaredSettings? Read()
    {
        if (from.Body.Kind != ConfigNodeKind.Map)
        {
            reader.Complain(from.Body, "a collector holds keys and values: name, http or program, format");
            return null;
        }
        reader.Allow("name", "id", "notes");
        if (!IsWord(from.Name))
            reader.Complain(from.Body["name"] ?? from.Body,
                $"\"{from.Name}\" is no name for a collector; write letters, digits, - and _");
        var (formatName, format) = new FormatBinder(reader, problems).Read();
        var source = Source(formatName);
        var settings = new DeclaredSettings(from.Name, source!, format!)
        {
            Summary = reader.Text("summary"),
            IfGroup = reader.Text("if_group"),
            Interval = reader.Duration("interval", TimeSpan.FromSeconds(10), LeastInterval, MostInterval),
            Timeout = reader.Duration("timeout", TimeSpan.FromSeconds(5), LeastTimeout, MostTimeout),
            Renames = Pairs("rename"),
            Units = Pairs("units"),
            Counters = Counters(),
        };
        reader.RefuseTheRest("a collector");
        return reader.IsClean ? settings : null;
    }

    /// <summary>
    /// The file that a program "./x" is, so that a copy of the pack on a higher level is noticed; empty for other
    /// sources.
    /// </summary>
    public string ProgramFile => from.Body["program"] is { Items: [{ } first, ..] } ? FullPath(first.Text) : "";

    static bool IsWord(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    ISource? Source(string formatName)
    {
        var (program, http) = (reader.Node("program"), reader.Node("http"));
        var environment = Environment();
        switch (program, http)
        {
            case (null, null):
                reader.Complain(from.Body, "nothing to read; write \"http: URL\" or \"program: [PATH, ARGUMENT]\"");
                return null;
            case ({ } one, { }):
                reader.Complain(one, TwoSources);
                return null;
            case ({ } one, null):
                return Program(one, environment);
            default:
                return Http(http!, formatName);
        }
    }

    ProgramSource? Program(ConfigNode node, IReadOnlyList<(string, DeclaredText)> environment)
    {
        if (node.Kind != ConfigNodeKind.List || node.Items.Count is 0 or > MaxEntries
            || node.Items.Any(item => item.Kind != ConfigNodeKind.Scalar) || node.Items[0].Text.Length == 0)
        {
            reader.Complain(node,
                "program must be a list, the program and each argument apart: [\"/usr/bin/foo\", \"--json\"]; "
                + "there is no shell");
            return null;
        }
        var texts = node.Items.Select(item => DeclaredText.ReadArgument(item, problems)).ToList();
        if (texts[0].IsPlain) texts[0] = DeclaredText.Plain(FullPath(texts[0].Source));
        return new ProgramSource(texts, environment);
    }

    /// <summary>"./x" is a file of the pack, or one beside the file that names it.</summary>
    string FullPath(string program)
    {
        if (!program.StartsWith("./", StringComparison.Ordinal)) return program;
        var relative = program[2..];
        return from.Pack is { } pack
            ? pack.FindFile(relative) ?? Path.Join(pack.Directory, relative)
            : Path.GetFullPath(Path.Join(Path.GetDirectoryName(from.Body.File), relative));
    }

    HttpSource? Http(ConfigNode node, string formatName)
    {
        var accept = formatName switch
        {
            "prometheus" => "text/plain;version=0.0.4;q=1,*/*;q=0.1",
            "json" => "application/json, */*;q=0.1",
            _ => "*/*",
        };
        if (node.Kind == ConfigNodeKind.Scalar) return new HttpSource(new HttpSettings(Url(node)) { Accept = accept });
        if (node.Kind != ConfigNodeKind.Map)
        {
            reader.Complain(node,
                "http must be an address, or keys: url, user, password, headers, unix_socket, insecure");
            return null;
        }
        var http = new ObjectReader(node, problems);
        http.RequiredText("url");
        var headers = http.Section("headers");
        var socket = http.Text("unix_socket");
        if (socket.Length > 0 && !socket.StartsWith('/'))
            http.Complain(http.Node("unix_socket")!, $"unix_socket is \"{socket}\"; write an absolute path");
        var settings = new HttpSettings(node["url"] is { } url ? Url(url) : DeclaredText.Plain(""))
        {
            User = Text(http, "user"),
            Password = Text(http, "password"),
            Headers = [.. from header in Texts(headers) where IsHeader(header.Key) select (header.Key.Text, header.Value)],
            UnixSocket = socket,
            IsInsecure = http.Flag("insecure", false),
            Accept = accept,
        };
        http.RefuseTheRest("http");
        return new HttpSource(settings);
    }

    DeclaredText Url(ConfigNode node)
    {
        var text = DeclaredText.Read(node, problems);
        if (!text.IsPlain) return text;
        if (!Uri.TryCreate(text.Source, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            reader.Complain(node,
                $"\"{text.Source}\" is not an address; write for instance http://localhost:8080/status");
        else if (url.UserInfo.Length > 0)
            reader.Complain(node,
                "a user in the address would show in messages; write user and password as keys of http");
        return text;
    }

    bool IsHeader(ConfigNode key)
    {
        var isToken = key.Text.Length > 0
            && key.Text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c));
        if (!isToken) reader.Complain(key, $"\"{key.Text}\" is no name of a header; write for instance X-Token");
        return isToken;
    }

    DeclaredText? Text(ObjectReader map, string key) =>
        map.Text(key).Length == 0 ? null : DeclaredText.Read(map.Node(key)!, problems);

    IReadOnlyList<(string, DeclaredText)> Environment()
    {
        var pairs = Texts(reader.Section("environment"));
        foreach (var (key, _) in pairs)
            if (key.Text.Length == 0 || key.Text.Contains('='))
                reader.Complain(key, $"\"{key.Text}\" is no name of a variable");
        return [.. pairs.Select(pair => (pair.Key.Text, pair.Value))];
    }

    List<(ConfigNode Key, DeclaredText Value)> Texts(ConfigNode? map)
    {
        var texts = new List<(ConfigNode, DeclaredText)>();
        foreach (var (key, value) in Entries(map))
            if (IsOneValue(key, value)) texts.Add((key, DeclaredText.Read(value, problems)));
        return texts;
    }

    List<(string, string)> Pairs(string key)
    {
        var pairs = new List<(string, string)>();
        foreach (var (name, value) in Entries(reader.Section(key)))
        {
            if (!IsOneValue(name, value)) continue;
            if (IsPath(name) && (key != "rename" || IsPath(value))) pairs.Add((name.Text, value.Text));
        }
        return pairs;
    }

    IReadOnlyList<KeyValuePair<ConfigNode, ConfigNode>> Entries(ConfigNode? map)
    {
        if (map is null) return [];
        if (map.Entries.Count <= MaxEntries) return map.Entries;
        reader.Complain(map, $"more than {MaxEntries} entries");
        return [];
    }

    bool IsOneValue(ConfigNode key, ConfigNode value)
    {
        if (value.Kind == ConfigNodeKind.Scalar && !value.IsEmpty) return true;
        reader.Complain(value, $"{key.Text} must be one value");
        return false;
    }

    bool IsPath(ConfigNode node)
    {
        var isPath = node.Text.Split('.').All(part => part.Length > 0);
        if (!isPath) reader.Complain(node, $"\"{node.Text}\" is no key; write its parts with a dot between");
        return isPath;
    }

    List<Counter> Counters()
    {
        if (reader.Node("counters") is not { } node) return [];
        switch (node.Kind)
        {
            case ConfigNodeKind.Map:
                return
                [
                    .. from entry in Entries(node) where IsPath(entry.Key) select Counter(entry.Key, Names(entry.Value)),
                ];
            case ConfigNodeKind.List
                when node.Items.Count <= MaxEntries && node.Items.All(item => item.Kind == ConfigNodeKind.Scalar):
                return [.. from item in node.Items where IsPath(item) select Counter(item, [])];
            default:
                reader.Complain(node,
                    $"counters must be a list of at most {MaxEntries} keys, or keys with the name of their rate");
                return [];
        }
    }

    static Counter Counter(ConfigNode path, IReadOnlyList<string> names) => new(path.Text.Split('.'), names);

    List<string> Names(ConfigNode node)
    {
        var items = node.Kind == ConfigNodeKind.List ? node.Items : [node];
        foreach (var item in items)
            if (item.Kind != ConfigNodeKind.Scalar || item.IsEmpty || item.Text.Contains('.'))
                reader.Complain(item, "write the name of the rate, without a dot, or a list of names");
        return [.. items.Select(item => item.Text)];
    }
}
