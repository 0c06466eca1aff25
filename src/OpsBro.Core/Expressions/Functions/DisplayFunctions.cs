using System.Globalization;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Small pictures for the outputs of checks: a bar, a ring of braille dots, colours.</summary>
static class DisplayFunctions
{
    const int MostWidth = 400;

    /// <summary>Size of the ring in dots; a braille character has 2 × 4 of them.</summary>
    const int DotsWide = 24, DotsHigh = 24, DotsPerColumn = 2, DotsPerRow = 4;

    const double OuterRadius = 11.6, InnerRadius = 6.2;

    const int BrailleBlank = 0x2800;

    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table)
    {
        table.Add(new FunctionDoc("get_donut", "display", "get_donut(value)", "A ring of six lines, filled to a percentage from 0 to 100."),
            a => Value.Of(Donut(Percentage(a, 0))));
        table.Add(new FunctionDoc("get_horizontal_bar", "display", "get_horizontal_bar(value, width=80)",
            "A bar with its percentage; a value up to 1 is a fraction, a larger one a percentage."), a => Value.Of(Bar(a)));
        table.Add(new FunctionDoc("colorize", "display", "colorize(s, color)",
            "The text in a colour of the terminal, an ANSI number from 0 to 255."),
            a => Value.Of(string.Create(CultureInfo.InvariantCulture, $"\e[{a.Int(1, 0, 255)}m{a[0].Str()}\e[0m")));
    }

    static double Percentage(Arguments a, int at)
    {
        var value = a.Number(at);
        return double.IsNaN(value) ? throw a.Fail("the value is not a number") : Math.Clamp(value, 0, 100);
    }

    static string Bar(Arguments a)
    {
        var value = a.Number(0);
        if (double.IsNaN(value)) throw a.Fail("the value is not a number");
        var fraction = Math.Clamp(value > 1 ? value / 100 : value, 0, 1);
        var width = (int)a.Int(1, 1, MostWidth);
        var full = (int)Math.Round(fraction * width, MidpointRounding.AwayFromZero);
        var percent = ((int)Math.Round(fraction * 100, MidpointRounding.AwayFromZero)).ToString(CultureInfo.InvariantCulture);
        return $"{percent.PadLeft(3)}% {new string('█', full)}{new string('▒', width - full)}";
    }

    /// <summary>The ring begins at the top and goes with the clock; what is left over is drawn with half of the dots.</summary>
    static string Donut(double percentage)
    {
        var number = ((int)Math.Round(percentage, MidpointRounding.AwayFromZero)).ToString(CultureInfo.InvariantCulture);
        const int columns = DotsWide / DotsPerColumn, rows = DotsHigh / DotsPerRow;
        var label = $"{number}%";
        var (labelRow, labelColumn) = (rows / 2 - 1, (columns - label.Length + 1) / 2);
        var text = new StringBuilder();
        for (var row = 0; row < rows; row++)
        {
            if (row > 0) text.Append('\n');
            for (var column = 0; column < columns; column++)
            {
                var inLabel = row == labelRow && column >= labelColumn && column < labelColumn + label.Length;
                text.Append(inLabel ? label[column - labelColumn] : Dots(row, column, percentage));
            }
        }
        return text.ToString();
    }

    static char Dots(int row, int column, double percentage)
    {
        ReadOnlySpan<int> bits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
        var pattern = 0;
        for (var y = 0; y < DotsPerRow; y++)
            for (var x = 0; x < DotsPerColumn; x++)
                if (IsSet(column * DotsPerColumn + x, row * DotsPerRow + y, percentage)) pattern |= bits[y * DotsPerColumn + x];
        return pattern == 0 ? ' ' : (char)(BrailleBlank + pattern);
    }

    static bool IsSet(int x, int y, double percentage)
    {
        var (dx, dy) = (x + 0.5 - DotsWide / 2.0, y + 0.5 - DotsHigh / 2.0);
        var radius = Math.Sqrt(dx * dx + dy * dy);
        if (radius is > OuterRadius or < InnerRadius) return false;
        var turn = Math.Atan2(dx, -dy) / (2 * Math.PI);
        if (turn < 0) turn++;
        return turn * 100 < percentage || (x + y) % 3 == 0;
    }
}
