using OpsBro.Collectors;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Linux;

/// <summary>Looks into the tree a collector wrote.</summary>
static class Trees
{
    /// <summary>The value below keys; fails the test when one is not there.</summary>
    public static Value At(this Value tree, params string[] keys)
    {
        foreach (var key in keys)
        {
            Assert.True(tree.Kind == ValueKind.Dict && tree.AsDict.TryGet(key, out _),
                $"there is no {string.Join(" > ", keys)}: {key} is missing among {string.Join(", ", tree.Keys())}");
            tree.AsDict.TryGet(key, out tree);
        }
        return tree;
    }

    /// <summary>The number below keys.</summary>
    public static double Number(this Value tree, params string[] keys) => tree.At(keys).ToDouble();

    /// <summary>The text below keys.</summary>
    public static string Text(this Value tree, params string[] keys) => tree.At(keys).AsString;

    /// <summary>The keys of a dict; none when it is something else.</summary>
    public static string[] Keys(this Value tree) =>
        tree.Kind == ValueKind.Dict ? [.. tree.AsDict.Entries.Select(e => e.Key.AsString)] : [];

    /// <summary>Every value that is no dict and no list, with its keys; items of a list stand under <c>[]</c>.</summary>
    public static IEnumerable<(string[] Keys, Value Value)> Leaves(this Value tree, params string[] above) => tree.Kind switch
    {
        ValueKind.Dict => tree.AsDict.Entries.SelectMany(e => e.Value.Leaves([.. above, e.Key.AsString])),
        ValueKind.List => tree.AsList.SelectMany(item => item.Leaves([.. above[..^1], above[^1] + "[]"])),
        _ => [(above, tree)],
    };

    /// <summary>The leaves that a collector does not document.</summary>
    public static IEnumerable<string> Undocumented(this Value tree, ICollector collector)
    {
        return from leaf in tree.Leaves()
               where !collector.Keys.Any(key => Covers(key, leaf.Keys))
               select string.Join(" > ", leaf.Keys);
    }

    /// <summary>True when a documented key stands for the place of a value.</summary>
    public static bool Covers(KeyDoc key, string[] keys)
    {
        var path = key.Path.Split('.');
        return path.Length == keys.Length && path.Zip(keys, Covers).All(same => same);
    }

    static bool Covers(string documented, string key) =>
        documented == key
        || documented.EndsWith("[]", StringComparison.Ordinal) && documented[..^2] == key   // an empty list is its own leaf
        || documented is ['<', .., '>'];
}
