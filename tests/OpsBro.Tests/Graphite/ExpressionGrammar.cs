using System.Globalization;

namespace OpsBro.Tests.Graphite;

/// <summary>
/// Makes targets by chance: each function with arguments of the kinds that it takes, most of them sensible, some of them awkward.
/// The kinds are letters; <c>?</c> after a letter: it and what follows may be left out; <c>*</c>: none to three of it; <c>+</c>: one to three.
/// A word after <c>?</c> is the name under which the argument may be given.
/// </summary>
sealed class ExpressionGrammar(int seed)
{
    const int AwkwardPercent = 8;
    const int Depth = 3;

    readonly Random random = new(seed);

    /// <summary>Functions that have no line in <see cref="table"/>, and why they cannot be compared.</summary>
    public static readonly Dictionary<string, string> NotCompared = new()
    {
        ["randomWalk"] = "drawn from chance",
        ["randomWalkFunction"] = "drawn from chance",
        ["medianSeries"] = "not in graphite-web 1.1.8, but in later ones",
        ["toLowerCase"] = "not in graphite-web 1.1.8, but in later ones",
        ["toUpperCase"] = "not in graphite-web 1.1.8, but in later ones",
    };

    /// <summary>S series, N number, I whole number, P percentile, A aggregation, T interval, W window, B flag, X xFilesFactor, K node, G node or tag,
    /// E tag, R regular expression, M text, D time, F function over series, O one series, L several paths, Z colour.</summary>
    static readonly string[] table =
    [
        "absolute S", "add S N", "aggregate S A X?xFilesFactor", "aggregateLine PATH A?func B?keepStep", "aggregateSeriesLists L L A X?xFilesFactor",
        "aggregateWithWildcards S A K*", "alias S M", "aliasByMetric S", "aliasByNode S G+", "aliasByTags S G+", "aliasQuery S R M M", "aliasSub S R M",
        "alpha S P", "applyByNode H I2 template M?", "areaBetween L2", "asPercent S", "asPercent S N", "asPercent S O", "asPercent S none G+",
        "averageAbove S N", "averageBelow S N", "averageOutsidePercentile S P", "averageSeries S S*", "averageSeriesWithWildcards S K*", "avg S",
        "cactiStyle S", "changed S", "color S Z", "consolidateBy S C", "constantLine N", "countSeries S*", "cumulative S", "currentAbove S N",
        "currentBelow S N", "dashed S N?", "delay S I", "derivative S", "diffSeries S S*", "diffSeriesLists L L", "divideSeries S O",
        "divideSeriesLists L L", "drawAsInfinite S", "events M", "exclude S R", "exp S", "exponentialMovingAverage S W", "fallbackSeries S S",
        "filterSeries S A Q N", "grep S R", "group S*", "groupByNode S G A?callback", "groupByNodes S A G*", "groupByTags H2 A E+", "highest S I?n A?func",
        "highestAverage S I", "highestCurrent S I", "highestMax S I", "hitcount S T B?alignToInterval", "holtWintersAberration O N?delta",
        "holtWintersConfidenceArea O", "holtWintersConfidenceBands O N?delta", "holtWintersForecast O", "identity M", "integral S",
        "integralByInterval S T", "interpolate S Y?limit", "invert S", "isNonNull S", "keepLastValue S Y?limit", "legendValue S V+", "limit S I",
        "lineWidth S N", "linearRegression S", "log S N?base", "logit S", "lowest S I?n A?func", "lowestAverage S I", "lowestCurrent S I", "map S K+",
        "mapSeries S K+", "maxSeries S S*", "maximumAbove S N", "maximumBelow S N", "minMax S", "minSeries S S*", "minimumAbove S N", "minimumBelow S N",
        "mostDeviant S I", "movingAverage S W X?xFilesFactor", "movingMax S W X?xFilesFactor", "movingMedian S W X?xFilesFactor",
        "movingMin S W X?xFilesFactor", "movingSum S W X?xFilesFactor", "movingWindow S W A?func X?xFilesFactor", "multiplySeries S S*",
        "multiplySeriesLists L L", "multiplySeriesWithWildcards S K*", "nPercentile S P", "nonNegativeDerivative S N?maxValue N?minValue", "offset S N",
        "offsetToZero PATH", "pct S", "perSecond S N?maxValue N?minValue", "percentileOfSeries S P B?interpolate", "pow S N", "powSeries S O",
        "rangeOfSeries S S*", "reduce J", "reduceSeries J", "removeAbovePercentile S P", "removeAboveValue S N", "removeBelowPercentile S P",
        "removeBelowValue S N", "removeBetweenPercentile S P", "removeEmptySeries S X?xFilesFactor", "round S I?precision", "scale S N",
        "scaleToSeconds S N", "secondYAxis S", "seriesByTag U", "setXFilesFactor S X", "sigmoid S", "sin M N? step", "sinFunction M N? step",
        "smartSummarize S T A?func align?alignTo", "sortBy S A?func B?reverse", "sortByMaxima S", "sortByMinima S", "sortByName S B?natural B?reverse",
        "sortByTotal S", "squareRoot S", "stacked S M?stack", "stddevSeries S S*", "stdev S I P?", "substr S K? K?", "sum S", "sumSeries S S*",
        "sumSeriesLists L L", "sumSeriesWithWildcards S K*", "summarize S T A?func B?alignToFrom", "threshold N M? Z?", "time M step", "timeFunction M step",
        "timeShift S T B?resetEnd B?", "timeSlice S D D", "timeStack S T I2 I2", "transformNull S N?default S?", "unique S S*",
        "useSeriesAbove S N \"web\" \"db\"", "verticalLine D M? Z?", "weightedAverage L L K", "xFilesFactor S X",
    ];

    static readonly string[] paths =
    [
        "app.web.requests", "app.*.requests", "app.web.*", "app.db.*", "app.*.*", "host?.cpu.*", "host*.cpu.user", "host[12].cpu.system", "host{1,10}.cpu.*",
        "host*.temp", "edge.*", "edge.none", "edge.sparse", "edge.{zero,late}", "edge.negative", "host1.cpu.user", "app.db.latency", "host2.temp", "*.cpu.none",
        "seriesByTag('name=disk')", "seriesByTag('host=a')", "seriesByTag('name=disk','device!=sdb')", "seriesByTag('host=~[ab]')", "host10.*", "*.*.user",
    ];

    static readonly string[] single =
    [
        "app.web.requests", "host1.cpu.user", "edge.sparse", "app.db.latency", "edge.zero", "host10.temp", "edge.late", "app.web.none",
    ];
    static readonly string[] pairs = ["app.{web,db}.requests", "host{1,2}.temp", "app.*.latency", "host{1,2}.cpu.user", "edge.{zero,sparse}", "app.*.errors"];
    static readonly string[] numbers = ["1", "2", "10", "0.5", "100", "3", "-1", "1.5", "25", "60", "-2.5", "7"];
    static readonly string[] awkwardNumbers = ["0", "-1", "1e10", "1e-7", "0.123456789", "-0.0", "123456789", "\"5\""];
    static readonly string[] percents = ["50", "95", "99", "10", "99.9", "25", "75", "1"];
    static readonly string[] intervals = ["\"1min\"", "\"5min\"", "\"90s\"", "\"1h\"", "\"10min\"", "\"2min\"", "\"30s\"", "\"1d\"", "\"-5min\"", "\"7min\""];
    static readonly string[] windows = ["3", "5", "10", "1", "\"1min\"", "\"5min\"", "\"90s\"", "\"30s\"", "2"];
    static readonly string[] aggregations =
        ["average", "avg", "avg_zero", "count", "current", "diff", "last", "max", "median", "min", "multiply", "range", "rangeOf", "stddev", "sum", "total"];
    static readonly string[] times = ["\"21:30_20231114\"", "\"22:00_20231114\"", "\"22:10_20231114\"", "\"20231114\"", "\"1699999000\"", "\"21:55_11/14/23\""];
    static readonly string[] patterns = ["\"cpu\"", "\"^app\"", "\"re.*s\"", "\"(\\w+)\\.(\\w+)\"", "\"e\"", "\"zzz\"", "\"[0-9]+\"", "\"user$\""];
    static readonly string[] texts = ["\"new\"", "\"\\1\"", "\"x.y\"", "\"\"", "\"with space\"", "\"web\"", "\"\\2.\\1\""];

    /// <summary>Functions with a line of their own.</summary>
    public static IReadOnlySet<string> Functions { get; } = table.Select(l => l.Split(' ')[0]).ToHashSet();

    /// <summary>
    /// So many targets; every function is as often outermost as every other, now and then within a sum, whose name tells where its series
    /// came from.
    /// </summary>
    public IEnumerable<string> Targets(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var call = Call(table[i % table.Length], Depth);
            yield return i / table.Length % 4 == 3 ? $"sumSeries({call})" : call;
        }
    }

    string Call(string line, int depth)
    {
        var words = line.Split(' ');
        List<string> arguments = [];
        var isNamed = false;
        foreach (var word in words.Skip(1))
        {
            var mark = word.IndexOfAny(['?', '*', '+']);
            var kind = mark < 0 ? word : word[..mark];
            if (mark < 0)
            {
                arguments.Add(Argument(kind, depth));
            }
            else if (word[mark] == '?')
            {
                if (random.Next(100) < 45) break;
                isNamed |= random.Next(4) == 0 && mark + 1 < word.Length;
                if (isNamed && mark + 1 == word.Length) break; // what follows a name needs a name
                arguments.Add((isNamed ? word[(mark + 1)..] + "=" : "") + Argument(kind, depth));
            }
            else
            {
                for (var n = random.Next(word[mark] == '+' ? 1 : 0, 3); n > 0; n--) arguments.Add(Argument(kind, depth));
            }
        }
        return $"{words[0]}({string.Join(random.Next(5) == 0 ? ", " : ",", arguments)})";
    }

    string Argument(string kind, int depth) => kind switch
    {
        "S" => Series(depth - 1),
        "H" => Pick(["app.*.requests", "host*.cpu.*", "app.*.*", "host{1,2}.temp"]),
        "H2" => Pick(["seriesByTag('name=disk')", "seriesByTag('host=a')", "seriesByTag('host=~.')", "scale(seriesByTag('host=~.'),2)"]),
        "PATH" => Pick(paths), // names hold values here, and whole numbers that were counted are written without ".0" there
        "O" => Pick(single),
        "L" or "L2" => Pick(pairs),
        "J" => Pick(
        [
            "mapSeries(app.*.*,1),\"asPercent\",2,\"errors\",\"requests\"", "mapSeries(host{1,2}.cpu.*,0),\"divideSeries\",2,\"user\",\"system\"",
            "map(app.*.*,1),\"diffSeries\",2,\"requests\",\"errors\"",
        ]),
        "U" => Pick(["'name=disk'", "'host=a','name=load'", "'device=~sd.'", "'host!=a','name=disk'", "'device=sda','host=~[ab]'", "'name=none'"]),
        "N" => IsAwkward() ? Pick(awkwardNumbers) : Pick(numbers),
        "I" => IsAwkward() ? Pick(["0", "-1", "100", "-3"]) : Pick(["1", "2", "3", "5"]),
        "I2" => Pick(["0", "1", "2", "3"]),
        "Y" => Pick(["inf", "1", "2", "5", "0", "INF"]),
        "P" => IsAwkward() ? Pick(["0", "100", "50.5", "0.1"]) : Pick(percents),
        "A" => IsAwkward() ? Pick(["\"foo\"", "\"avgSeries\"", "'sumSeries'", "\"\""]) : Quote(Pick(aggregations)),
        "C" => Quote(Pick(["sum", "average", "min", "max", "last", "first", "avg", "avg_zero"])),
        "Q" => Quote(Pick(["=", "!=", ">", ">=", "<", "<="])),
        "T" => IsAwkward() ? Pick(["\"0s\"", "\"1x\"", "\"+1min\"", "\"1min30s\"", "\"\"", "5"]) : Pick(intervals),
        "W" => IsAwkward() ? Pick(["0", "-2", "2.5", "\"-1min\"", "\"foo\"", "1000", "\"1d\""]) : Pick(windows),
        "B" => Pick(["true", "false", "True", "False"]),
        "X" => Pick(["0", "0.5", "1", "0.3", "0.9"]),
        "K" or "G" when kind == "K" || random.Next(3) > 0 => IsAwkward() ? Pick(["-1", "5", "-9"]) : Pick(["0", "1", "2"]),
        "G" or "E" => Quote(Pick(["name", "host", "device", "none"])),
        "R" => IsAwkward() ? Pick(["\"\"", "\".\"", "\"^$\""]) : Pick(patterns),
        "M" => Pick(texts),
        "D" => Pick(times),
        "V" => Quote(Pick(["avg", "last", "max", "min", "sum", "si", "binary", "none"])),
        "Z" => Quote(Pick(["red", "blue", "ff0000"])),
        "step" => Pick(["10", "60", "30"]),
        "align" => Pick(["\"minutes\"", "\"hours\"", "\"days\"", "\"seconds\"", "\"weeks\"", "\"months\"", "\"weeks3\"", "\"years\"", "\"5min\""]),
        "template" => Quote(Pick(["%.latency", "sumSeries(%.*)", "scale(%.requests,2)", "alias(%.cpu.user,'x')", "%.none"])),
        _ => kind,
    };

    string Series(int depth)
    {
        if (depth <= 0 || random.Next(100) < 60) return Pick(paths);
        return Call(Pick(nestable), depth);
    }

    static readonly string[] nestable =
        [.. table.Where(l => l.Split(' ') is [var name, var first, ..] && first is "S" or "O" or "L" && name is not ("map" or "mapSeries"))];

    bool IsAwkward() => random.Next(100) < AwkwardPercent;

    T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    static string Quote(string text) => string.Create(CultureInfo.InvariantCulture, $"\"{text}\"");
}
