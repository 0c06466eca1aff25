using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;

namespace OpsBro.Checks;

/// <summary>Makes a <see cref="CheckDefinition"/> of a <c>check:</c> or <c>service:</c> object and says what is wrong.</summary>
/// <param name="functions">What rules may call.</param>
/// <param name="collectors">What rules read.</param>
/// <param name="agent">agent.yml as it is now.</param>
/// <param name="settings">Its section <c>checks</c> as it is now.</param>
internal sealed class CheckBinder(FunctionTable functions, CollectorStore collectors, Func<ConfigNode> agent, Func<CheckSettings> settings)
{
    /// <summary>Keys that mean something; any other is a free key for macros and <c>configuration.…</c>.</summary>
    static readonly string[] keys =
    [
        "id", "name", "display_name", "interval", "if_group", "notes", "handlers", "variables", "thresholds", "threshold",
        "script", "timeout", "max_attempts", "retry_interval", "flap_detection", "freshness",
        "ok_output", "critical_if", "critical_output", "warning_if", "warning_output",
    ];

    static readonly string[] serviceKeys = ["id", "name", "display_name", "if_group", "notes", "check"];

    static readonly FunctionTable pure = FunctionTable.Pure();

    (ConfigNode? Node, Value Value) agentValue;

    /// <summary>The check; null when it cannot run. Problems are added in both cases.</summary>
    public CheckDefinition? Bind(ConfigObject source, List<Problem> problems)
    {
        if (source.Kind != "service") return Bind(source, source.Body, "*", problems);
        var service = new ObjectReader(source.Body, problems);
        service.Allow(serviceKeys);
        var group = service.Text("if_group", "*");
        // DNS tells them; here they are only understood
        service.Number("port", 0, 1, ushort.MaxValue);
        service.Number("weight", 1, 0, ushort.MaxValue);
        service.Texts("tags");
        service.RefuseTheRest("a service");
        if (service.Section("check") is { } check) return Bind(source, check, group, problems);
        service.Complain(source.Body, "a service needs a check; write check: with its keys below");
        return null;
    }

    CheckDefinition? Bind(ConfigObject source, ConfigNode body, string group, List<Problem> problems)
    {
        var reader = new ObjectReader(body, problems);
        var defaults = settings();
        var interval = reader.Duration("interval", defaults.Interval, CheckDefinition.LeastInterval, CheckDefinition.MostInterval);
        var timeout = reader.Duration("timeout", defaults.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        var rules = ReadRules(reader, defaults, interval, timeout, problems);
        var hasRule = reader.Node("critical_if") is not null || reader.Node("warning_if") is not null;
        ICheckKind? kind = (hasRule, reader.Node("script")) switch
        {
            (true, null) => BindExpressions(source, reader),
            (false, { } script) => BindScript(source, reader, script),
            (true, { } script) => Refuse(reader, script, "a check has either a script or critical_if and warning_if, not both"),
            _ => Refuse(reader, body, "a check needs critical_if, warning_if or script"),
        };
        RefuseSlips(reader, kind);
        if (kind is null || !reader.IsClean) return null;
        return new CheckDefinition(source)
        {
            DisplayName = reader.Text("display_name", source.Body["display_name"]?.Text is { Length: > 0 } shown ? shown : source.Name),
            IfGroup = reader.Text("if_group", group),
            Notes = reader.Text("notes"),
            Handlers = reader.Texts("handlers"),
            Rules = rules,
            Kind = kind,
            Timeout = timeout,
            Body = body,
        };
    }

    static ICheckKind? Refuse(ObjectReader reader, ConfigNode node, string problem)
    {
        reader.Complain(node, problem);
        return null;
    }

    static CheckRules ReadRules(ObjectReader reader, CheckSettings defaults, TimeSpan interval, TimeSpan timeout, List<Problem> problems)
    {
        var (detects, low, high) = (defaults.DetectsFlapping, CheckRules.DefaultFlapLow, CheckRules.DefaultFlapHigh);
        if (reader.Node("flap_detection") is { Kind: ConfigNodeKind.Map } node)
        {
            var flap = new ObjectReader(node, problems);
            (detects, low, high) = (true, flap.Number("low", (int)low, 0, 100), flap.Number("high", (int)high, 1, 100));
            flap.RefuseTheRest("flap_detection");
            if (low >= high) flap.Complain(node, $"flap_detection: low is {low} and high is {high}; low must be less");
        }
        else detects = reader.Flag("flap_detection", detects);
        var usual = (interval * CollectorStore.StaleAfterIntervals) + timeout;
        return new CheckRules
        {
            Interval = interval,
            RetryInterval = reader.Duration("retry_interval", interval, CheckDefinition.LeastInterval, CheckDefinition.MostInterval),
            MaxAttempts = reader.Number("max_attempts", defaults.MaxAttempts, 1, CheckDefinition.MostAttempts),
            DetectsFlapping = detects,
            FlapLow = low,
            FlapHigh = high,
            Freshness = reader.Duration("freshness", usual, CheckDefinition.LeastInterval, CheckDefinition.MostInterval),
        };
    }

    ExpressionCheck? BindExpressions(ConfigObject source, ObjectReader reader)
    {
        var names = new List<string>();
        var variables = new List<(string, CheckRule)>();
        CheckRule? Compile(string key, ConfigNode? node) => node is null ? null : CompileRule(source, reader, key, node, names);
        foreach (var (key, node) in reader.Section("variables")?.Entries ?? [])
        {
            if (Compile($"variables.{key.Text}", node) is { } rule) variables.Add((key.Text, rule));
            names.Add(key.Text);
        }
        var branches = new List<CheckBranch>();
        foreach (var state in new[] { CheckState.Critical, CheckState.Warning })
        {
            var condition = Compile($"{state.Word()}_if", reader.Node($"{state.Word()}_if"));
            var output = Compile($"{state.Word()}_output", reader.Node($"{state.Word()}_output"));
            if (condition is not null) branches.Add(new CheckBranch(state, condition, output));
        }
        var ok = Compile("ok_output", reader.Node("ok_output"));
        return reader.IsClean
            ? new ExpressionCheck(new CheckReferences(collectors, reader.Map, source.Pack, AgentValue), [.. variables], [.. branches], ok)
            : null;
    }

    CheckRule? CompileRule(ConfigObject source, ObjectReader reader, string key, ConfigNode node, List<string> variables)
    {
        if (node.Kind != ConfigNodeKind.Scalar)
        {
            reader.Complain(node, $"{key} must be a rule in one text");
            return null;
        }
        try
        {
            var (expression, onlyComputes) = Compile(node.Text);
            var rule = new CheckRule(key, node, expression, onlyComputes);
            foreach (var reference in rule.Expression.References)
                if (ProblemOf(reference, rule.Expression.Text, source, variables) is { } problem)
                    reader.Complain(Problem.In(node, reference.Position, $"{key}: {problem}"));
            return rule;
        }
        catch (ExpressionException e)
        {
            var isText = key.EndsWith("_output", StringComparison.Ordinal) && !node.Text.Contains('\'')
                         && e.Kind is ErrorKind.Syntax or ErrorKind.Name;
            var hint = isText
                ? $"; {key} is a rule that makes a text: a plain text stands in quotes of its own, \"'all is well'\""
                : "";
            reader.Complain(Problem.In(node, e.Position, $"{key}: {e.Message}{hint}"));
            return null;
        }
    }

    /// <summary>Rules that the pure functions suffice for cannot wait for anything.</summary>
    (Expression Expression, bool OnlyComputes) Compile(string text)
    {
        try
        {
            return (Expression.Compile(text, pure), true);
        }
        catch (ExpressionException)
        {
            return (Expression.Compile(text, functions), false);   // it calls a function of the world, or is wrong
        }
    }

    /// <summary>What can be told before it runs: parameters and variables are known, collectors and their keys are not.</summary>
    static string? ProblemOf(Reference reference, string text, ConfigObject source, List<string> variables)
    {
        // one with a default, or with alternatives, may miss
        var end = text.IndexOf('}', Math.Max(0, reference.Position));
        if (end > reference.Position && text.AsSpan()[reference.Position..end].Contains('|')) return null;
        switch (reference.Root)
        {
            case "parameters" when source.Pack is null:
                return $"{reference.Text}: this check belongs to no pack; write configuration.… and keys of the check";
            case "parameters":
                var level = source.Pack.Parameters;
                foreach (var key in reference.Path)
                {
                    if (level.Kind == ValueKind.Dict && level.AsDict.TryGet(key, out var next)) level = next;
                    else
                        return $"pack {source.Pack.Name} has no parameter \"{string.Join('.', reference.Path.Select(k => k.Str()))}\""
                               + Spelling.Hint(reference.Path[^1].Str(), source.Pack.ParameterList.Select(p => p.Name));
                }
                return null;
            case "variables" when reference.Path.Length == 0 || !variables.Contains(reference.Path[0].Str()):
                return $"{reference.Text} is not there{Spelling.Hint(reference.Path.Length > 0 ? reference.Path[0].Str() : "", variables)}; "
                       + "a variable stands under variables, above where it is used";
            default:
                return null;
        }
    }

    ScriptCheck? BindScript(ConfigObject source, ObjectReader reader, ConfigNode script)
    {
        var macros = new MacroSource(reader.Map, source.Pack, agent);
        switch (script.Kind)
        {
            case ConfigNodeKind.Scalar:
                var words = ShellWords.Split(script.Text, out var problem, out var position);
                if (problem.Length == 0 && words.Count > 0) return new ScriptCheck(words, macros, () => settings().Environment);
                reader.Complain(Problem.In(script, position, $"script: {(problem.Length > 0 ? problem : "there is no program in it")}"));
                return null;
            case ConfigNodeKind.List when script.Items.Count > 0 && script.Items.All(i => i.Kind == ConfigNodeKind.Scalar):
                return new ScriptCheck([.. script.Items.Select(i => MacroText.Parse(i.Text))], macros, () => settings().Environment);
            default:
                reader.Complain(script, "script must be a command line, or a list of a program and its arguments");
                return null;
        }
    }

    /// <summary>A macro without a value is told at every reload, but the check stays: its result says so too.</summary>
    public void AddMacroProblems(CheckDefinition check, List<Problem> problems)
    {
        if (check.Kind is not ScriptCheck script) return;
        var source = new MacroSource(check.Body, check.Source.Pack, agent);
        foreach (var names in script.Macros)
            if (names.All(n => source.Find(n) is null))
                problems.Add(Problem.At(check.Body["script"]!, MacroSource.Missing(string.Join('|', names))));
    }

    /// <summary>Free keys are for macros and thresholds: refused are those that nothing reads and that look like a slip.</summary>
    static void RefuseSlips(ObjectReader reader, ICheckKind? kind)
    {
        var texts = reader.Map.Entries.SelectMany(e => e.Value.Kind == ConfigNodeKind.List ? e.Value.Items : [e.Value])
            .Select(n => n.Text).ToList();
        foreach (var (key, _) in reader.Map.Entries)
        {
            if (keys.Contains(key.Text)) continue;
            var isRead = texts.Exists(t => t.Contains($"${key.Text}", StringComparison.Ordinal)
                                           || t.Contains($"configuration.{key.Text}", StringComparison.Ordinal));
            if (!isRead && Spelling.Nearest(key.Text, keys) is { } nearest)
                reader.Complain(key, $"unknown key \"{key.Text}\" in a check (did you mean \"{nearest}\"?)");
        }
    }

    /// <summary>agent.yml as a value, made again only when it is another one.</summary>
    Value AgentValue()
    {
        var node = agent();
        if (!ReferenceEquals(agentValue.Node, node)) agentValue = (node, node.ToValue());
        return agentValue.Value;
    }
}
