using System.CommandLine;
using System.Text;
using System.Text.Json;
using OpsBro.Cli;

namespace OpsBro.KeyValue;

/// <summary>
/// The verbs of the noun <c>kv-store</c>: they ask the API and print. Exit codes beside 0, 1 and 2: 5 the version is another one, 6 the key is
/// not there, 75 too few nodes can be reached (try again).
/// </summary>
internal sealed class KeyValueVerbs(ApiClient api, Terminal terminal)
{
    /// <summary>Exit codes of their own.</summary>
    public const int Conflict = 5, NotFound = 6, TryAgain = 75;

    /// <summary>Names that completion asks for.</summary>
    const int MaxCompleted = 500;

    /// <summary>Keys of one question when all are listed.</summary>
    const int Page = 1_000;

    readonly Option<string> ttl = new("--ttl") { Description = "Until it vanishes: seconds, or for instance 10m." };
    readonly Option<long?> cas = new("--cas") { Description = "Only when the key has this version; 0: only when it is not there." };
    readonly Option<string> w = Verb.OptionOf("--w", "On how many nodes' disks it is before it is done.", "one", "quorum", "all");

    /// <summary>The noun with its verbs.</summary>
    public Command Noun() => Verb.Noun("kv-store", "Keys and values in the cluster: get, put, delete, list, watch, wait.",
        Get(), Put(), Delete(), List(), Watch(), WaitExists(), WaitValue(), new KeyExport(api, terminal).Export(), new KeyExport(api, terminal).Import(),
        State(), Where());

    Argument<string?> Key() => Verb.Name("key", "The key; it may hold slashes.", Names);

    async Task<IEnumerable<string>> Names(CancellationToken cancel) =>
        (await api.Get($"/v1/kv?recurse&keys&limit={MaxCompleted}", KeyValueJson.Default.KeyListView, cancel)).Keys;

    /// <summary>The argument that names a prefix.</summary>
    public static Argument<string?> Prefix() => new("prefix")
    {
        Description = "What the keys begin with; all when left out.",
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "prefix",
    };

    static Argument<string> ValueArgument() => new("value") { Description = "The value; - for standard input, @FILE for a file.", HelpName = "value" };

    static string PathOf(string key) => "/v1/kv/" + KeyText.Escaped(key);

    Command Get()
    {
        var key = Key();
        var raw = new Option<bool>("--raw") { Description = "The bytes of the value and nothing else; into a pipe always." };
        var consistency = Verb.OptionOf("--consistency", "Ask a majority of the copies, the owner, or this agent only.", "quorum", "owner", "local");
        return Verb.Reading("get", "Print the value of a key.", async (args, cancel) =>
        {
            var name = args.GetValue(key)!;
            var path = PathOf(name) + "?conflicts" + (args.GetValue(consistency) is { } where ? $"&consistency={where}" : "");
            var view = Parse(Good(await api.Send("GET", path, null, cancel)), KeyValueJson.Default.KeyView);
            var bytes = Convert.FromBase64String(view.ValueBase64 ?? "");
            if (terminal.Json)
            {
                terminal.PrintJson(view, KeyValueJson.Default.KeyView);
                return 0;
            }
            if (view.ConflictCount > 0) terminal.Note($"{view.ConflictCount} concurrent values lost against this one; see --json, the next put clears them");
            if (args.GetValue(raw) || !terminal.IsInteractive) terminal.Bytes(bytes);
            else terminal.Line($"{name}::{(view.Value is { } text ? Printable(text) : $"({bytes.Length} bytes that are no text; see --raw)")}");
            return 0;
        }, key, raw, consistency);
    }

    /// <summary>A value comes from anyone: what would move the cursor is not sent to the terminal.</summary>
    static string Printable(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? $"\\x{(int)c:x2}" : c.ToString()));

    Command Put()
    {
        var (key, value) = (Key(), ValueArgument());
        return Verb.Reading("put", "Write a key.", async (args, cancel) =>
        {
            var query = new List<string>();
            if (args.GetValue(ttl) is { } time) query.Add("ttl=" + Uri.EscapeDataString(time));
            if (args.GetValue(cas) is { } version) query.Add($"cas={version}");
            if (args.GetValue(w) is { } copies) query.Add("w=" + copies);
            var answer = await api.Send("PUT", PathOf(args.GetValue(key)!) + Query(query), Value(args.GetValue(value)!), cancel);
            return Done(answer, args.GetValue(key)!, "written");
        }, key, value, ttl, cas, w);
    }

    Command Delete()
    {
        var key = Key();
        return Verb.Reading("delete", "Remove a key.", async (args, cancel) =>
        {
            var query = new List<string>();
            if (args.GetValue(cas) is { } version) query.Add($"cas={version}");
            if (args.GetValue(w) is { } copies) query.Add("w=" + copies);
            return Done(await api.Send("DELETE", PathOf(args.GetValue(key)!) + Query(query), null, cancel), args.GetValue(key)!, "removed");
        }, key, cas, w);
    }

    static string Query(List<string> parts) => parts.Count == 0 ? "" : "?" + string.Join('&', parts);

    int Done(ApiAnswer answer, string key, string what)
    {
        var view = Parse(Good(answer), KeyValueJson.Default.KeyWrittenView);
        if (terminal.Json) terminal.PrintJson(view, KeyValueJson.Default.KeyWrittenView);
        else terminal.Line($"{key} is {what}, version {view.Version}");
        return 0;
    }

    /// <summary>A value as people give it: secrets do not stand on the command line, where every user sees them.</summary>
    static byte[] Value(string text)
    {
        if (text == "-") return ReadAll(Console.OpenStandardInput());
        if (!text.StartsWith('@')) return Encoding.UTF8.GetBytes(text);
        try
        {
            return File.ReadAllBytes(text[1..]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliError(2, $"{e.Message.TrimEnd('.')}; a value that begins with @ can be given by standard input, as -");
        }
    }

    static byte[] ReadAll(Stream stream)
    {
        var all = new MemoryStream();
        stream.CopyTo(all);
        return all.ToArray();
    }

    /// <summary>The answer when it is a good one.</summary>
    /// <exception cref="CliError">It is not: with the exit code of its kind.</exception>
    public static ApiAnswer Good(ApiAnswer answer) => answer.IsGood ? answer : throw new CliError(answer.Status switch
    {
        404 => NotFound,
        409 or 412 => Conflict,
        503 => TryAgain,
        _ => 2,
    }, answer.Reason);

    /// <summary>The JSON of a good answer.</summary>
    public static T Parse<T>(ApiAnswer answer, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> shape) =>
        JsonSerializer.Deserialize(answer.Body, shape) ?? throw new CliError(2, "the agent answered null");

    Command List()
    {
        var prefix = Prefix();
        var recurse = new Option<bool>("--recurse", "-r") { Description = "All below the prefix; else one level, and folders." };
        var isLong = new Option<bool>("--long", "-l") { Description = "With size, version, time, writer and time to live." };
        return Verb.Reading("list", "Names of the keys.", async (args, cancel) =>
        {
            var path = $"/v1/kv?limit={Page}&prefix={Uri.EscapeDataString(args.GetValue(prefix) ?? "")}" + (args.GetValue(recurse) ? "&recurse" : "");
            var rows = new List<string[]>();
            for (string? after = ""; after is not null;)
            {
                var view = Parse(Good(await api.Send("GET", $"{path}&after={Uri.EscapeDataString(after)}", null, cancel)), KeyValueJson.Default.KeyListView);
                after = view.Next;
                if (terminal.Json)
                {
                    terminal.PrintJson(view, KeyValueJson.Default.KeyListView);
                    continue;
                }
                var named = view.Folders.Select(folder => (Key: folder, Entry: (KeyView?)null))
                    .Concat(view.Entries!.Select(entry => (entry.Key, Entry: (KeyView?)entry)));
                foreach (var (name, entry) in named.OrderBy(n => n.Key, StringComparer.Ordinal))
                {
                    if (!args.GetValue(isLong)) terminal.Line(name);
                    else rows.Add(entry is null ? [name, "", "", "", "", ""] : Row(entry));
                }
            }
            if (args.GetValue(isLong) && !terminal.Json) terminal.Table(["KEY", "SIZE", "VERSION", "TIME", "WRITER", "TTL"], rows);
            return 0;
        }, prefix, recurse, isLong);
    }

    static string[] Row(KeyView entry) =>
        [entry.Key, $"{entry.Size}", $"{entry.Version}", $"{entry.Time:u}", Printable(entry.Writer), entry.Ttl is { } left ? $"{left:0} s" : ""];

    Command Watch()
    {
        var key = new Argument<string?>("key") { Description = "The key.", Arity = ArgumentArity.ZeroOrOne, HelpName = "key" };
        var prefix = new Option<string?>("--prefix") { Description = "All keys that begin with this, instead of one." };
        return Verb.Reading("watch", "Print what is there, then every change, until Ctrl-C.", async (args, cancel) =>
        {
            var (one, many) = (args.GetValue(key), args.GetValue(prefix));
            if (one is null == many is null) throw new CliError(2, "name a key, or a --prefix");
            var path = one is not null ? PathOf(one) + "?watch" : "/v1/kv?watch&prefix=" + Uri.EscapeDataString(many!);
            await foreach (var line in api.Lines(path, cancel))
            {
                if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
                if (terminal.Json) terminal.Line(line[6..]);
                else Print(JsonSerializer.Deserialize(line.AsSpan(6), KeyValueJson.Default.KeyWatchItem)!);
            }
            return 0;
        }, key, prefix);
    }

    void Print(KeyWatchItem item)
    {
        var value = item.Entry is null ? "" : item.Entry.Value is { } text ? "::" + Printable(text) : $" ({item.Entry.Size} bytes)";
        terminal.Line(item is { Change: "current", Version: 0 } ? $"current {item.Key} is not there" : $"{item.Change} {item.Key}{value}");
    }

    Command WaitExists()
    {
        var key = Key();
        return Verb.Waiting("wait-exists", "Wait until a key is there.", (args, cancel) =>
            Wait(args.GetValue(key)!, view => view is null ? (false, "not there") : (true, "there"), Verb.TimeoutOf(args), cancel), key);
    }

    Command WaitValue()
    {
        var (key, value) = (Key(), ValueArgument());
        return Verb.Waiting("wait-value", "Wait until a key has a value.", (args, cancel) =>
        {
            var wanted = Convert.ToBase64String(Value(args.GetValue(value)!));
            return Wait(args.GetValue(key)!, view => view is null ? (false, "not there")
                : view.ValueBase64 == wanted ? (true, "as wanted")
                : (false, "another one"), Verb.TimeoutOf(args), cancel);
        }, key, value);
    }

    Task<int> Wait(string key, Func<KeyView?, (bool, string)> judge, TimeSpan timeout, CancellationToken cancel) =>
        terminal.WaitUntil($"key {key}", async stop =>
        {
            var answer = await api.Send("GET", PathOf(key), null, stop);
            if (answer.Status == 503) return (false, "out of reach");
            return judge(answer.Status == 404 ? null : Parse(Good(answer), KeyValueJson.Default.KeyView));
        }, timeout, cancel);

    Command State() => Verb.Reading("state", "Who keeps keys and values, and how the store does.", async (_, cancel) =>
    {
        var view = await api.Get("/v1/kv-state", KeyValueJson.Default.KeyStateView, cancel);
        if (terminal.Json) terminal.PrintJson(view, KeyValueJson.Default.KeyStateView);
        else KeyStateText.Print(terminal, view);
        return 0;
    });

    Command Where()
    {
        var key = Key();
        return Verb.Reading("where", "Which nodes keep a key, the owner first.", async (args, cancel) =>
        {
            var view = await api.Get("/v1/kv-state?key=" + Uri.EscapeDataString(args.GetValue(key)!), KeyValueJson.Default.KeyStateView, cancel);
            if (terminal.Json) terminal.PrintJson(view, KeyValueJson.Default.KeyStateView);
            foreach (var owner in terminal.Json ? [] : view.Owners ?? []) terminal.Line(owner);
            if (view.Owners is []) terminal.Note("no node of group kv is alive: each agent keeps what is written there, and hands it over when one appears");
            return 0;
        }, key);
    }
}
