namespace OpsBro.Core.Expressions;

/// <summary>A dict: entries in the order they were added, as in Python. Not changed any more once a value holds it.</summary>
public sealed class DictValue
{
    readonly OrderedDictionary<Value, Value> entries = [];

    /// <summary>Number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>The entries in insertion order.</summary>
    public IEnumerable<KeyValuePair<Value, Value>> Entries => entries;

    /// <summary>Sets one entry; an existing one keeps its place.</summary>
    public Value this[Value key]
    {
        set => entries[key] = value;
    }

    /// <summary>Sets one entry under a text key.</summary>
    public Value this[string key]
    {
        set => entries[Value.Of(key)] = value;
    }

    /// <summary>Finds the entry of <paramref name="key"/>.</summary>
    public bool TryGet(Value key, out Value value) => entries.TryGetValue(key, out value);

    /// <summary>Finds the entry of a text key.</summary>
    public bool TryGet(string key, out Value value) => entries.TryGetValue(Value.Of(key), out value);
}
