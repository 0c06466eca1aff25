using System.Globalization;
using System.Text;
using OpsBro.Checks;
using OpsBro.Config;
using OpsBro.Core.Dns;
using OpsBro.Core.NodeState;

namespace OpsBro.Dns;

/// <summary>
/// What a node tells of its services besides their state, as the fact <c>services</c>: port, weight, tags. A service of which its file says
/// none of them is left out. Grammar:
/// <code>
/// fact    = service *(";" service)
/// service = name "|" port "|" weight "|" [tag *("," tag)]
/// </code>
/// </summary>
internal static class ServiceFacts
{
    /// <summary>The fact's name.</summary>
    public const string Fact = "services";

    /// <summary>What this node tells. What is longer than a value of NodeState may be is left out.</summary>
    /// <param name="checks">Its checks, services among them.</param>
    /// <param name="left">How many services were left out.</param>
    public static string Of(IEnumerable<ScheduledCheck> checks, out int left)
    {
        var text = new StringBuilder();
        left = 0;
        foreach (var check in checks.Where(c => c.IsActive && c.Definition.IsService).OrderBy(c => c.Definition.Id, StringComparer.Ordinal))
        {
            var reader = new ObjectReader(check.Definition.Source.Body, []);
            var port = reader.Number("port", 0, 1, ushort.MaxValue);
            var weight = reader.Number("weight", DnsService.DefaultWeight, 0, ushort.MaxValue);
            var tags = reader.Texts("tags");
            if (port == 0 && weight == DnsService.DefaultWeight && tags.Count == 0) continue;
            var name = NameOf(check.Definition.Source.Id, check.Definition.Source.Pack is not null);
            var one = string.Create(CultureInfo.InvariantCulture, $"{name}|{port}|{weight}|{string.Join(',', tags)}");
            if (one.Count(c => c is '|') > 3 || one.Contains(';') || Encoding.UTF8.GetByteCount(one) + text.Length + 1 > NodeStateLimits.MaxValue) left++;
            else text.Append(text.Length > 0 ? ";" : "").Append(one);
        }
        return text.ToString();
    }

    /// <summary>The name of a check or service by its id: without its pack, or its directory.</summary>
    public static string NameOf(string id, bool isOfPack) => isOfPack && id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
        ? id[(slash + 1)..]
        : id[(id.LastIndexOf('/') + 1)..];

    /// <summary>What a node tells, by name of the service; what cannot be read is left out.</summary>
    public static Dictionary<string, (int Port, int Weight, string[] Tags)> Parse(string fact)
    {
        var all = new Dictionary<string, (int, int, string[])>(StringComparer.Ordinal);
        foreach (var one in fact.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (one.Split('|') is not [{ Length: > 0 } name, var port, var weight, var tags]) continue;
            if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var portNumber)) continue;
            if (!ushort.TryParse(weight, NumberStyles.None, CultureInfo.InvariantCulture, out var weightNumber)) continue;
            all[name] = (portNumber, weightNumber, tags.Split(',', StringSplitOptions.RemoveEmptyEntries));
        }
        return all;
    }
}
