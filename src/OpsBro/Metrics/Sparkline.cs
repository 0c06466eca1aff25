namespace OpsBro.Metrics;

/// <summary>The course of a series in one line: <c>▁▂▃▅▇█</c>, from its least to its greatest value.</summary>
internal static class Sparkline
{
    const string blocks = "▁▂▃▄▅▆▇█", ascii = "_.-~=+*#";

    /// <summary>The line; a space where there is no value.</summary>
    /// <param name="values">The values, null where there is none.</param>
    /// <param name="width">Columns at most: several values share one by their greatest.</param>
    /// <param name="isUtf8">False for signs of ASCII.</param>
    public static string Of(IReadOnlyList<double?> values, int width, bool isUtf8)
    {
        var columns = Math.Min(width, values.Count);
        var heights = new double?[columns];
        for (var i = 0; i < columns; i++)
        {
            var (first, end) = ((int)((long)i * values.Count / columns), (int)((long)(i + 1) * values.Count / columns));
            for (var j = first; j < end; j++)
                if (values[j] is { } value && !(value < heights[i])) heights[i] = value;
        }
        var (least, most) = (heights.Min(), heights.Max());
        var signs = isUtf8 ? blocks : ascii;
        return string.Concat(heights.Select(height => height is not { } value ? ' '
            : most == least ? signs[signs.Length / 2]
            : signs[(int)Math.Round((value - least!.Value) / (most!.Value - least.Value) * (signs.Length - 1))]));
    }
}
