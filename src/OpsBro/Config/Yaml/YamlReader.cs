using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OpsBro.Config.Yaml;

/// <summary>
/// Builds nodes from YamlDotNet's events. Its representation model is not used: it throws at a second key of the same name
/// and expands aliases without a limit.
/// </summary>
/// <param name="file">Name for the places.</param>
/// <param name="shifts">For each line, columns to take off: see <see cref="YamlTabs"/>.</param>
/// <param name="problems">What is wrong goes here.</param>
internal sealed class YamlReader(string file, int[] shifts, List<Problem> problems)
{
    readonly Dictionary<string, (ConfigNode Node, int Weight)> anchors = [];
    readonly Stack<ParsingEvent> brackets = [];
    IParser parser = null!;
    int line0, nodes;

    /// <summary>True for a part of a file: anchors of other parts are not missed.</summary>
    public bool IsPart { get; init; }

    /// <summary>Reads all documents; false when the syntax is broken, and then <c>problems</c> says where.</summary>
    public bool TryRead(string text, int firstLine, out List<ConfigNode> documents)
    {
        documents = [];
        line0 = firstLine - 1;
        parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
        try
        {
            while (parser.MoveNext())
            {
                if (parser.Current is not DocumentStart) continue;
                _ = Next();
                documents.Add(Read(1));
                anchors.Clear();
            }
            return true;
        }
        catch (TooMuch e)
        {
            problems.Add(e.Problem);
        }
        catch (Exception e) when (YamlText.IsRefusal(e))
        {
            var bracket = brackets.Count > 0 ? brackets.Peek() : null;
            problems.Add(YamlRefusal.ProblemOf(file, text, line0, shifts, e, parser.Current, bracket));
        }
        documents = [];
        return false;
    }

    ConfigNode Read(int depth)
    {
        var begin = parser.Current!;
        if (depth > ConfigLimits.MaxNodeDepth) throw Over(begin, $"lists and maps are nested deeper than {ConfigLimits.MaxNodeDepth}");
        var before = nodes;
        Count(begin, 1);
        ConfigNode node;
        switch (begin)
        {
            case AnchorAlias alias:
                return Aliased(alias);
            case Scalar scalar:
                node = At(begin, ConfigNodeKind.Scalar) with { Text = scalar.Value, IsQuoted = IsText(scalar) };
                break;
            case SequenceStart list:
                if (list.Style == SequenceStyle.Flow) brackets.Push(list);
                var items = new List<ConfigNode>();
                while (Next() is not SequenceEnd) items.Add(Read(depth + 1));
                node = At(begin, ConfigNodeKind.List) with { Items = items };
                if (list.Style == SequenceStyle.Flow) brackets.Pop();
                break;
            case MappingStart map:
                var isFlow = map.Style == MappingStyle.Flow;
                if (isFlow) brackets.Push(begin);
                node = At(begin, ConfigNodeKind.Map) with { Entries = ReadEntries(depth) };
                if (isFlow) brackets.Pop();
                break;
            default:
                throw Ended(begin);
        }
        if (begin is NodeEvent { Anchor.IsEmpty: false } anchored) anchors[anchored.Anchor.Value] = (node, nodes - before);
        return node;
    }

    List<KeyValuePair<ConfigNode, ConfigNode>> ReadEntries(int depth)
    {
        var entries = new List<KeyValuePair<ConfigNode, ConfigNode>>();
        var inherited = new List<ConfigNode>();
        var lines = new Dictionary<string, int>();
        while (Next() is not MappingEnd)
        {
            var key = Read(depth + 1);
            Next();
            var value = Read(depth + 1);
            if (key.Kind != ConfigNodeKind.Scalar)
            {
                Complain(key, "a key must be one word; a list or map stands here (a rule that begins with { must be quoted)");
                continue;
            }
            if (key is { Text: "<<", IsQuoted: false } && value.Kind == ConfigNodeKind.Map)
            {
                inherited.Add(value);
                continue;
            }
            // at the top of a file the same kind of object may come several times; elsewhere a second key would hide the first
            if (!lines.TryAdd(key.Text, key.Line) && depth > 1)
            {
                Complain(key, $"\"{key.Text}\" stands here again; line {lines[key.Text]} already sets it, and that one counts");
                continue;
            }
            entries.Add(new(key, value));
        }
        foreach (var entry in inherited.SelectMany(map => map.Entries))
            if (lines.TryAdd(entry.Key.Text, entry.Key.Line)) entries.Add(entry);
        return entries;
    }

    ConfigNode Aliased(AnchorAlias alias)
    {
        if (anchors.TryGetValue(alias.Value.Value, out var known))
        {
            Count(alias, known.Weight);
            return known.Node;
        }
        var node = At(alias, ConfigNodeKind.Scalar);
        if (!IsPart) Complain(node, $"*{alias.Value} names an anchor that is not above; quote a value that begins with *");
        return node;
    }

    /// <summary>Quoted, a block, or marked as text by a tag.</summary>
    static bool IsText(Scalar scalar) =>
        scalar.Style is ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted or ScalarStyle.Literal or ScalarStyle.Folded
        || (!scalar.Tag.IsEmpty && scalar.Tag.Value is "!" or "tag:yaml.org,2002:str");

    /// <summary>YamlDotNet ends some broken texts without a word.</summary>
    ParsingEvent Next()
    {
        var last = parser.Current!;
        return parser.MoveNext() && parser.Current is { } next ? next : throw Ended(last);
    }

    static SemanticErrorException Ended(ParsingEvent last) => new(last.Start, last.End, "ends in the middle");

    void Count(ParsingEvent at, int more)
    {
        nodes += more;
        if (nodes > ConfigLimits.MaxNodes) throw Over(at, $"the file holds more than {ConfigLimits.MaxNodes} values");
    }

    ConfigNode At(ParsingEvent e, ConfigNodeKind kind)
    {
        var (line, column) = YamlRefusal.PlaceOf(e.Start, line0, shifts);
        return new ConfigNode(kind, file, line, column);
    }

    void Complain(ConfigNode node, string message)
    {
        if (problems.Count < ConfigLimits.MaxProblemsPerFile) problems.Add(Problem.At(node, message));
    }

    TooMuch Over(ParsingEvent at, string message) => new(Problem.At(At(at, ConfigNodeKind.Scalar), message));

    /// <summary>A limit was reached.</summary>
    sealed class TooMuch(Problem problem) : Exception
    {
        public Problem Problem => problem;
    }
}
