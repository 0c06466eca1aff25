using System.Text;
using System.Text.Json;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared.Formats;

/// <summary>
/// JSON (RFC 8259). An object is the tree; a list at the top comes under <c>items</c>, a single value under
/// <c>value</c>. Objects in lists stay in lists: a rule reads <c>{{collector.x.items.0.a}}</c>.
/// </summary>
internal static class JsonText
{
    /// <summary>Reads one document.</summary>
    /// <exception cref="FormatException">It is not JSON, or over a limit.</exception>
    public static DictValue Read(ReadOnlySpan<byte> json)
    {
        if (json.StartsWith("\uFEFF"u8)) json = json[3..];
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = FormatTree.MaxDepth });
        var tree = new FormatTree();
        try
        {
            reader.Read();
            var top = ReadValue(ref reader, json, tree);
            reader.Read();   // anything behind the document throws
            if (top.Kind == ValueKind.Dict) return top.AsDict;
            return new DictValue { [top.Kind == ValueKind.List ? "items" : FormatTree.OwnValue] = top };
        }
        catch (JsonException e)
        {
            var message = e.Message.Split(" LineNumber:", 2)[0].TrimEnd('.');
            throw FormatTree.At((int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1,
                $"not JSON: {message}");
        }
        catch (InvalidOperationException)
        {
            throw Here(json, reader.TokenStartIndex, "a text that is not Unicode");
        }
    }

    static Value ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, FormatTree tree)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var dict = new DictValue();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    CountOne(ref reader, json, tree);
                    var key = FormatTree.Key(reader.GetString());
                    reader.Read();
                    dict[key] = ReadValue(ref reader, json, tree);
                }
                return Value.Of(dict);
            case JsonTokenType.StartArray:
                var list = new List<Value>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    CountOne(ref reader, json, tree);
                    list.Add(ReadValue(ref reader, json, tree));
                }
                return Value.ListOf(list);
            case JsonTokenType.String:
                var text = reader.GetString()!;
                return Value.Of(text.Length > FormatTree.MaxText ? text[..FormatTree.MaxText] : text);
            case JsonTokenType.Number:
                Span<char> digits = stackalloc char[TypedText.MaxDigits];
                var isShort = reader.ValueSpan.Length <= digits.Length;
                if (isShort) digits = digits[..Encoding.ASCII.GetChars(reader.ValueSpan, digits)];
                if (isShort && TypedText.TryNumber(digits, out var number)) return number;
                if (reader.TryGetDouble(out var real) && double.IsFinite(real)) return Value.Of(real);
                throw Here(json, reader.TokenStartIndex, "a number that is too large");
            case JsonTokenType.True:
                return Value.Of(true);
            case JsonTokenType.False:
                return Value.Of(false);
            default:
                return Value.None;
        }
    }

    static void CountOne(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, FormatTree tree)
    {
        try
        {
            tree.Count(1, 1);
        }
        catch (FormatException)
        {
            // the place costs a search: only here
            throw Here(json, reader.TokenStartIndex, $"more than {FormatTree.MaxValues} values");
        }
    }

    static FormatException Here(ReadOnlySpan<byte> json, long offset, string message)
    {
        var before = json[..(int)offset];
        return FormatTree.At(before.Count((byte)'\n') + 1, before.Length - before.LastIndexOf((byte)'\n'), message);
    }
}
