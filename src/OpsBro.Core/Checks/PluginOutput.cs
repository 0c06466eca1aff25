using System.Text;

namespace OpsBro.Core.Checks;

/// <summary>
/// What a plugin printed, cut into its parts by the plugin guidelines (https://www.monitoring-plugins.org/doc/guidelines.html):
/// <code>
/// text | perfdata
/// long text
/// long text | perfdata
/// perfdata
/// </code>
/// </summary>
/// <param name="Text">First line without performance data.</param>
/// <param name="LongText">The further lines without performance data.</param>
/// <param name="Values">The performance data.</param>
public sealed record PluginOutput(string Text, string LongText, IReadOnlyList<PerfValue> Values)
{
    /// <summary>Longest first line kept, in characters.</summary>
    public const int MaxText = 1024;

    /// <summary>Longest further text kept, in characters.</summary>
    public const int MaxLongText = 8 * 1024;

    /// <summary>Cuts the output of a plugin.</summary>
    public static PluginOutput Parse(string output)
    {
        var all = Clean(output).TrimEnd();
        var end = all.IndexOf('\n');
        var first = end < 0 ? all : all[..end];
        var rest = end < 0 ? "" : all[(end + 1)..];
        var values = new List<PerfValue>();

        var bar = first.IndexOf('|');
        if (bar >= 0) PerfValue.Parse(first.AsSpan(bar + 1), values);
        var longBar = rest.IndexOf('|');
        // a bar inside the long text begins performance data up to the end, line ends count as spaces
        if (longBar >= 0) PerfValue.Parse(rest[(longBar + 1)..].Replace('\n', ' '), values);
        return new PluginOutput(
            Cut((bar < 0 ? first : first[..bar]).Trim(), MaxText),
            Cut((longBar < 0 ? rest : rest[..longBar]).Trim(), MaxLongText),
            values);
    }

    /// <summary>
    /// The text without what a terminal would obey: escape sequences (ECMA-48, 5.4) are left out, other control characters become spaces.
    /// Line ends and tabs stay. Output comes from anywhere and is shown on operators' terminals and in logs.
    /// </summary>
    public static string Clean(string text)
    {
        if (!HasControls(text)) return text;
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n') continue;
            if (c == '\e' && i + 1 < text.Length && text[i + 1] == '[')
            {
                for (i += 2; i < text.Length && text[i] is >= ' ' and < '@'; i++)
                {
                }
                continue;
            }
            clean.Append(char.IsControl(c) && c is not ('\n' or '\t') ? ' ' : c);
        }
        return clean.ToString();
    }

    static bool HasControls(string text)
    {
        foreach (var c in text)
            if (char.IsControl(c) && c is not ('\n' or '\t')) return true;
        return false;
    }

    /// <summary>The start of a text, with a sign that something is missing.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 1), "…");
}
