using System.Globalization;
using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip.Handlers;

/// <summary>
/// What a handler is started with: Serf's contract (serf-wire.md A16). What comes from the network goes by environment and stdin only.
/// </summary>
internal static class HandlerCall
{
    /// <summary>Output kept, in bytes: more would not fit an answer to a query anyway.</summary>
    public const int MaxOutput = 8 * 1024;

    /// <summary>Longest value of a variable, in characters: tags and names of peers are input.</summary>
    public const int MaxValue = 4_096;

    /// <summary>The program, its environment and its input.</summary>
    /// <param name="script">The operator's line.</param>
    /// <param name="one">What happened.</param>
    /// <param name="self">This node.</param>
    public static ProgramStart Of(string script, GossipEvent one, Member self)
    {
        List<string> environment =
        [
            .. ProgramStart.CleanEnvironment,
            $"SERF_EVENT={one.Word}",
            $"SERF_SELF_NAME={Value(self.Name)}",
            $"SERF_SELF_ROLE={Value(self.Tag("role") ?? "")}",
            .. self.Tags.Select(tag => $"SERF_TAG_{Variable(tag.Key)}={Value(tag.Value)}"),
        ];
        if (one.User is { } user)
        {
            environment.Add($"SERF_USER_EVENT={Value(user.Name)}");
            environment.Add(string.Create(CultureInfo.InvariantCulture, $"SERF_USER_LTIME={user.LTime}"));
        }
        if (one.Query is { } query)
        {
            environment.Add($"SERF_QUERY_NAME={Value(query.Query.Name)}");
            environment.Add(string.Create(CultureInfo.InvariantCulture, $"SERF_QUERY_LTIME={query.Query.LTime}"));
        }
        return new ProgramStart(["/bin/sh", "-c", script], environment)
        {
            Input = Input(one),
            KeepsErrorsApart = true,
            MaxOutput = MaxOutput,
        };
    }

    /// <summary>A tag's name as part of a variable's: upper case, and <c>_</c> for all else.</summary>
    public static string Variable(string tag) =>
        string.Create(tag.Length, tag, (name, text) =>
        {
            for (var i = 0; i < name.Length; i++)
            {
                var letter = char.ToUpperInvariant(text[i]);
                name[i] = letter is (>= 'A' and <= 'Z') or (>= '0' and <= '9') ? letter : '_';
            }
        });

    static string Value(string text) => text.Length > MaxValue ? text[..MaxValue] : text;

    static byte[] Input(GossipEvent one)
    {
        if (one.Members.Count > 0)
        {
            var lines = new StringBuilder();
            foreach (var member in one.Members)
            {
                var tags = string.Join(',', member.Tags.Select(tag => $"{tag.Key}={tag.Value}"));
                lines.Append(Field(member.Name)).Append('\t').Append(member.Address.ToIPAddress()).Append('\t')
                    .Append(Field(member.Tag("role") ?? "")).Append('\t').Append(Field(tags)).Append('\n');
            }
            return Encoding.UTF8.GetBytes(lines.ToString());
        }
        var payload = one.User?.Payload ?? one.Query?.Query.Payload ?? default(Bytes);
        return payload.Length == 0 || payload.Span[^1] == (byte)'\n' ? payload.Span.ToArray() : [.. payload.Span, (byte)'\n'];
    }

    /// <summary>Tabs and line ends part the fields: those of a value are written as two characters.</summary>
    static string Field(string text) => text.Replace("\t", "\\t", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
