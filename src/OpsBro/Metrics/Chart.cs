using System.Globalization;
using System.Text;

namespace OpsBro.Metrics;

/// <summary>One line of a chart.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Start">Time of the first value, Unix seconds.</param>
/// <param name="Step">Seconds from one value to the next.</param>
/// <param name="Values">The values, null where there is none.</param>
internal sealed record ChartSeries(string Name, long Start, int Step, IReadOnlyList<double?> Values);

/// <summary>
/// A chart of lines with axes. Braille dots, two by four a character, when a colour tells the lines apart or there is only one; else one
/// letter for each line, so that a pipe and a terminal without colours show which is which.
/// </summary>
/// <param name="width">Columns, axes included.</param>
/// <param name="height">Rows of the drawing.</param>
/// <param name="isUtf8">False for signs of ASCII.</param>
/// <param name="hasColour">True when lines may be told apart by colours.</param>
internal sealed class Chart(int width, int height, bool isUtf8, bool hasColour)
{
    /// <summary>Lines that a chart shows: more cannot be told apart.</summary>
    public const int MaxSeries = 8;

    /// <summary>Least columns of the drawing.</summary>
    const int LeastColumns = 10;

    /// <summary>Rows between two labels of the vertical axis.</summary>
    const int LabelEvery = 3;

    static readonly string[] colours = ["36", "33", "32", "35", "34", "31", "96", "93"];

    /// <summary>The chart, line by line, legend last.</summary>
    public IEnumerable<string> Lines(long from, long until, IReadOnlyList<ChartSeries> all)
    {
        var series = all.Take(MaxSeries).ToList();
        var known = series.SelectMany(s => s.Values).OfType<double>().ToList();
        if (known.Count == 0)
        {
            yield return "no values in this time";
            yield break;
        }
        var (least, most) = Borders(known.Min(), known.Max());
        var labels = Enumerable.Range(0, height).Select(row => row % LabelEvery == 0 || row == height - 1
            ? Short(most - ((most - least) * row / (height - 1))) : "").ToArray();
        var margin = labels.Max(label => label.Length) + 1;
        var columns = Math.Max(LeastColumns, width - margin - 1);
        var usesDots = isUtf8 && (series.Count == 1 || hasColour);
        var cells = new (int Dots, int Series)[height, columns];
        for (var i = 0; i < series.Count; i++) Draw(cells, series[i], i, from, until, least, most, usesDots ? 2 : 1, usesDots ? 4 : 1);
        for (var row = 0; row < height; row++) yield return labels[row].PadLeft(margin - 1) + " " + (isUtf8 ? "┤" : "|") + Row(cells, row, usesDots);
        yield return new string(' ', margin) + (isUtf8 ? "└" + new string('─', columns) : "+" + new string('-', columns));
        yield return new string(' ', margin + 1) + Times(from, until, columns);
        for (var i = 0; i < series.Count; i++)
            yield return $" {Paint(usesDots ? isUtf8 ? "●" : "*" : Letter(i), i)} {series[i].Name}  last {Last(series[i])}";
    }

    static string Last(ChartSeries series) => series.Values.LastOrDefault(value => value is not null) is { } last ? Short(last) : "-";

    /// <summary>A flat line gets room above and below.</summary>
    static (double Least, double Most) Borders(double least, double most)
    {
        if (least >= 0 && least < most / 2) least = 0;   // what starts near zero starts at zero: lengths can be compared
        if (most > least) return (least, most);
        var room = least == 0 ? 1 : Math.Abs(least) / 2;
        return (least - room, most + room);
    }

    void Draw((int Dots, int Series)[,] cells, ChartSeries series, int index, long from, long until, double least, double most, int across, int down)
    {
        var (dotColumns, dotRows) = (cells.GetLength(1) * across, height * down);
        var sums = new double[dotColumns];
        var counts = new int[dotColumns];
        for (var i = 0; i < series.Values.Count; i++)
        {
            if (series.Values[i] is not { } value) continue;
            var column = (int)((series.Start + ((double)i * series.Step) - from) / (until - from) * dotColumns);
            column = Math.Clamp(column, 0, dotColumns - 1);
            sums[column] += value;
            counts[column]++;
        }
        var (before, beforeRow) = (-1, 0);
        // values further apart than this are parted by a gap, not joined by a line
        var widest = Math.Max(1, (int)Math.Ceiling(1.5 * series.Step * dotColumns / (until - from)));
        for (var column = 0; column < dotColumns; column++)
        {
            if (counts[column] == 0) continue;
            var row = (int)Math.Round((most - (sums[column] / counts[column])) / (most - least) * (dotRows - 1));
            if (before >= 0 && column - before <= widest)
            {
                var steps = Math.Max(column - before, Math.Abs(row - beforeRow));
                for (var step = 1; step < steps; step++)
                {
                    var part = (double)step / steps;
                    Dot(cells, before + (int)Math.Round((column - before) * part), beforeRow + (int)Math.Round((row - beforeRow) * part), index, across, down);
                }
            }
            Dot(cells, column, row, index, across, down);
            (before, beforeRow) = (column, row);
        }
    }

    static void Dot((int Dots, int Series)[,] cells, int x, int y, int index, int across, int down)
    {
        ref var cell = ref cells[y / down, x / across];
        // Braille patterns: dots 1 to 3 and 7 on the left, 4 to 6 and 8 on the right (Unicode, U+2800)
        var bit = across == 1 ? 1 : (x % 2, y % 4) switch { (0, 3) => 0x40, (1, 3) => 0x80, (0, var r) => 1 << r, (_, var r) => 8 << r };
        cell = (cell.Dots | bit, index);
    }

    string Row((int Dots, int Series)[,] cells, int row, bool usesDots)
    {
        var text = new StringBuilder();
        for (var column = 0; column < cells.GetLength(1); column++)
        {
            var (dots, series) = cells[row, column];
            if (dots == 0) text.Append(' ');
            else text.Append(Paint(usesDots ? ((char)(0x2800 + dots)).ToString() : Letter(series), series));
        }
        return text.ToString().TrimEnd(' ');
    }

    static string Letter(int series) => ((char)('a' + series)).ToString();

    string Paint(string text, int series) => hasColour ? $"\e[{colours[series]}m{text}\e[0m" : text;

    /// <summary>Start, middle and end of the time, as far as they fit; with the day when it is longer than one.</summary>
    static string Times(long from, long until, int columns)
    {
        var format = until - from > 86_400 ? "MM-dd HH:mm" : "HH:mm:ss";
        string At(long time) => DateTimeOffset.FromUnixTimeSeconds(time).UtcDateTime.ToString(format, CultureInfo.InvariantCulture);
        var (left, middle, right) = (At(from), At((from + until) / 2), At(until) + "Z");
        var room = columns - left.Length - right.Length;
        if (room < 2) return left;
        if (room < middle.Length + 4) return left + new string(' ', room) + right;
        var before = (columns / 2) - (middle.Length / 2) - left.Length;
        return left + new string(' ', before) + middle + new string(' ', room - before - middle.Length) + right;
    }

    /// <summary>A number in a few characters: 12.3k, 4.56M, 0.123.</summary>
    public static string Short(double value)
    {
        var (scaled, unit) = Math.Abs(value) switch
        {
            >= 1e12 => (value / 1e12, "T"),
            >= 1e9 => (value / 1e9, "G"),
            >= 1e6 => (value / 1e6, "M"),
            >= 1e4 => (value / 1e3, "k"),
            _ => (value, ""),
        };
        var format = Math.Abs(scaled) switch { >= 1000 => "0", >= 100 => "0.#", >= 1 => "0.##", >= 1e-3 or 0 => "0.####", _ => "0.##e+0" };
        return scaled.ToString(format, CultureInfo.InvariantCulture) + unit;
    }
}
