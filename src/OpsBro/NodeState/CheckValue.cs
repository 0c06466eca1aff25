using System.Globalization;
using System.Text;
using OpsBro.Core.Checks;
using OpsBro.Core.NodeState;

namespace OpsBro.NodeState;

/// <summary>
/// What a node says of one of its checks or services; only hard states are told. Page: docs/protocols/node-state.md; grammar:
/// <code>
/// value   = letters " " seconds [" " output]
/// letters = ("o" / "w" / "c" / "u") ["p"] ["f"] ; ok, warning, critical, unknown; p: the id begins with its pack; f: it flaps
/// seconds = 1*DIGIT                            ; since when, since 1970
/// </code>
/// </summary>
/// <param name="State">ok, warning, critical or unknown.</param>
/// <param name="IsOfPack">Its id begins with the name of its pack.</param>
/// <param name="IsFlapping">It changes all the time.</param>
/// <param name="Since">When that state became hard.</param>
/// <param name="Output">One line, shortened when it is long.</param>
internal readonly record struct CheckValue(CheckState State, bool IsOfPack, bool IsFlapping, DateTimeOffset Since, string Output)
{
    /// <summary>Longest output told to others, in bytes; a longer one ends with <see cref="Ellipsis"/>. All of it is on the node itself.</summary>
    public const int MaxOutput = 160;

    /// <summary>Where an output goes on.</summary>
    public const string Ellipsis = "…";

    const string Letters = "owcu";

    /// <summary>The value without its output: a new one is told only when this differs.</summary>
    public string Head => string.Create(CultureInfo.InvariantCulture,
        $"{Letters[(int)State]}{(IsOfPack ? "p" : "")}{(IsFlapping ? "f" : "")} {Since.ToUnixTimeSeconds()}");

    /// <summary>The value.</summary>
    public override string ToString() => Shortened(Output) is { Length: > 0 } output ? $"{Head} {output}" : Head;

    /// <summary>Reads one; null when it is none, for instance one of a later version.</summary>
    public static CheckValue? Parse(string value)
    {
        var parts = value.Split(' ', 3);
        if (parts.Length < 2 || parts[0].Length == 0 || Letters.IndexOf(parts[0][0]) is not (>= 0 and var state)) return null;
        if (!long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > MaxSeconds) return null;
        return new CheckValue((CheckState)state, parts[0].Contains('p'), parts[0].Contains('f'), DateTimeOffset.FromUnixTimeSeconds(seconds),
            parts.Length > 2 ? parts[2] : "");
    }

    /// <summary>Seconds since 1970 that .NET can show: the end of the year 9999.</summary>
    public const long MaxSeconds = 253_402_300_799;

    /// <summary>True when everybody should know at once that a check went from one value to another.</summary>
    public static bool IsUrgent(string? before, string after) =>
        (IsCritical(before) != IsCritical(after)) && Parse(after) is { IsFlapping: false };

    static bool IsCritical(string? value) => value is ['c', ..];

    static string Shortened(string text)
    {
        if (text.AsSpan().ContainsAny('\n', '\r')) text = text.ReplaceLineEndings(" ");
        text = text.Trim();
        if (Encoding.UTF8.GetByteCount(text) <= MaxOutput) return text;
        var room = MaxOutput - Encoding.UTF8.GetByteCount(Ellipsis);
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Utf8SequenceLength > room) break;
            room -= rune.Utf8SequenceLength;
            length += rune.Utf16SequenceLength;
        }
        return text[..length] + Ellipsis;
    }
}

/// <summary>What a proxy says of a member of its zone. Value: <c>a</c>, <c>f</c> or <c>l</c> (alive, failed, left), then seconds since 1970.</summary>
/// <param name="State">alive, failed or left.</param>
/// <param name="Since">Since when.</param>
internal readonly record struct MemberValue(string State, DateTimeOffset Since)
{
    /// <summary>The key of a member.</summary>
    public static string KeyOf(string zone, string name) => $"{NodeKeys.Member}{zone}/{name}";

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{State[0]} {Since.ToUnixTimeSeconds()}");

    /// <summary>Reads one; null when it is none.</summary>
    public static MemberValue? Parse(string value)
    {
        var state = value.Length == 0 ? "" : value[0] switch
        {
            NodeKeys.MemberAlive => "alive",
            'f' => "failed",
            'l' => "left",
            _ => "",
        };
        return state.Length > 0 && value.Length > 2 && value[1] == ' '
            && long.TryParse(value.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= CheckValue.MaxSeconds
                ? new MemberValue(state, DateTimeOffset.FromUnixTimeSeconds(seconds))
                : null;
    }
}
