namespace OpsBro.Core.Expressions;

/// <summary>Equality and hashing with Python's meaning: 1 == 1.0 == True, and equal values hash alike.</summary>
public readonly partial struct Value : IEquatable<Value>
{
    /// <summary>Python's <c>==</c>. A float that is not a number equals nothing, not even itself.</summary>
    public bool Equals(Value other)
    {
        switch (Kind)
        {
            case ValueKind.String:
                return other.Kind == ValueKind.String
                    && (ReferenceEquals(reference, other.reference) || AsString == other.AsString);
            case ValueKind.Bool or ValueKind.Int when other.Kind is ValueKind.Bool or ValueKind.Int:
                return bits == other.bits;
            case ValueKind.Bool or ValueKind.Int or ValueKind.BigInt or ValueKind.Float:
                return other.IsNumber && Numbers.AreEqual(this, other);
            case ValueKind.None:
                return other.Kind == ValueKind.None;
            case ValueKind.List or ValueKind.Tuple:
                return Kind == other.Kind && (ReferenceEquals(reference, other.reference) || HaveEqualItems(AsList, other.AsList));
            default:
                return Kind == other.Kind && (ReferenceEquals(reference, other.reference) || HaveEqualEntries(AsDict, other.AsDict));
        }
    }

    /// <summary>True for equal scalars and for the same list, tuple, dict or set.</summary>
    internal bool IsSameObject(Value other) =>
        reference is List<Value> or DictValue ? ReferenceEquals(reference, other.reference) : Equals(other);

    static bool HaveEqualItems(List<Value> ours, List<Value> theirs)
    {
        if (ours.Count != theirs.Count) return false;
        for (var i = 0; i < ours.Count; i++)
            if (!ours[i].Equals(theirs[i])) return false;
        return true;
    }

    static bool HaveEqualEntries(DictValue ours, DictValue theirs)
    {
        if (ours.Count != theirs.Count) return false;
        foreach (var (key, value) in ours.Entries)
            if (!theirs.TryGet(key, out var other) || !value.Equals(other)) return false;
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Value other && Equals(other);

    /// <summary>A hash for dicts in memory; lists, dicts and sets have a poor one, rules cannot use them as keys.</summary>
    public override int GetHashCode()
    {
        switch (Kind)
        {
            case ValueKind.String:
                return bits != 0 ? (int)bits : (int)HashOf(AsString);
            case ValueKind.Bool or ValueKind.Int or ValueKind.BigInt or ValueKind.Float:
                return Numbers.HashOf(this);
            case ValueKind.Tuple:
                var hash = default(HashCode);   // seeded: the usual sum of products lets a rule make keys that collide
                foreach (var item in AsList) hash.Add(item.GetHashCode());
                return hash.ToHashCode();
            default:
                return (int)Kind;
        }
    }

    /// <summary>
    /// The hash of a text, never 0, which stands for one not computed. Seeded for each process, so keys cannot be made to collide.
    /// </summary>
    static long HashOf(string text)
    {
        var hash = string.GetHashCode(text, StringComparison.Ordinal);
        return hash == 0 ? 1 : hash;
    }

    /// <summary>Python's <c>==</c>.</summary>
    public static bool operator ==(Value left, Value right) => left.Equals(right);

    /// <summary>Python's <c>!=</c>.</summary>
    public static bool operator !=(Value left, Value right) => !left.Equals(right);
}
