using OpsBro.Checks;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Checks;

/// <summary>Checks bound from YAML texts, and collectors whose trees a test writes.</summary>
sealed class CheckFixture : IDisposable
{
    public static readonly TimeSpan Now = TimeSpan.FromHours(1);
    public static readonly DateTimeOffset Utc = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly TemporaryConfig config = new();

    public CollectorStore Collectors { get; } = new();

    public FunctionTable Functions { get; } = FunctionTable.Pure();

    public List<Problem> Problems { get; } = [];

    public Configuration Configuration { get; private set; } = null!;

    public CheckSettings Settings { get; set; } = new();

    public string PathOf(string relative) => config.PathOf(relative);

    public CheckFixture Write(string relative, string text)
    {
        config.Write(relative, text);
        return this;
    }

    public void Ship(string relative, string text) => config.Ship(relative, text);

    /// <summary>Everything that binds; problems are in <see cref="Problems"/>.</summary>
    public List<CheckDefinition> Bind()
    {
        Configuration = config.Load(Configuration);
        Problems.Clear();
        Problems.AddRange(Configuration.Problems);
        var binder = new CheckBinder(Functions, Collectors, () => Configuration.Agent, () => Settings);
        var bound = Configuration.Of("check").Concat(Configuration.Of("service"))
            .Select(o => binder.Bind(o, Problems)).OfType<CheckDefinition>().ToList();
        foreach (var check in bound) binder.AddMacroProblems(check, Problems);
        return bound;
    }

    /// <summary>The one check of a file, which must have no problem.</summary>
    public CheckDefinition One(string yaml)
    {
        var check = Assert.Single(Write("one.yml", yaml).Bind());
        Assert.Empty(Problems);
        return check;
    }

    public string ProblemOf(string yaml)
    {
        Write("one.yml", yaml).Bind();
        return Assert.Single(Problems).ToString().Replace(PathOf("one.yml"), "one.yml");
    }

    public void Publish(string name, Value tree, TimeSpan? age = null) => Collectors.Publish(new CollectorSnapshot(
        name, CollectorState.Ok, tree, Utc, Now - (age ?? TimeSpan.Zero), TimeSpan.FromSeconds(10), ""));

    /// <summary>A tree of the form <c>("cpuall.%idle", 3), …</c>; a bar parts keys that hold dots.</summary>
    public static Value Tree(params (string Path, object Value)[] leaves)
    {
        var root = new DictValue();
        foreach (var (path, value) in leaves)
        {
            var level = root;
            var keys = path.Split(path.Contains('|') ? '|' : '.');
            foreach (var key in keys[..^1])
            {
                if (!level.TryGet(key, out var next)) level[key] = next = Value.Of(new DictValue());
                level = next.AsDict;
            }
            level[keys[^1]] = value switch
            {
                int i => Value.Of((long)i),
                double d => Value.Of(d),
                bool b => Value.Of(b),
                string[] texts => Value.ListOf([.. texts.Select(Value.Of)]),
                _ => Value.Of((string)value),
            };
        }
        return Value.Of(root);
    }

    public static CheckResult Run(CheckDefinition check) => ((ExpressionCheck)check.Kind).Run(Now, out _);

    public void Dispose() => config.Dispose();
}
