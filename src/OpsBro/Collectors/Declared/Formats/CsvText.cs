using System.Text;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared.Formats;

/// <summary>How a table is written.</summary>
/// <param name="Separator">Between two fields.</param>
/// <param name="Names">Names of the columns; empty when the first row holds them.</param>
/// <param name="Key">Columns whose values name the row, outermost first; empty to number the rows from 0.</param>
internal sealed record CsvOptions(char Separator, IReadOnlyList<string> Names, IReadOnlyList<string> Key);

/// <summary>
/// Rows of fields (RFC 4180: a field in double quotes may hold separators, line ends and doubled quotes). Row by row
/// the tree is <c>KEY.COLUMN</c>. Empty fields are left out, so that a rule sees them as missing. A <c>#</c> before the
/// first name is dropped.
/// </summary>
internal static class CsvText
{
    /// <summary>Most columns of a table.</summary>
    public const int MaxColumns = 1000;

    /// <summary>Reads the table.</summary>
    /// <exception cref="FormatException">A quote is not closed, a key column is missing, a row is too long, or a limit
    /// is exceeded.</exception>
    public static DictValue Read(string text, CsvOptions options)
    {
        var tree = new FormatTree();
        var columns = options.Names;
        var keys = columns.Count > 0 ? KeyColumns(columns, options.Key) : [];
        var place = new Place(text);
        var row = 0;
        while (ReadRow(ref place, options.Separator) is { } fields)
        {
            if (fields is [{ Text.Length: 0 }]) continue;
            if (columns.Count == 0)
            {
                columns = [.. fields.Select((field, i) =>
                    i == 0 ? field.Text.TrimStart('#').Trim() : field.Text.Trim())];
                keys = KeyColumns(columns, options.Key);
                continue;
            }
            Add(tree, fields, columns, keys, row++);
        }
        if (columns.Count == 0) throw FormatTree.At(1, 1, "the answer is empty; the first row must name the columns");
        return tree.Root;
    }

    static void Add(FormatTree tree, List<Field> fields, IReadOnlyList<string> columns, int[] keys, int row)
    {
        var path = new string[keys.Length == 0 ? 2 : keys.Length + 1];
        path[0] = row.ToString(System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < keys.Length; i++) path[i] = keys[i] < fields.Count ? fields[keys[i]].Text : "";
        for (var i = 0; i < fields.Count; i++)
        {
            var (value, line, column) = fields[i];
            if (i >= columns.Count && value.Length > 0)
                throw FormatTree.At(line, column, $"field {i + 1} of a row; the table has {columns.Count} columns");
            if (value.Length == 0 || columns[i].Length == 0) continue;
            path[^1] = columns[i];
            tree.Set(path, FormatTree.Typed(value), line, column);
        }
    }

    static int[] KeyColumns(IReadOnlyList<string> columns, IReadOnlyList<string> key)
    {
        var names = columns.ToList();
        return
        [
            .. key.Select(name => names.IndexOf(name) is >= 0 and var at
                ? at
                : throw FormatTree.At(1, 1,
                    $"no column \"{name}\"; the columns are {FormatTree.Shown(string.Join(", ", names))}")),
        ];
    }

    /// <summary>One row; null at the end of the text.</summary>
    static List<Field>? ReadRow(ref Place place, char separator)
    {
        if (place.IsAtEnd) return null;
        var fields = new List<Field>();
        while (true)
        {
            var (line, column) = (place.Line, place.Column);
            if (fields.Count == MaxColumns) throw FormatTree.At(line, column, $"more than {MaxColumns} columns");
            fields.Add(new(ReadField(ref place, separator), line, column));
            if (place.IsAtEnd) return fields;
            if (place.Take() == '\n') return fields;
        }
    }

    /// <summary>One field; the place is then at the separator, at the line end, or at the end of the text.</summary>
    static string ReadField(ref Place place, char separator)
    {
        if (place.IsAtEnd || place.Next != '"')
        {
            var length = place.Rest.IndexOfAny(separator, '\n');
            return place.Take(length < 0 ? place.Rest.Length : length).TrimEnd('\r').ToString();
        }
        var (line, column) = (place.Line, place.Column);
        var field = new StringBuilder();
        place.Take();
        while (true)
        {
            if (place.IsAtEnd) throw FormatTree.At(line, column, "a quote that is never closed");
            var c = place.Take();
            if (c != '"') field.Append(c);
            else if (!place.IsAtEnd && place.Next == '"') field.Append(place.Take());
            else break;
        }
        if (!place.IsAtEnd && place.Next == '\r') place.Take();
        if (place.IsAtEnd || place.Next == separator || place.Next == '\n') return field.ToString();
        throw FormatTree.At(place.Line, place.Column, $"\"{place.Next}\" after a closing quote");
    }

    /// <summary>A field and where it begins.</summary>
    readonly record struct Field(string Text, int Line, int Column);

    /// <summary>A place in the text.</summary>
    ref struct Place(string text)
    {
        public ReadOnlySpan<char> Rest { get; set; } = text;
        public int Line { get; set; } = 1;
        public int Column { get; set; } = 1;
        public readonly bool IsAtEnd => Rest.IsEmpty;
        public readonly char Next => Rest[0];

        public char Take()
        {
            var c = Rest[0];
            Rest = Rest[1..];
            (Line, Column) = c == '\n' ? (Line + 1, 1) : (Line, Column + 1);
            return c;
        }

        public ReadOnlySpan<char> Take(int length)
        {
            var taken = Rest[..length];
            Rest = Rest[length..];
            Column += length;
            return taken;
        }
    }
}
