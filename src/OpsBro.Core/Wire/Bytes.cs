namespace OpsBro.Core.Wire;

/// <summary>
/// A byte field of a message. Go tells a missing slice from an empty one on the wire (<c>c0</c> and <c>a0</c>), so
/// this does too;
/// two are equal when their contents are, missing and empty included.
/// </summary>
public readonly struct Bytes(byte[]? array) : IEquatable<Bytes>
{
    readonly byte[]? array = array;

    /// <summary>Nothing was given: <c>nil</c> on the wire.</summary>
    public bool IsNil => array is null;

    /// <summary>Number of bytes.</summary>
    public int Length => array?.Length ?? 0;

    /// <summary>The contents; empty for nil.</summary>
    public ReadOnlySpan<byte> Span => array;

    /// <summary>The contents have the length of an IPv4 or IPv6 address.</summary>
    public bool IsAddress => Length is 4 or 16;

    /// <summary>Takes the array as it is: it must not change afterwards.</summary>
    public static implicit operator Bytes(byte[]? array) => new(array);

    /// <summary>Same contents.</summary>
    public static bool operator ==(Bytes left, Bytes right) => left.Equals(right);

    /// <summary>Other contents.</summary>
    public static bool operator !=(Bytes left, Bytes right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Bytes other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Bytes other && Equals(other);

    /// <summary>The CRC-32 of the contents: the same in every run, unlike .NET's own hashes.</summary>
    public override int GetHashCode() => (int)Crc32.Of(Span);

    /// <summary>The contents in hexadecimal digits.</summary>
    public override string ToString() => IsNil ? "nil" : Convert.ToHexStringLower(Span);
}
