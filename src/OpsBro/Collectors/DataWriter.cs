using OpsBro.Core.Expressions;

namespace OpsBro.Collectors;

/// <summary>Builds the tree of one run: sections hold values under text keys. The tree is published whole, never changed after.</summary>
internal sealed class DataWriter
{
    /// <summary>Most values a collector may write in one run; what exceeds it is dropped and counted.</summary>
    public const int MaxValues = 20_000;

    readonly DictValue dict;
    readonly DataWriter root;
    int values;

    /// <summary>A writer for one run.</summary>
    public DataWriter() => (dict, root) = (new DictValue(), this);

    DataWriter(DictValue dict, DataWriter root) => (this.dict, this.root) = (dict, root);

    /// <summary>The tree written so far.</summary>
    public Value Tree => Value.Of(dict);

    /// <summary>Values dropped because of <see cref="MaxValues"/>.</summary>
    public int Dropped => Math.Max(0, root.values - MaxValues);

    /// <summary>True when nothing was written.</summary>
    public bool IsEmpty => dict.Count == 0;

    /// <summary>The section under a key; made when it is not there.</summary>
    public DataWriter Section(string key)
    {
        if (dict.TryGet(key, out var there) && there.Kind == ValueKind.Dict) return new DataWriter(there.AsDict, root);
        var section = new DictValue();
        if (root.values++ < MaxValues) dict[key] = Value.Of(section);
        return new DataWriter(section, root);
    }

    /// <summary>Writes a value of any kind.</summary>
    public void Set(string key, Value value)
    {
        if (root.values++ < MaxValues) dict[key] = value;
    }

    /// <summary>Writes an integer.</summary>
    public void Set(string key, long value) => Set(key, Value.Of(value));

    /// <summary>Writes a float.</summary>
    public void Set(string key, double value) => Set(key, Value.Of(value));

    /// <summary>Writes a text.</summary>
    public void Set(string key, string value) => Set(key, Value.Of(value));

    /// <summary>Writes a bool.</summary>
    public void Set(string key, bool value) => Set(key, Value.Of(value));
}
