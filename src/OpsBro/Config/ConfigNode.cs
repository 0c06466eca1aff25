using OpsBro.Core.Expressions;

namespace OpsBro.Config;

/// <summary>What a node of a configuration file is.</summary>
internal enum ConfigNodeKind
{
    /// <summary>One value, also an empty one.</summary>
    Scalar,
    /// <summary>A list.</summary>
    List,
    /// <summary>Keys and values.</summary>
    Map,
}

/// <summary>One value of a configuration file with the place it was read from. Immutable.</summary>
internal sealed record ConfigNode(ConfigNodeKind Kind, string File, int Line, int Column)
{
    /// <summary>The text of a scalar; empty for an absent one.</summary>
    public string Text { get; init; } = "";

    /// <summary>True when the scalar was quoted or a block: it is text whatever it looks like.</summary>
    public bool IsQuoted { get; init; }

    /// <summary>Items of a list.</summary>
    public IReadOnlyList<ConfigNode> Items { get; init; } = [];

    /// <summary>Entries of a map in the order of the file. The key is a scalar with its own place.</summary>
    public IReadOnlyList<KeyValuePair<ConfigNode, ConfigNode>> Entries { get; init; } = [];

    /// <summary>True for a key without a value.</summary>
    public bool IsEmpty => Kind == ConfigNodeKind.Scalar && Text.Length == 0 && !IsQuoted;

    /// <summary>The value under <paramref name="key"/>, or null.</summary>
    public ConfigNode? this[string key]
    {
        get
        {
            foreach (var entry in Entries)
                if (entry.Key.Text == key) return entry.Value;
            return null;
        }
    }

    /// <summary>True when both say the same, wherever they stand: the test of a reload by difference.</summary>
    public bool SaysTheSameAs(ConfigNode other)
    {
        if (Kind != other.Kind || Text != other.Text || IsQuoted != other.IsQuoted
            || Items.Count != other.Items.Count || Entries.Count != other.Entries.Count) return false;
        for (var i = 0; i < Items.Count; i++)
            if (!Items[i].SaysTheSameAs(other.Items[i])) return false;
        for (var i = 0; i < Entries.Count; i++)
        {
            var (key, value) = Entries[i];
            var (otherKey, otherValue) = other.Entries[i];
            if (key.Text != otherKey.Text || !value.SaysTheSameAs(otherValue)) return false;
        }
        return true;
    }

    /// <summary>The node as a value of the rule language, with YAML 1.2's core schema for plain scalars.</summary>
    public Value ToValue()
    {
        switch (Kind)
        {
            case ConfigNodeKind.List:
                return Value.ListOf([.. Items.Select(item => item.ToValue())]);
            case ConfigNodeKind.Map:
                var dict = new DictValue();
                foreach (var (key, value) in Entries) dict[key.Text] = value.ToValue();
                return Value.Of(dict);
            default:
                return ScalarToValue();
        }
    }

    Value ScalarToValue()
    {
        if (IsQuoted) return Value.Of(Text);
        switch (Text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return Value.None;
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "on": return Value.Of(true);
            case "false" or "False" or "FALSE" or "no" or "No" or "off": return Value.Of(false);
        }
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (long.TryParse(Text, System.Globalization.NumberStyles.AllowLeadingSign, culture, out var integer)) return Value.Of(integer);
        if (Text.AsSpan().IndexOfAnyExcept("+-0123456789.eE") < 0
            && double.TryParse(Text, System.Globalization.NumberStyles.Float, culture, out var real)) return Value.Of(real);
        return Value.Of(Text);
    }
}
