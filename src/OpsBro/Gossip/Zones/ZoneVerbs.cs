using System.CommandLine;
using System.Globalization;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Gossip.Keys;

namespace OpsBro.Gossip.Zones;

/// <summary>The verbs <c>gossip zone list|change|key generate|key import</c>.</summary>
internal static class ZoneVerbs
{
    /// <summary><c>zone</c>.</summary>
    public static Command Create(ApiClient api, Terminal terminal) => Verb.Noun("zone", "Zones: who sees whom, and who has which key.",
        List(api, terminal), Change(api, terminal),
        Verb.Noun("key", "The key files of zones.", Generate(api, terminal), Import(api, terminal)));

    static Argument<string?> Zone(ApiClient api, bool isOptional = false) => Verb.Name("zone", "The zone.",
        async cancel => (await api.Get("/v1/gossip/zones", GossipJson.Default.ZoneViewArray, cancel)).Select(z => z.Name), isOptional);

    static Command List(ApiClient api, Terminal terminal) => Verb.Reading("list", "The zones as a tree, and this agent's keys.", async (_, cancel) =>
    {
        var zones = await api.Get("/v1/gossip/zones", GossipJson.Default.ZoneViewArray, cancel);
        if (terminal.Json)
        {
            terminal.PrintJson(zones, GossipJson.Default.ZoneViewArray);
            return 0;
        }
        var depths = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var zone in zones) depths[zone.Name] = depths.TryGetValue(zone.Above, out var above) ? above + 1 : 0;
        terminal.Table(["ZONE", "RELATION", "MEMBERS", "KEY"], zones.Select(z => (string[])
        [
            new string(' ', 2 * depths[z.Name]) + z.Name, z.Relation, z.Members.ToString(CultureInfo.InvariantCulture), z.HasKey ? z.KeyFingerprint : "none",
        ]));
        return 0;
    });

    static Command Change(ApiClient api, Terminal terminal)
    {
        var zone = Zone(api);
        return Verb.Acting("change", "Move this node to another zone: writes node-zone, comments kept, and takes effect at once.", async (args, cancel) =>
        {
            var done = await api.Change("POST", "/v1/gossip/zones/change", new ZoneRequest { Name = args.GetValue(zone) }, GossipJson.Default.ZoneRequest,
                ApiJson.Default.DoneView, cancel);
            terminal.Line(done.Message);
            return 0;
        }, zone);
    }

    static readonly Option<bool> erase = new("--erase") { Description = "Replace a key file that is there." };
    static readonly Option<string?> zoneOption = new("--zone") { Description = "The zone, as the original's option.", Hidden = true };
    static readonly Option<string?> keyOption = new("--key") { Description = "The key, as the original's option.", Hidden = true };

    static Command Generate(ApiClient api, Terminal terminal)
    {
        var zone = Zone(api, isOptional: true);
        return Verb.Reading("generate", "Make a key for a zone, write its file here and print it.", async (args, cancel) =>
        {
            var made = await Send(api, args.GetValue(zone) ?? args.GetValue(zoneOption), new ZoneKeyRequest { Erase = args.GetValue(erase) }, cancel);
            if (terminal.Json)
            {
                terminal.PrintJson(made, GossipJson.Default.NewKeyView);
                return 0;
            }
            terminal.Line(made.Key);
            terminal.Note($"key {made.Fingerprint} of zone {made.Zone} is written to {made.File}; give it to every other node of the zone and "
                + $"to the proxy nodes of the zones directly below: opsbro gossip zone key import {made.Zone} -");
            return 0;
        }, zone, erase, zoneOption);
    }

    static Command Import(ApiClient api, Terminal terminal)
    {
        var zone = Zone(api, isOptional: true);
        var key = new Argument<string?>("key")
        {
            Description = "A file with the key, or - to read it here.",
            HelpName = "keyfile",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return Verb.Acting("import", "Take the key of a zone, as generate printed it, and write its file here.", async (args, cancel) =>
        {
            // a plain word is a file here: this verb is for key files
            var source = args.GetValue(key);
            var text = source is null ? args.GetValue(keyOption) : KeyText.Read(source is "-" || source.StartsWith('@') ? source : "@" + source, terminal);
            if (string.IsNullOrWhiteSpace(text))
                throw new CliError(2, "the key is missing; name a file that holds it, or - to read it from the standard input");
            var request = new ZoneKeyRequest { Key = text, Erase = args.GetValue(erase) };
            var taken = await Send(api, args.GetValue(zone) ?? args.GetValue(zoneOption), request, cancel);
            terminal.Line($"key {taken.Fingerprint} of zone {taken.Zone} is written to {taken.File}");
            return 0;
        }, zone, key, erase, zoneOption, keyOption);
    }

    static Task<NewKeyView> Send(ApiClient api, string? zone, ZoneKeyRequest request, CancellationToken cancel) =>
        string.IsNullOrWhiteSpace(zone)
            ? throw new CliError(2, "the zone is missing; see opsbro gossip zone list")
            : api.Change("POST", $"/v1/gossip/zones/{Uri.EscapeDataString(zone)}/key", request, GossipJson.Default.ZoneKeyRequest,
                GossipJson.Default.NewKeyView, cancel);
}
