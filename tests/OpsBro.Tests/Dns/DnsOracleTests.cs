using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpsBro.Core.Checks;
using OpsBro.Core.Dns;

namespace OpsBro.Tests.Dns;

/// <summary>
/// Debian's dnspython (<c>oracle.py</c>) makes queries and messages, well formed and broken ones, and reads strictly what we answer; what the
/// answers must hold is worked out from the page for operators alone (<c>picture.py</c>).
/// </summary>
public class DnsOracleTests
{
    const int Queries = 1_600, Mutations = 1_200, Messages = 240;

    /// <summary>What must have been met, and how often at least: a run that met nothing proves nothing.</summary>
    static readonly (string What, int Least)[] met =
    [
        ("well formed", 1_200), ("malformed", 160), ("NOERROR", 320), ("NXDOMAIN", 80), ("NODATA", 40), ("FORMERR", 160), ("REFUSED", 80), ("NOTIMP", 32),
        ("BADVERS", 12), ("A", 40), ("AAAA", 12), ("SRV", 12), ("TXT", 20), ("PTR", 20), ("ANY", 8), ("SOA", 1), ("NS", 1), ("additional", 8), ("cut", 8),
        ("cookie", 60), ("to others", 20), ("no such address", 10), ("message read", 200), ("message malformed", 40),
    ];

    [Theory, InlineData(1, "opsbro"), InlineData(2, "nodes.Example")]
    public void What_we_answer_is_what_dnspython_reads_and_the_page_says(int seed, string domain)
    {
        Assert.True(Directory.Exists("/usr/lib/python3/dist-packages/dns"), "python3-dnspython is missing; ./dev test installs it");
        var settings = new DnsZoneSettings
        {
            Domain = domain,
            Serial = 7,
            Server = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::53")],
            Zones = ["empty", "Lan"],
        };
        var nodes = DnsOracleWorld.Nodes(seed);
        var (alone, forwards) = (new DnsRig(settings, nodes), new DnsRig(settings, nodes) { CanForward = true });
        var start = new ProcessStartInfo("/usr/bin/python3", ["-B", Repository.PathOf("tests", "OpsBro.Tests", "Dns", "oracle.py")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PYTHONHASHSEED"] = "0" },   // or a seed makes other queries each time
        };
        using var oracle = Process.Start(start)!;
        var complaints = oracle.StandardError.ReadToEndAsync();
        string Hear() => oracle.StandardOutput.ReadLine() ?? throw new InvalidOperationException(complaints.GetAwaiter().GetResult());

        oracle.StandardInput.WriteLine(DnsOracleWorld.Json(settings, nodes, seed, Queries, Mutations, Messages));
        oracle.StandardInput.Flush();
        var questions = new List<JsonElement>();
        for (var line = Hear(); line != "{}"; line = Hear()) questions.Add(JsonDocument.Parse(line).RootElement);
        foreach (var question in questions) oracle.StandardInput.WriteLine(Reply(question, alone, forwards).ToJsonString());
        oracle.StandardInput.Flush();
        var verdict = JsonNode.Parse(Hear())!;
        oracle.WaitForExit();

        var faults = verdict["faults"]!.AsArray();
        Assert.True(faults.Count == 0, $"seed {seed}: {faults.Count} faults, the first ones:\n{string.Join("\n", faults.Take(12))}");
        foreach (var (what, least) in met) Assert.True((int?)verdict["seen"]![what] >= least, $"\"{what}\" was met too seldom: {verdict["seen"]}");
    }

    static JsonObject Reply(JsonElement question, DnsRig alone, DnsRig forwards)
    {
        if (question.TryGetProperty("message", out var message))
            return new JsonObject { ["read"] = Read(DnsMessage.TryRead(Convert.FromHexString(message.GetString()!))) };
        var rig = question.GetProperty("forward").GetBoolean() ? forwards : alone;
        var answer = rig.Send(Convert.FromHexString(question.GetProperty("query").GetString()!), question.GetProperty("stream").GetBoolean());
        return new JsonObject { ["answer"] = answer is null ? null : Convert.ToHexString(answer) };
    }

    static JsonObject? Read(DnsMessage? message) => message is null ? null : new JsonObject
    {
        ["question"] = new JsonArray(message.Question, (int)message.Type, message.Class),
        ["answers"] = Records(message.Answers),
        ["authorities"] = Records(message.Authorities),
        ["additionals"] = Records(message.Additionals),
    };

    static JsonArray Records(IReadOnlyList<DnsRecord> all) =>
        [.. all.Select(r => new JsonArray(r.Name, (int)r.Type, r.Class, r.Ttl, r.Data))];
}

/// <summary>A cluster with all that may go wrong with names: dots, letters of either case, names that are too long, addresses that two nodes have.</summary>
static class DnsOracleWorld
{
    static readonly string[] zones = ["lan", "Dc1", "far.away"], states = ["alive", "alive", "alive", "alive", "suspect", "failed", "left", "leaving"];
    static readonly string[] groups = ["web", "db", "Linux", "a.b", "b", "é", "É", "ok", "rack-7", "with space", "x" + new string('y', 63), "redis"];
    static readonly string[] tags = ["primary", "v1.2", "Blue", "web"];
    static readonly string[] services = ["web", "redis", "My.Service", "Service", "a_b"];

    public static DnsNode[] Nodes(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 90).Select(i => Node(i, random))];
    }

    static DnsNode Node(int i, Random random) => new()
    {
        Name = i switch
        {
            3 => "UPPER",
            4 => "www.with.dots",
            5 => "é",
            6 => "two words",
            7 => new string('n', 64),
            8 => "..",
            9 => "quote\"(;)@$",
            10 => string.Join('.', Enumerable.Repeat(new string('l', 50), 4)),
            _ => $"node{i / 2:00}",
        },
        DisplayName = random.Next(5) == 0 ? $"Shown{i / 4}" : "",
        Zone = i is > 13 and < 20 ? zones[random.Next(3)] : zones[i % 2],
        State = states[random.Next(states.Length)],
        Addresses = [.. Addresses(i, random)],
        Groups =
        [
            .. groups.Where(_ => random.Next(6) == 0), .. i == 11 ? ["over.there"] : i == 12 ? (string[])["there"] : [],
            .. i % 3 == 0 ? [] : (string[])["most"],
        ],
        Services = [.. services.Where(_ => random.Next(4) == 0).SelectMany(name => Services(name, random))],
        Checks = [.. new[] { "disk", "db", "WEB", "load" }.Where(_ => random.Next(5) == 0).Select(name => (name, State(random)))],
        Facts = [new("version", "1.2"), new("text", new string('t', random.Next(3) * 120))],
        Since = (DnsRig.Now / 1000) - random.Next(100_000),
    };

    static IEnumerable<IPAddress> Addresses(int i, Random random)
    {
        if (i == 13) yield break;
        // every tenth shares its address with another: agents on one host, or two zones with the same private network
        if (random.Next(8) > 0) yield return IPAddress.Parse(i % 10 == 0 ? "10.9.9.9" : $"10.0.{i % 3}.{i}");
        if (random.Next(3) == 0) yield return IPAddress.Parse($"2001:db8::{i:x}");
        if (random.Next(30) == 0) yield return IPAddress.Parse($"::ffff:10.8.0.{i}");
    }

    static IEnumerable<DnsService> Services(string name, Random random)
    {
        var state = State(random);
        for (var ports = random.Next(1, 4); ports > 0; ports--)
            yield return new DnsService(name, state, random.Next(4) * 1000, random.Next(3) * 10, [.. tags.Where(_ => random.Next(3) == 0)]);
    }

    static CheckState State(Random random) => random.Next(3) > 0 ? CheckState.Ok : (CheckState)random.Next(5);

    /// <summary>The same for the oracle.</summary>
    public static string Json(DnsZoneSettings settings, DnsNode[] nodes, int seed, int queries, int mutations, int messages) => new JsonObject
    {
        ["seed"] = seed,
        ["queries"] = queries,
        ["mutations"] = mutations,
        ["messages"] = messages,
        ["domain"] = settings.Domain,
        ["ttl"] = settings.Ttl,
        ["negativeTtl"] = settings.NegativeTtl,
        ["udpSize"] = settings.UdpSize,
        ["serial"] = settings.Serial,
        ["now"] = DnsRig.Now / 1000,
        ["zones"] = Texts(settings.Zones),
        ["server"] = Texts(settings.Server.Select(a => a.ToString())),
        ["severity"] = new JsonObject(Enum.GetValues<CheckState>().Select(s => KeyValuePair.Create(s.Word(), (JsonNode?)JsonValue.Create(s.Severity())))),
        ["nodes"] = new JsonArray([.. nodes.Select(n => (JsonNode)new JsonObject
        {
            ["name"] = n.Name, ["display"] = n.DisplayName, ["zone"] = n.Zone, ["state"] = n.State, ["since"] = n.Since,
            ["addresses"] = Texts(n.Addresses.Select(a => (a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a).ToString())),
            ["groups"] = Texts(n.Groups), ["facts"] = Texts(n.Facts.Select(f => $"{f.Key}={f.Value}")),
            ["services"] = new JsonArray([.. n.Services.Select(s => (JsonNode)new JsonObject
            {
                ["name"] = s.Name, ["state"] = s.State.Word(), ["port"] = s.Port, ["weight"] = s.Weight, ["tags"] = Texts(s.Tags),
            })]),
            ["checks"] = new JsonArray([.. n.Checks.Select(c => (JsonNode)new JsonObject { ["name"] = c.Name, ["state"] = c.State.Word() })]),
        })]),
    }.ToJsonString();

    static JsonArray Texts(IEnumerable<string> all) => [.. all.Select(text => (JsonNode)text)];
}
