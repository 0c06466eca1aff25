namespace OpsBro.Core.Expressions;

/// <summary>
/// A dict: entries in the order they were added, as in Python. Not changed any more once a value that rules read holds it.
/// </summary>
public sealed class DictValue
{
    const long Unknown = -1;

    readonly OrderedDictionary<Value, Value> entries = [];
    long weight = Unknown;

    /// <summary>Number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>The entries in insertion order.</summary>
    public IEnumerable<KeyValuePair<Value, Value>> Entries => entries;

    /// <summary>The keys in insertion order.</summary>
    public IEnumerable<Value> Keys => entries.Keys;

    /// <summary>Sets one entry; an existing one keeps its place and its key.</summary>
    public Value this[Value key]
    {
        set
        {
            entries[key] = value;
            weight = Unknown;
        }
    }

    /// <summary>Sets one entry under a text key.</summary>
    public Value this[string key]
    {
        set => this[Value.Of(key)] = value;
    }

    /// <summary>Finds the entry of <paramref name="key"/>.</summary>
    public bool TryGet(Value key, out Value value) => entries.TryGetValue(key, out value);

    /// <summary>Finds the entry of a text key.</summary>
    public bool TryGet(string key, out Value value) => entries.TryGetValue(Value.Of(key), out value);

    /// <summary>True when there is an entry of <paramref name="key"/>.</summary>
    public bool Has(Value key) => entries.ContainsKey(key);

    /// <summary>See <see cref="Value.Weight"/>. Computed when first asked for: collectors fill their tree after they nest it.</summary>
    internal long Weight
    {
        get
        {
            if (weight != Unknown) return weight;
            var sum = 1L;
            foreach (var (key, value) in entries) sum = AddWeights(AddWeights(sum, key.Weight), value.Weight);
            return weight = sum;
        }
    }

    /// <summary>Adds two weights; beyond any budget the exact number does not matter.</summary>
    internal static long AddWeights(long a, long b) => Math.Min(a + b, long.MaxValue / 4);
}
