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
        var all = output.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\0', ' ').TrimEnd();
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

    /// <summary>The start of a text, with a sign that something is missing.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 1), "…");
}
