using System.Globalization;
using System.Text;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared.Formats;

/// <summary>
/// The Prometheus text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
/// <code>
/// line    = "#" anything | sample          comment lines "# TYPE name type" are used, others skipped
/// sample  = name [ "{" label { "," label } [","] "}" ] value [ timestamp ] [ "#" exemplar ]
/// label   = name "=" '"' { character | "\\" | "\"" | "\n" } '"'
/// value   = Go's ParseFloat: 1, 1.5, 1e9, NaN, +Inf, -Inf
/// </code>
/// The tree: <c>name</c> without labels; with labels <c>name.VALUE.VALUE…</c>, label values in the alphabetical order of
/// the label names. A histogram is <c>name.LABELS….buckets.LE</c>, <c>.sum</c>, <c>.count</c>; a summary
/// <c>name.LABELS….quantiles.Q</c>, <c>.sum</c>, <c>.count</c>. A dot in a label value becomes <c>_</c>. NaN means
/// "no value" there and is left out: a rule then says what is missing.
/// </summary>
internal static class PrometheusText
{
    /// <summary>Most labels of one sample.</summary>
    public const int MaxLabels = FormatTree.MaxDepth - 4;

    static readonly (string Suffix, string Part, string InnerLabel)[] parts =
        [("_bucket", "buckets", "le"), ("_sum", "sum", ""), ("_count", "count", "")];

    /// <summary>Reads every sample.</summary>
    /// <exception cref="FormatException">A line is none of the format, or a limit is exceeded.</exception>
    public static DictValue Read(string text)
    {
        var tree = new FormatTree();
        var types = new Dictionary<string, string>();
        var number = 0;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            number++;
            var line = text.AsSpan()[range].TrimEnd("\r \t");
            var start = line.Length - line.TrimStart(" \t").Length;
            if (start == line.Length) continue;
            if (line[start] == '#') NoteType(line[(start + 1)..], types);
            else ReadSample(new Cursor(line, number) { At = start }, types, tree);
        }
        return tree.Root;
    }

    static void NoteType(ReadOnlySpan<char> comment, Dictionary<string, string> types)
    {
        var words = comment.ToString().Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
        if (words is ["TYPE", var name, var type] && types.Count < FormatTree.MaxValues) types[name] = type.Trim();
    }

    static void ReadSample(Cursor cursor, Dictionary<string, string> types, FormatTree tree)
    {
        var name = cursor.Name("a metric name");
        var labels = ReadLabels(ref cursor);
        var value = ReadValue(ref cursor);
        if (value is not { } number) return;
        labels.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        tree.Set([.. Path(name, labels, types)], number, cursor.Line, 1);
    }

    static List<string> Path(string name, List<(string Name, string Value)> labels, Dictionary<string, string> types)
    {
        var (family, part, inner) = Family(name, types);
        var path = new List<string> { family };
        foreach (var (label, value) in labels)
            if (label != inner) path.Add(value);
        if (part.Length > 0) path.Add(part);
        foreach (var (label, value) in labels)
            if (label == inner) path.Add(value);
        return path;
    }

    /// <summary>
    /// The family of a sample of a histogram or summary, the key of this part, and the label that goes below it.
    /// </summary>
    static (string Family, string Part, string InnerLabel) Family(string name, Dictionary<string, string> types)
    {
        if (types.TryGetValue(name, out var own) && own == "summary") return (name, "quantiles", "quantile");
        foreach (var (suffix, part, inner) in parts)
        {
            if (!name.EndsWith(suffix, StringComparison.Ordinal)) continue;
            var family = name[..^suffix.Length];
            if (!types.TryGetValue(family, out var type)) continue;
            if (type == "histogram" || (type == "summary" && inner.Length == 0))
                return (family, part, inner);
        }
        return (name, "", "");
    }

    static List<(string Name, string Value)> ReadLabels(ref Cursor cursor)
    {
        var labels = new List<(string, string)>();
        cursor.SkipBlanks();
        if (!cursor.Skip('{')) return labels;
        while (true)
        {
            cursor.SkipBlanks();
            if (cursor.Skip('}')) return labels;
            if (labels.Count == MaxLabels) throw cursor.Problem($"more than {MaxLabels} labels");
            var label = cursor.Name("a label name or }");
            cursor.SkipBlanks();
            cursor.Expect('=');
            cursor.SkipBlanks();
            var value = cursor.Quoted();
            if (value.Length > 0) labels.Add((label, value));   // an empty label is the same as none
            cursor.SkipBlanks();
            if (cursor.Skip(',')) continue;
            cursor.Expect('}');
            return labels;
        }
    }

    /// <summary>The value; null for NaN. A timestamp behind it is checked and not used.</summary>
    static Value? ReadValue(ref Cursor cursor)
    {
        cursor.SkipBlanks();
        var word = cursor.Word();
        Value? value = word switch
        {
            "NaN" or "nan" => null,
            "+Inf" or "Inf" or "+inf" or "inf" => Value.Of(double.PositiveInfinity),
            "-Inf" or "-inf" => Value.Of(double.NegativeInfinity),
            _ when TypedText.TryNumber(word, out var number) => number,
            _ when IsFloat(word, out var real) => Value.Of(real),
            _ => throw cursor.Problem($"\"{FormatTree.Shown(word)}\" is not a number", word.Length),
        };
        cursor.SkipBlanks();
        if (cursor.IsAtEnd || cursor.Next == '#') return value;   // behind # an exemplar of OpenMetrics
        var time = cursor.Word();
        if (!TypedText.TryNumber(time, out _))
            throw cursor.Problem($"\"{FormatTree.Shown(time)}\" is not a time", time.Length);
        cursor.SkipBlanks();
        if (cursor.IsAtEnd || cursor.Next == '#') return value;
        throw cursor.Problem($"\"{FormatTree.Shown(cursor.Rest)}\" after the end of a sample");
    }

    static bool IsFloat(string word, out double real) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out real) && double.IsFinite(real);

    /// <summary>A place in one line.</summary>
    ref struct Cursor(ReadOnlySpan<char> text, int line)
    {
        readonly ReadOnlySpan<char> text = text;

        public int At { get; set; }
        public readonly int Line => line;
        public readonly bool IsAtEnd => At >= text.Length;
        public readonly char Next => text[At];
        public readonly ReadOnlySpan<char> Rest => text[At..];

        public void SkipBlanks()
        {
            while (!IsAtEnd && Next is ' ' or '\t') At++;
        }

        public bool Skip(char c)
        {
            if (IsAtEnd || Next != c) return false;
            At++;
            return true;
        }

        public void Expect(char c)
        {
            if (!Skip(c)) throw Problem($"{Found()} where \"{c}\" must stand");
        }

        public string Name(string what)
        {
            var start = At;
            while (!IsAtEnd && (char.IsAsciiLetterOrDigit(Next) || Next is '_' or ':')) At++;
            if (At > start && !char.IsAsciiDigit(text[start])) return text[start..At].ToString();
            At = start;
            throw Problem($"{Found()} where {what} must stand");
        }

        public string Word()
        {
            var start = At;
            while (!IsAtEnd && Next is not (' ' or '\t')) At++;
            return text[start..At].ToString();
        }

        public string Quoted()
        {
            Expect('"');
            var start = At;
            var value = new StringBuilder();
            while (!IsAtEnd)
            {
                var c = text[At++];
                if (c == '"') return value.ToString();
                if (c != '\\' || IsAtEnd)
                {
                    value.Append(c);
                    continue;
                }
                var escaped = text[At++];
                // Prometheus keeps an unknown escape as it stands
                if (escaped is not ('\\' or '"' or 'n')) value.Append('\\');
                value.Append(escaped == 'n' ? '\n' : escaped);
            }
            At = start;
            throw Problem("a label value that is never closed");
        }

        public readonly FormatException Problem(string message, int back = 0) =>
            FormatTree.At(line, At - back + 1, message);

        readonly string Found() => IsAtEnd ? "the line ends" : $"\"{Next}\"";
    }
}
