using System.Globalization;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests;

/// <summary>Looks into trees of values.</summary>
static class Trees
{
    /// <summary>
    /// The value at a path of keys; the test fails, naming the keys that are there, when one is missing.
    /// </summary>
    public static Value At(this DictValue tree, params string[] path)
    {
        var value = Value.Of(tree);
        foreach (var key in path)
        {
            var dict = value.AsDict;
            Assert.True(dict.TryGet(key, out value),
                $"no key \"{key}\" among {string.Join(", ", dict.Entries.Select(e => e.Key.AsString))}");
        }
        return value;
    }

    /// <summary>True when every key of a path is there.</summary>
    public static bool Has(this DictValue tree, params string[] path)
    {
        var value = Value.Of(tree);
        foreach (var key in path)
            if (value.Kind != ValueKind.Dict || !value.AsDict.TryGet(key, out value)) return false;
        return true;
    }

    /// <summary>Every leaf as <c>a.b=value</c>, in order: a tree as one line for a test.</summary>
    public static string Flat(this DictValue tree) => string.Join(' ', Leaves("", Value.Of(tree)));

    static IEnumerable<string> Leaves(string path, Value value) => value.Kind switch
    {
        ValueKind.Dict =>
            value.AsDict.Entries.SelectMany(e => Leaves(path + (path.Length > 0 ? "." : "") + e.Key.AsString, e.Value)),
        ValueKind.List => value.AsList.SelectMany((item, i) => Leaves($"{path}[{i}]", item)),
        _ => [$"{path}={Text(value)}"],
    };

    static string Text(Value value) => value.Kind switch
    {
        ValueKind.None => "None",
        ValueKind.Bool => value.AsBool ? "True" : "False",
        ValueKind.Int => value.AsInt.ToString(CultureInfo.InvariantCulture),
        ValueKind.BigInt => value.AsBigInt.ToString(CultureInfo.InvariantCulture),
        ValueKind.Float => value.AsFloat.ToString("0.0###############", CultureInfo.InvariantCulture),
        _ => $"'{value.AsString}'",
    };
}
