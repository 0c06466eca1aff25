using System.CommandLine;
using System.Globalization;
using OpsBro.Api;
using OpsBro.Cli;

namespace OpsBro.Gossip.Keys;

/// <summary>The verbs <c>gossip keys generate|list|install|use|remove|rotate</c>, and <c>agent keygen</c>.</summary>
internal static class KeyVerbs
{
    /// <summary><c>keys</c>.</summary>
    public static Command Create(ApiClient api, Terminal terminal) => Verb.Noun("keys", "The keys that encrypt the gossip, on all members at once.",
        Generate(api, terminal), List(api, terminal),
        Change(api, terminal, "install", "Have all members accept a further key.", "The key: -, @FILE, or the key itself."),
        Change(api, terminal, "use", "Have all members encrypt with a key that is installed.", "A fingerprint, -, @FILE, or the key itself."),
        Change(api, terminal, "remove", "Have all members forget a key; not the primary one.", "A fingerprint, -, @FILE, or the key itself."),
        Rotate(api, terminal));

    /// <summary><c>agent keygen</c>: needs no agent.</summary>
    public static Command Keygen(Terminal terminal) => Verb.Reading("keygen", "Print a new key for gossip.encrypt: 32 random bytes in base64.", (_, _) =>
    {
        var key = GossipKey.Generate();
        var text = Convert.ToBase64String(key);
        if (terminal.Json)
        {
            terminal.PrintJson(new Dictionary<string, string> { ["key"] = text, ["fingerprint"] = GossipKey.Fingerprint(key) },
                ApiJson.Default.DictionaryStringString);
        }
        else terminal.Line(text);
        return Task.FromResult(0);
    });

    static readonly Option<string?> zone = new("--zone") { Description = "On a proxy node: the zone above instead of its own.", HelpName = "zone" };

    static Command List(ApiClient api, Terminal terminal)
    {
        var show = new Option<bool>("--show") { Description = "Print the keys themselves, not only their fingerprints." };
        return Verb.Reading("list", "The keys of all members; exit 2 when not all answer.", async (args, cancel) =>
        {
            var path = (args.GetValue(show) ? "/v1/gossip/keys/show" : "/v1/gossip/keys")
                + (args.GetValue(zone) is { } named ? $"?zone={Uri.EscapeDataString(named)}" : "");
            var keys = await api.Get(path, GossipJson.Default.KeysView, cancel);
            if (terminal.Json) terminal.PrintJson(keys, GossipJson.Default.KeysView);
            else if (keys.Nodes == 0) terminal.Note($"error: {keys.Rotation}");
            else
            {
                terminal.Table(args.GetValue(show) ? ["FINGERPRINT", "MEMBERS", "PRIMARY ON", "KEY"] : ["FINGERPRINT", "MEMBERS", "PRIMARY ON"],
                    keys.Keys.Select(k => ((string[])[k.Fingerprint, Count(k.Nodes), Count(k.Primary), k.Key ?? ""])[..(args.GetValue(show) ? 4 : 3)]));
                terminal.Line();
                terminal.Line($"{keys.Answered} of {keys.Nodes} members answered");
                if (keys.PrimarySince is { } since)
                    terminal.Line($"primary key in use since {since.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture)}");
                if (keys.Rotation.Length > 0) terminal.Line($"next rotation: {keys.Rotation}");
                Print(terminal, keys.Messages);
            }
            return keys.Nodes > 0 && IsWhole(keys) ? 0 : 2;
        }, show, zone);
    }

    static string Count(int number) => number.ToString(CultureInfo.InvariantCulture);

    static bool IsWhole(KeysView keys) => keys.Answered == keys.Nodes && keys.Errors == 0;

    static void Print(Terminal terminal, IReadOnlyDictionary<string, string> messages)
    {
        foreach (var (name, text) in messages) terminal.Line(Tone.Warning, $"{name}: {text}");
    }

    static Command Change(ApiClient api, Terminal terminal, string word, string description, string what)
    {
        var key = new Argument<string>("key") { Description = what, HelpName = "key" };
        var local = new Option<bool>("--local") { Description = "On this node only: for one that others no longer understand." };
        return Verb.Reading(word, description + " Exit 2 when not all did.", async (args, cancel) =>
        {
            var request = new KeyRequest { Key = KeyText.Read(args.GetValue(key)!, terminal), Zone = args.GetValue(zone), Local = args.GetValue(local) };
            var keys = await api.Change("POST", "/v1/gossip/keys/" + word, request, GossipJson.Default.KeyRequest, GossipJson.Default.KeysView, cancel);
            if (terminal.Json) terminal.PrintJson(keys, GossipJson.Default.KeysView);
            else
            {
                var did = word switch { "install" => "installed", "use" => "in use", _ => "removed" };
                terminal.Line($"key {keys.Keys[0].Fingerprint} {did} on {keys.Keys[0].Nodes} of {keys.Nodes} members");
                Print(terminal, keys.Messages);
            }
            return IsWhole(keys) ? 0 : 2;
        }, key, zone, local);
    }

    static Command Rotate(ApiClient api, Terminal terminal)
    {
        var force = new Option<bool>("--force") { Description = "Although members failed: they need the new key by hand when they come back." };
        var key = new Option<string?>("--key") { Description = "This key instead of a new one: - or @FILE.", HelpName = "-|@FILE" };
        return Verb.Reading("rotate", "Replace the key of all members; the two before it stay valid. Exit 2 when not all have it.", async (args, cancel) =>
        {
            var request = new KeyRequest
            {
                Force = args.GetValue(force),
                Zone = args.GetValue(zone),
                Key = args.GetValue(key) is { } given ? KeyText.Read(given, terminal) : null,
            };
            var view = await api.Change("POST", "/v1/gossip/keys/rotate", request, GossipJson.Default.KeyRequest, GossipJson.Default.RotationView, cancel);
            if (terminal.Json) terminal.PrintJson(view, GossipJson.Default.RotationView);
            else
            {
                if (view.Done) terminal.Line($"rotated: {view.Text}");
                else terminal.Note($"error: {view.Text}");
                if (view.Removed.Length > 0) terminal.Line($"removed: {string.Join(", ", view.Removed)}");
            }
            return view.Done ? 0 : 2;
        }, force, key, zone);
    }

    static Command Generate(ApiClient api, Terminal terminal) =>
        Verb.Reading("generate", "Make the first key of a cluster that has none, and say what to do with it; nothing is switched on.", async (args, cancel) =>
        {
            var made = await api.Change("POST", "/v1/gossip/keys/generate", new KeyRequest { Zone = args.GetValue(zone) }, GossipJson.Default.KeyRequest,
                GossipJson.Default.NewKeyView, cancel);
            if (terminal.Json)
            {
                terminal.PrintJson(made, GossipJson.Default.NewKeyView);
                return 0;
            }
            terminal.Line(made.Key);
            foreach (var line in (string[])
            [
                $"This is a first key for zone {made.Zone} ({made.Fingerprint}). Nothing uses it yet: a cluster without encryption cannot be told a key",
                "by gossip, for everybody could read it there. To switch encryption on:",
                $"  either on every node: opsbro gossip zone key import {made.Zone} KEYFILE",
                $"  or write it everywhere to {made.File} (mode 0600) or to gossip.encrypt, then on every node: opsbro agent reload",
                "Do it on all nodes as close together as you can.",
                "Nodes with the key and nodes without it see each other as failed until all have it; then they find each other again.",
            ]) terminal.Note(line);
            return 0;
        }, zone);
}

/// <summary>Keys of the command line: others can read its words in <c>ps</c>, so a key may come another way.</summary>
internal static class KeyText
{
    /// <summary>Most characters read: a key is far shorter.</summary>
    public const int MaxLength = 4096;

    /// <summary><c>-</c> is the standard input, <c>@FILE</c> a file, and all else the text itself.</summary>
    /// <exception cref="CliError">The file cannot be read.</exception>
    public static string Read(string text, Terminal terminal)
    {
        if (text is "-") return First(Console.In);
        if (!text.StartsWith('@'))
        {
            if (GossipKey.TryParse(text) is not null)
                terminal.Note("other users of this host can see a key on the command line (ps); better give it as - or @FILE");
            return text;
        }
        try
        {
            using var reader = new StreamReader(text[1..]);
            return First(reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliError(2, $"the key cannot be read: {e.Message}");
        }
    }

    static string First(TextReader reader)
    {
        var buffer = new char[MaxLength];
        return new string(buffer, 0, reader.ReadBlock(buffer)).Trim();
    }
}
