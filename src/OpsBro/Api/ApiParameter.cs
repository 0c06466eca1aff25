using System.Globalization;
using System.Text.Json.Nodes;

namespace OpsBro.Api;

/// <summary>
/// One parameter of a route: of its path when the path has <c>{name}</c>, else of its query. Routes write it as a tuple:
/// <c>("limit", "how many at most", Kind.Number(1..1000, 100))</c>.
/// </summary>
/// <param name="Name">As callers write it.</param>
/// <param name="Meaning">What it does, in a few words.</param>
/// <param name="Kind">What may be written.</param>
/// <param name="Example">A value that works on any agent; null for the kind's own.</param>
internal sealed record ApiParameter(string Name, string Meaning, Kind Kind, string? Example = null)
{
    /// <summary>A value to show and to try.</summary>
    public string Shown => Example ?? Kind.Example;

    /// <summary>What is wrong with a value, as a sentence; null when nothing is. Nothing written is the handler's to judge.</summary>
    public string? Refusal(string text) => text.Length == 0 ? null : Kind.Refusal(Name, text);

    /// <summary>A text.</summary>
    public static implicit operator ApiParameter((string Name, string Meaning) p) => new(p.Name, p.Meaning, Kind.Text);

    /// <summary>A text, with an example.</summary>
    public static implicit operator ApiParameter((string Name, string Meaning, string Example) p) => new(p.Name, p.Meaning, Kind.Text, p.Example);

    /// <summary>Something else than a text.</summary>
    public static implicit operator ApiParameter((string Name, string Meaning, Kind Kind) p) => new(p.Name, p.Meaning, p.Kind);

    /// <summary>Something else than a text, with an example.</summary>
    public static implicit operator ApiParameter((string Name, string Meaning, Kind Kind, string Example) p) => new(p.Name, p.Meaning, p.Kind, p.Example);
}

/// <summary>
/// What may be written as a parameter. The documentation shows it, and <see cref="ApiGate"/> refuses what it refuses: what is declared
/// here is what holds.
/// </summary>
internal sealed record Kind
{
    /// <summary>The words for yes and no.</summary>
    static readonly string[] yes = ["1", "true"], no = ["0", "false"];

    /// <summary>Any text.</summary>
    public static readonly Kind Text = new();

    /// <summary>1 or true for yes.</summary>
    public static readonly Kind Flag = new() { Words = [.. yes, .. no], Example = "1", Default = "0" };

    /// <summary>A length of time.</summary>
    public static readonly Kind Duration = new() { Format = "a duration, for instance 30s or 2h", Example = "2h" };

    /// <summary>A moment, as Graphite writes it.</summary>
    public static readonly Kind Time = new() { Format = "a time: -1h, now, midnight, seconds since 1970, 20261127 or 15:30_20261127", Example = "-1h" };

    /// <summary>A whole number within bounds.</summary>
    public static Kind Number(Range bounds, int? otherwise = null) => new()
    {
        Bounds = (bounds.Start.Value, bounds.End.IsFromEnd ? long.MaxValue : bounds.End.Value),
        Default = otherwise?.ToString(CultureInfo.InvariantCulture),
        Example = (otherwise ?? Math.Max(bounds.Start.Value, 1)).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>One of a few words; the first is the default with <see cref="ElseFirst"/>.</summary>
    public static Kind OneOf(params IReadOnlyList<string> words) => new() { Words = words, Example = words[0] };

    /// <summary>Some of a few words, with commas between.</summary>
    public static Kind SomeOf(params IReadOnlyList<string> words) => new() { Words = words, Example = words[0], HasCommas = true };

    /// <summary>A name that this agent knows now: the example is the first of them.</summary>
    /// <param name="names">The names there are.</param>
    /// <param name="otherwise">Shown while there is none.</param>
    public static Kind NameOf(Func<IEnumerable<string>> names, string otherwise = "NAME") => new() { Names = names, Example = otherwise };

    readonly string example = "TEXT";

    /// <summary>The words that are taken; empty for anything.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Least and largest number; null for what is no number.</summary>
    public (long Least, long Most)? Bounds { get; init; }

    /// <summary>How it is written, for people; empty for any text.</summary>
    public string Format { get; init; } = "";

    /// <summary>What holds when it is left out; null when nothing does.</summary>
    public string? Default { get; init; }

    /// <summary>True when it must be given.</summary>
    public bool IsRequired { get; init; }

    /// <summary>True when it may be given more than once.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>True when one value holds several words.</summary>
    public bool HasCommas { get; init; }

    Func<IEnumerable<string>>? Names { get; init; }

    /// <summary>A value to show and to try.</summary>
    public string Example
    {
        get => Names?.Invoke().FirstOrDefault() ?? example;
        init => example = value;
    }

    /// <summary>The same, and it must be given.</summary>
    public Kind Required => this with { IsRequired = true };

    /// <summary>The same, and it may be given more than once.</summary>
    public Kind Repeated => this with { IsRepeated = true };

    /// <summary>The same, and the first of its words holds when it is left out.</summary>
    public Kind ElseFirst => this with { Default = Words[0] };

    /// <summary>The same, and a value that holds when it is left out; null for none.</summary>
    public Kind Else(string? value) => this with { Default = value };

    /// <summary>What is wrong with a value, as a sentence that says what to write; null when nothing is.</summary>
    public string? Refusal(string name, string text)
    {
        if (Bounds is { } bounds)
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && number >= bounds.Least && number <= bounds.Most
                    ? null
                    : $"{name} is \"{text}\"; write a whole number from {bounds.Least}{(bounds.Most == long.MaxValue ? "" : $" to {bounds.Most}")}";
        }
        if (ReferenceEquals(Format, Duration.Format)) return Config.Durations.TryParse(text, out _) ? null : $"{name} is \"{text}\"; write {Format}";
        if (Words.Count == 0) return null;
        string[] given = HasCommas ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [text];
        foreach (var word in given)
            if (!Words.Contains(word)) return $"{name} is \"{word}\"{Config.Spelling.Hint(word, Words)}; write {Listed(Words)}";
        return null;
    }

    /// <summary>True for a value that means yes.</summary>
    public static bool IsYes(string? text) => text is "" || yes.Contains(text);

    /// <inheritdoc/>
    public override string ToString() => Range;

    /// <summary>What may be written, in a few words; empty for any text.</summary>
    public string Range =>
        Bounds is { } bounds ? bounds.Most == long.MaxValue ? $"a number from {bounds.Least}" : $"{bounds.Least} to {bounds.Most}"
        : Words.SequenceEqual(Flag.Words) ? "1 for yes"
        : Words.Count > 0 ? HasCommas ? $"some of {string.Join(',', Words)}" : Listed(Words)
        : Format;

    static string Listed(IReadOnlyList<string> words) => words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";

    /// <summary>As a JSON schema.</summary>
    public JsonObject Schema()
    {
        var one = new JsonObject { ["type"] = Bounds is null ? "string" : "integer" };
        if (Bounds is { } bounds)
        {
            one["minimum"] = bounds.Least;
            if (bounds.Most != long.MaxValue) one["maximum"] = bounds.Most;
        }
        if (Words.Count > 0 && HasCommas) one["pattern"] = $"^({string.Join('|', Words)})(,({string.Join('|', Words)}))*$";
        else if (Words.Count > 0) one["enum"] = new JsonArray([.. Words.Select(word => JsonValue.Create(word))]);
        if (Default is not null) one["default"] = Bounds is null ? Default : long.Parse(Default, CultureInfo.InvariantCulture);
        return IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = one } : one;
    }
}
