using OpsBro.Core.Graphite.Functions;

namespace OpsBro.Core.Graphite;

/// <summary>All functions by name. A new one is one line in its group's list.</summary>
public sealed class GraphiteFunctions
{
    readonly Dictionary<string, Function> functions;

    /// <summary>A table of these functions.</summary>
    /// <exception cref="ArgumentException">Two have one name.</exception>
    public GraphiteFunctions(IEnumerable<Function> functions) => this.functions = functions.ToDictionary(f => f.Name, StringComparer.Ordinal);

    /// <summary>All that this program has.</summary>
    public static GraphiteFunctions Default { get; } = new(
    [
        .. Combine.All,
        .. Pairs.All,
        .. Percent.All,
        .. Grouping.All,
        .. Lines.All,
        .. Naming.All,
        .. Legends.All,
        .. Drawing.All,
        .. Points.All,
        .. HoltWinters.All,
        .. Trends.All,
        .. Transform.All,
        .. Sequences.All,
        .. Buckets.All,
        .. Times.All,
        .. Moving.All,
        .. Filter.All,
        .. FilterData.All,
        .. Sorting.All,
    ]);

    /// <summary>In the order of their names.</summary>
    public IEnumerable<Function> All => functions.Values.OrderBy(f => f.Name, StringComparer.Ordinal);

    /// <summary>One by name.</summary>
    public Function? Find(string name) => functions.GetValueOrDefault(name);

    /// <summary>Whether there is such a function.</summary>
    public bool Has(string name) => functions.ContainsKey(name);

    /// <summary>One by name, for the call at this column.</summary>
    /// <exception cref="GraphiteException">There is none.</exception>
    public Function Get(string name, int column) =>
        Find(name) ?? throw new GraphiteException($"there is no function \"{name}\"{Spelling.Hint(name, functions.Keys)}; see /functions", column);
}
