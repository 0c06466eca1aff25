using System.Globalization;

namespace OpsBro.Core.Expressions;

/// <summary>Walks from a value along the path of a reference; shared by all who resolve references.</summary>
public static class ReferencePath
{
    /// <summary>Goes down from <paramref name="start"/>: keys of dicts, positions of lists. Does not allocate when it succeeds.</summary>
    /// <param name="start">Where to begin.</param>
    /// <param name="path">The keys below it; of a reference to a collector, those behind the collector's name.</param>
    /// <param name="value">What stands there, when the answer is true.</param>
    /// <param name="problem">Which key is missing and what was probably meant, when the answer is false.</param>
    public static bool TryWalk(Value start, ReadOnlySpan<Value> path, out Value value, out string problem)
    {
        value = start;
        problem = "";
        for (var i = 0; i < path.Length; i++)
        {
            if (TryStep(value, path[i], out var next))
            {
                value = next;
                continue;
            }
            problem = Describe(value, path, i);
            return false;
        }
        return true;
    }

    static bool TryStep(Value from, Value key, out Value value)
    {
        value = default;
        switch (from.Kind)
        {
            case ValueKind.Dict when from.AsDict.TryGet(key, out value):
                return true;
            case ValueKind.Dict when IsNumber(key.AsString, out var number):
                return from.AsDict.TryGet(Value.Of(number), out value);
            case ValueKind.List or ValueKind.Tuple when IsNumber(key.AsString, out var index) && index < from.AsList.Count:
                value = from.AsList[index];
                return true;
            default:
                return false;
        }
    }

    static bool IsNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    static string Describe(Value at, ReadOnlySpan<Value> path, int i)
    {
        var where = i == 0 ? "" : $" in {string.Join('.', path[..i].ToArray().Select(key => key.AsString))}";
        var key = path[i].AsString;
        return at.Kind switch
        {
            ValueKind.Dict => $"there is no \"{key}\"{where}{Hint(at.AsDict, key)}",
            ValueKind.List or ValueKind.Tuple => $"there is no item {key}{where}: it has {at.AsList.Count} items",
            _ => $"there is no \"{key}\"{where}: it is a {at.TypeName}",
        };
    }

    static string Hint(DictValue dict, string key)
    {
        if (key.Contains('|')) return "; write || before a default";
        return Spelling.Hint(key, dict.Keys.Where(k => k.Kind == ValueKind.String).Select(k => k.AsString));
    }
}

/// <summary>References that find nothing: for rules that use none.</summary>
public sealed class NoReferences : IReferences
{
    /// <summary>The one instance.</summary>
    public static readonly NoReferences Instance = new();

    /// <inheritdoc/>
    public bool TryResolve(Reference reference, out Value value, out string problem)
    {
        (value, problem) = (default, $"nothing can be referred to here");
        return false;
    }
}
