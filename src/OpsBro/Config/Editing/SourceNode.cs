using OpsBro.Config.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OpsBro.Config.Editing;

/// <summary>A value of a YAML text with the characters it covers, for editing in place. Indices count from 0.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">First character.</param>
/// <param name="End">After its last character; for block lists and maps after that of their last value.</param>
/// <param name="Column">From 0.</param>
/// <param name="IsFlow">True for <c>[a]</c> and <c>{a: b}</c>.</param>
internal sealed record SourceNode(ConfigNodeKind Kind, int Start, int End, int Column, bool IsFlow)
{
    /// <summary>The text of a scalar.</summary>
    public string Text { get; init; } = "";

    /// <summary>Items of a list.</summary>
    public List<SourceNode> Items { get; init; } = [];

    /// <summary>Entries of a map.</summary>
    public List<(SourceNode Key, SourceNode Value)> Entries { get; init; } = [];

    /// <summary>True for a key without a value.</summary>
    public bool IsEmpty => Kind == ConfigNodeKind.Scalar && Start == End;

    /// <summary>The entry of a key, or null.</summary>
    public (SourceNode Key, SourceNode Value)? Find(string key)
    {
        foreach (var entry in Entries)
            if (entry.Key.Text == key) return entry;
        return null;
    }

    /// <summary>Reads the first document of a text.</summary>
    /// <returns>Its top; null when the text holds no values.</returns>
    /// <exception cref="EditRefused">The text is not YAML, or holds what an edit could break.</exception>
    public static SourceNode? Read(string text)
    {
        var parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
        try
        {
            while (parser.MoveNext())
            {
                if (parser.Current is not DocumentStart) continue;
                parser.MoveNext();
                return Read(parser, 1);
            }
            return null;
        }
        catch (Exception e) when (YamlText.IsRefusal(e))
        {
            throw new EditRefused("the file is not readable YAML; run opsbro config check and mend it first");
        }
    }

    static SourceNode Read(Parser parser, int depth)
    {
        if (depth > ConfigLimits.MaxNodeDepth) throw new EditRefused("the file is nested too deep to be edited");
        var begin = parser.Current!;
        var (start, column) = ((int)begin.Start.Index, (int)begin.Start.Column - 1);
        switch (begin)
        {
            case Scalar scalar:
                return new SourceNode(ConfigNodeKind.Scalar, start, (int)scalar.End.Index, column, false) { Text = scalar.Value };
            case SequenceStart list:
                var items = new List<SourceNode>();
                while (Next(parser) is not SequenceEnd) items.Add(Read(parser, depth + 1));
                return new SourceNode(ConfigNodeKind.List, start, EndOf(parser, list.Style == SequenceStyle.Flow, items), column,
                    list.Style == SequenceStyle.Flow)
                { Items = items };
            case MappingStart map:
                var entries = new List<(SourceNode, SourceNode)>();
                while (Next(parser) is not MappingEnd)
                {
                    var key = Read(parser, depth + 1);
                    Next(parser);
                    entries.Add((key, Read(parser, depth + 1)));
                }
                return new SourceNode(ConfigNodeKind.Map, start,
                    EndOf(parser, map.Style == MappingStyle.Flow, entries.ConvertAll(entry => entry.Item2)), column,
                    map.Style == MappingStyle.Flow)
                { Entries = entries };
            default:
                return new SourceNode(ConfigNodeKind.Scalar, start, (int)begin.End.Index, column, false);
        }
    }

    static ParsingEvent Next(Parser parser) =>
        parser.MoveNext() && parser.Current is { } next and not StreamEnd ? next : throw new FormatException("the text ends too early");

    /// <summary>The parser ends a block where the next thing begins; what belongs to it ends with its last value.</summary>
    static int EndOf(Parser parser, bool isFlow, List<SourceNode> parts)
    {
        const int closingBracket = 1;
        if (isFlow) return (int)parser.Current!.Start.Index + closingBracket;
        return parts.Count == 0 ? (int)parser.Current!.Start.Index : parts[^1].End;
    }
}

/// <summary>An edit that cannot be done; the message says why and what to do.</summary>
internal sealed class EditRefused(string message) : Exception(message);
