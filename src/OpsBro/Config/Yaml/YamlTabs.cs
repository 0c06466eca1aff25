using System.Text;

namespace OpsBro.Config.Yaml;

/// <summary>Tabs at the begin of lines, which YAML forbids: finds them and writes spaces for them.</summary>
internal static class YamlTabs
{
    /// <summary>The first line, from 1, that has a tab in its indentation and is not empty; null when there is none.</summary>
    public static int? FirstLineOf(string text)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var indentation = IndentationOf(line);
            if (indentation < line.Length && line[..indentation].Contains('\t')) return number;
        }
        return null;
    }

    /// <summary>The text with each tab of an indentation as spaces up to the next multiple of <paramref name="width"/>.</summary>
    /// <param name="text">The file.</param>
    /// <param name="width">Columns of a tab; 0 leaves tabs out.</param>
    /// <param name="shifts">For each line, how many columns it moved to the right.</param>
    public static string Expand(string text, int width, out int[] shifts)
    {
        var lines = text.Split('\n');
        shifts = new int[lines.Length];
        var expanded = new StringBuilder();
        for (var i = 0; i < lines.Length; i++)
        {
            var indentation = IndentationOf(lines[i]);
            var column = 0;
            for (var c = 0; c < indentation; c++)
                column += lines[i][c] == ' ' ? 1 : width == 0 ? 0 : width - column % width;
            shifts[i] = column - indentation;
            expanded.Append(' ', column).Append(lines[i].AsSpan(indentation));
            if (i < lines.Length - 1) expanded.Append('\n');
        }
        return expanded.ToString();
    }

    static int IndentationOf(ReadOnlySpan<char> line)
    {
        var end = line.IndexOfAnyExcept(' ', '\t');
        return end < 0 ? line.Length : end;
    }
}
