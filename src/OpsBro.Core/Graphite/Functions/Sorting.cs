using System.Globalization;
using System.Text;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>The same series in another order. Equal ones keep theirs.</summary>
static class Sorting
{
    /// <summary>Digits that numbers in names are compared with.</summary>
    const int NumberWidth = 10;

    static readonly Param reverse = Optional("reverse", ParamType.Boolean, Value.Of(false));

    public static IEnumerable<Function> All { get; } =
    [
        new("sortBy", FunctionGroup.Sorting, "By an aggregation of each, the least first.",
            [Param.Series, Optional("func", AggFunc, Value.Of("average")), reverse], c => By(c.Series(), Filter.Plain(c, 1), c.Flag(2))),
        new("sortByMaxima", FunctionGroup.Sorting, "By the greatest value of each, the greatest first.", [Param.Series],
            c => By(c.Series(), "max", isReversed: true)),
        new("sortByMinima", FunctionGroup.Sorting, "By the least value of each, the least first; series without a value above 0 are left out.", [Param.Series],
            c => By([.. c.Series().Where(s => Aggregation.Max(s.Values) > 0)], "min", isReversed: false)),
        new("sortByTotal", FunctionGroup.Sorting, "By the sum of each, the greatest first.", [Param.Series], c => By(c.Series(), "sum", isReversed: true)),
        new("sortByName", FunctionGroup.Sorting, "By name; natural: host2 before host10.",
            [Param.Series, Optional("natural", ParamType.Boolean, Value.Of(false)), reverse], ByName),
    ];

    static IReadOnlyList<Series> By(IReadOnlyList<Series> list, string aggregation, bool isReversed)
    {
        var function = Aggregation.Get(aggregation);
        return isReversed
            ? [.. list.OrderByDescending(s => Filter.Rank(function, s))]
            : [.. list.OrderBy(s => Filter.Rank(function, s))];
    }

    static IReadOnlyList<Series> ByName(FunctionCall call)
    {
        Func<Series, string> key = call.Flag(1) ? s => Natural(s.Name) : s => s.Name;
        return call.Flag(2)
            ? [.. call.Series().OrderByDescending(key, StringComparer.Ordinal)]
            : [.. call.Series().OrderBy(key, StringComparer.Ordinal)];
    }

    static string Natural(string name)
    {
        var padded = new StringBuilder();
        for (var i = 0; i < name.Length;)
        {
            var end = i;
            while (end < name.Length && char.IsAsciiDigit(name[end])) end++;
            if (end > i) padded.Append(CultureInfo.InvariantCulture, $"{name[i..end].TrimStart('0').PadLeft(NumberWidth, '0')}");
            else padded.Append(name[end++]);
            i = end;
        }
        return padded.ToString();
    }
}
