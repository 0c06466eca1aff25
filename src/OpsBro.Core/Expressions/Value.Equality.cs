namespace OpsBro.Core.Expressions;

/// <summary>Equality and hashing with Python's meaning: 1 == 1.0 == True, and equal values hash alike.</summary>
public readonly partial struct Value : IEquatable<Value>
{
    /// <summary>Python's <c>==</c>.</summary>
    public bool Equals(Value other)
    {
        if (Kind == ValueKind.String && other.Kind == ValueKind.String)
            return ReferenceEquals(reference, other.reference) || AsString == other.AsString;
        if (IsNumber && other.IsNumber)
            return bits == other.bits && Kind == other.Kind ? Kind != ValueKind.BigInt : ToDouble().Equals(other.ToDouble());
        return Kind == other.Kind && ReferenceEquals(reference, other.reference);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Value other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Kind == ValueKind.String
        ? string.GetHashCode(AsString, StringComparison.Ordinal)
        : IsNumber ? ToDouble().GetHashCode() : (int)Kind;
}
