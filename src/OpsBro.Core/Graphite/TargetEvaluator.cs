using System.Globalization;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Core.Graphite;

/// <summary>Works out targets: fetches what their paths match and calls their functions.</summary>
public sealed class TargetEvaluator(GraphiteFunctions functions)
{
    /// <summary>With all functions.</summary>
    public static TargetEvaluator Default { get; } = new(GraphiteFunctions.Default);

    /// <summary>The series of a target.</summary>
    /// <exception cref="GraphiteException">The target is not understood, does not make sense, or costs too much.</exception>
    public IReadOnlyList<Series> Evaluate(string target, RenderContext context)
    {
        if (context.From >= context.Until)
            throw new GraphiteException($"from ({context.From}) is not before until ({context.Until}); ask for a time that is not empty");
        return EvaluateInner(target, context);
    }

    internal IReadOnlyList<Series> EvaluateInner(string target, RenderContext context) =>
        FunctionCall.SeriesOf(Evaluate(TargetParser.Parse(target), context)) ?? [];

    internal Value Evaluate(Node node, RenderContext context)
    {
        context.Cancel.ThrowIfCancellationRequested();
        switch (node)
        {
            case ConstantNode constant:
                return constant.Value;
            case PathNode path:
                return Path(path, context);
            case TemplateNode template:
                return Evaluate(template.Inner, context with { Replacements = ReplacementsOf(template, context) });
            case CallNode { Function: "seriesByTag" } call:
                return new SeriesValue(Tagged(call, context));
            default:
                return Invoke((CallNode)node, context);
        }
    }

    internal Value Invoke(CallNode node, RenderContext context)
    {
        var function = functions.Get(node.Function, node.Column);
        context.Cost.Enter(node);
        var inner = function.Name == "consolidateBy" ? WithAspect(node, context) : context;
        var positional = new Value[node.Arguments.Count];
        for (var i = 0; i < positional.Length; i++) positional[i] = Evaluate(node.Arguments[i], inner);
        var named = node.Named.Select(n => KeyValuePair.Create(n.Key, Evaluate(n.Value, inner))).ToArray();
        var (values, rest) = ArgumentCheck.Bind(function, positional, named, node.Column);
        var result = function.Run(new FunctionCall(function, values, rest, node, this, inner));
        Charge(result, node, context);
        context.Cost.Leave();
        return result;
    }

    /// <summary>What is consolidated by the greatest should take the greatest of each bucket of the store as well, when it comes right from there.</summary>
    static RenderContext WithAspect(CallNode node, RenderContext context)
    {
        if (node.Arguments is not [PathNode or CallNode { Function: "seriesByTag" }, ConstantNode { Value: TextValue how }]) return context;
        return how.Content switch
        {
            "max" => context with { Aspect = Aspect.Max },
            "min" => context with { Aspect = Aspect.Min },
            "sum" => context with { Aspect = Aspect.Sum },
            "last" => context with { Aspect = Aspect.Last },
            _ => context,
        };
    }

    static void Charge(Value result, CallNode node, RenderContext context)
    {
        if (FunctionCall.SeriesOf(result) is not { } series) return;
        if (series.Count > GraphiteLimits.Series)
            throw new GraphiteException($"{node.Function} answers more than {GraphiteLimits.Series} series; write a narrower pattern", node.Column)
            { IsTooMuch = true };
        long points = 0;
        foreach (var one in series)
        {
            points += one.Values.Length;
            if (one.Name.Length > GraphiteLimits.NameLength)
                throw new GraphiteException($"{node.Function} answers a name of more than {GraphiteLimits.NameLength} characters; use alias", node.Column);
        }
        context.Cost.Compute(points, node.Column);
    }

    static List<KeyValuePair<string, Value>> ReplacementsOf(TemplateNode template, RenderContext context) =>
    [
        .. template.Values.Where(v => !context.Template.ContainsKey(v.Key)),
        .. context.Template.Select(t => KeyValuePair.Create(t.Key, Value.Of(t.Value))),
    ];

    static Value Path(PathNode node, RenderContext context)
    {
        var path = node.Path;
        foreach (var (name, value) in context.Replacements)
        {
            if (path != "$" + name) path = path.Replace("$" + name, value.Text, StringComparison.Ordinal);
            else return value is TextValue text ? NumberOrText(text) : value;
            if (path.Length > GraphiteLimits.TargetLength) throw new GraphiteException("the template makes too long a path", node.Column);
        }
        return new SeriesValue(Fetch(path, node.Column, context, (source, aspect) => source.Fetch(path, context.From, context.Until, aspect)));
    }

    static Value NumberOrText(TextValue text)
    {
        var digits = text.Content.StartsWith('-') ? text.Content[1..] : text.Content;
        return digits.Length > 0 && digits.All(c => char.IsAsciiDigit(c) || c == '.')
            && double.TryParse(text.Content, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? Value.Of(number) : text;
    }

    static IReadOnlyList<Series> Tagged(CallNode node, RenderContext context)
    {
        var expressions = new List<TagExpression>();
        foreach (var argument in node.Arguments)
        {
            if (argument is not ConstantNode { Value: TextValue text }) continue; // what is piped into it means nothing, as in graphite-web
            expressions.Add(TagExpression.Parse(text.Content)
                ?? throw new GraphiteException($"seriesByTag: \"{text.Content}\" is no condition; write tag=value, tag!=value, tag=~regex or tag!=~regex",
                    argument.Column));
        }
        if (!expressions.Exists(AsksForTag))
            throw new GraphiteException("seriesByTag: at least one condition must ask for a tag to be there, such as name=cpu", node.Column);
        return Fetch(node.Text, node.Column, context, (source, aspect) => source.FetchTagged(expressions, context.From, context.Until, aspect));
    }

    static bool AsksForTag(TagExpression condition) => condition.Operator switch
    {
        TagOperator.Equal => condition.Value.Length > 0,
        TagOperator.NotEqual => condition.Value.Length == 0,
        TagOperator.Match => !PythonPattern.Compile(condition.Value).IsFoundIn(""),
        _ => PythonPattern.Compile(condition.Value).IsFoundIn(""),
    };

    static IReadOnlyList<Series> Fetch(
        string path, int column, RenderContext context, Func<ISeriesSource, Aspect, IReadOnlyList<SeriesSlice>> fetch)
    {
        if (context.From < 0) throw new GraphiteException("a function looks back to before 1970; write a shorter interval", column);
        var key = new FetchKey(path, context.From, context.Until, context.Aspect);
        if (!context.Cost.Fetches.TryGetValue(key, out var slices))
        {
            slices = fetch(context.Source, context.Aspect);
            context.Cost.Fetched(slices, column);
            context.Cost.Fetches[key] = slices;
        }
        var series = new Series[slices.Count];
        for (var i = 0; i < series.Length; i++) series[i] = Series.Of(slices[i], path, context.XFilesFactor ?? 0);
        return series;
    }
}
