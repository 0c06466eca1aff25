namespace OpsBro.Core.KeyValue;

/// <summary>Kinds of messages between engines: the second byte, after the version.</summary>
enum MessageKind : byte
{
    /// <summary>Only the head: what the sender says of itself.</summary>
    Hello = 1,

    /// <summary>An operation for the owner.</summary>
    Forward = 2,

    /// <summary>The answer to it.</summary>
    Result = 3,

    /// <summary>A record to keep.</summary>
    Replicate = 4,

    /// <summary>What became of it.</summary>
    Kept = 5,

    /// <summary>Asks for an entry.</summary>
    Read = 6,

    /// <summary>The entry.</summary>
    Entry = 7,

    /// <summary>Asks for a promise, and the entry.</summary>
    Promise = 8,

    /// <summary>The promise, or what is above it.</summary>
    Promised = 9,

    /// <summary>Asks for keys below a prefix.</summary>
    List = 10,

    /// <summary>The keys.</summary>
    Listed = 11,

    /// <summary>Hashes of partitions.</summary>
    Digest = 12,

    /// <summary>The partitions that differ.</summary>
    Differs = 13,

    /// <summary>Asks for what a version vector does not cover.</summary>
    Fetch = 14,

    /// <summary>Those records, and at the end the vector.</summary>
    Records = 15,

    /// <summary>Asks for all keys and dots of a partition.</summary>
    Inventory = 16,

    /// <summary>Those.</summary>
    Inventoried = 17,

    /// <summary>Asks whether dots are covered.</summary>
    Offer = 18,

    /// <summary>They are.</summary>
    Covered = 19,

    /// <summary>Which members are known.</summary>
    Known = 20,

    /// <summary>Prefixes whose changes are wanted.</summary>
    Watch = 21,

    /// <summary>A change.</summary>
    Change = 22,
}

/// <summary>What every message says of its sender.</summary>
/// <param name="Known">Hash of the members that it knows.</param>
/// <param name="Alive">Hash of those that live.</param>
/// <param name="Settled">Hash of the known members of the ring on which it last was settled; 0 for none.</param>
/// <param name="IsComplete">It has taken what is its own from every living member since its ring changed.</param>
/// <param name="IsHolding">It holds partitions for others.</param>
/// <param name="IsFull">Its store is full: values that need more room are refused by the owners of its copies.</param>
/// <param name="IsInDoubt">What it does not find may be with members that are away.</param>
readonly record struct MessageHead(ulong Known, ulong Alive, ulong Settled, bool IsComplete, bool IsHolding, bool IsFull, bool IsInDoubt)
{
    /// <summary>The protocol's version: the first byte.</summary>
    public const byte Version = 1;

    /// <summary>Both see the same members, known and living.</summary>
    public bool SameRing(in MessageHead other) => Known == other.Known && Alive == other.Alive;

    public void Write(KeyValueWriter to, MessageKind kind)
    {
        to.Clear().Byte(Version);
        to.Byte((byte)kind);
        to.Fixed(Known);
        to.Fixed(Alive);
        to.Fixed(Settled);
        to.Byte((byte)((IsComplete ? 1 : 0) | (IsHolding ? 2 : 0) | (IsFull ? 4 : 0) | (IsInDoubt ? 8 : 0)));
    }

    public static MessageHead Read(ref KeyValueReader from, out MessageKind kind)
    {
        if (from.Byte() != Version) from.Fail();
        kind = (MessageKind)from.Byte();
        var (known, alive, settled, flags) = (from.Fixed(), from.Fixed(), from.Fixed(), from.Byte());
        return new MessageHead(known, alive, settled, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0);
    }
}
