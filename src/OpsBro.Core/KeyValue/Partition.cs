namespace OpsBro.Core.KeyValue;

/// <summary>What a node holds of one partition.</summary>
public sealed class Partition(int number)
{
    /// <summary>Which of the <see cref="KeyValueLimits.Partitions"/> it is.</summary>
    public int Number { get; } = number;

    /// <summary>Name of its row.</summary>
    public string RowName { get; } = $"partition/{number:x2}";

    /// <summary>What is covered.</summary>
    public VersionVector Vector { get; } = new();

    /// <summary>Removals that were collected.</summary>
    public VersionVector Collected { get; } = new();

    /// <summary>A promise for all its keys.</summary>
    public long Floor { get; internal set; }

    /// <summary>The highest promise that was given for one of its keys, and is no longer kept with the key.</summary>
    public long Promised { get; internal set; }

    /// <summary>The entries by key.</summary>
    public Dictionary<string, KeyEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>Sum over all dots that are there, winners and losers.</summary>
    public ulong ContentHash { get; internal set; }

    /// <summary>The last sequence of our own at this start.</summary>
    public long Sequence { get; internal set; }

    /// <summary>Keys whose winner is a removal, or expired.</summary>
    public int Removals { get; internal set; }

    /// <summary>Keys with a promise above their winner.</summary>
    public int OpenPromises { get; internal set; }

    /// <summary>Keys that have a promise and nothing else.</summary>
    public int BarePromises { get; internal set; }

    /// <summary>Something is here.</summary>
    public bool IsHeld => Entries.Count > 0 || !Vector.IsEmpty;

    /// <summary>The last ticket that wrote something of it.</summary>
    internal long Ticket { get; set; }

    /// <summary>Its row waits to be written at the end of this call.</summary>
    internal bool IsStaged { get; set; }

    /// <summary>Records since its row was written.</summary>
    internal int Unsaved { get; set; }

    internal void Write(KeyValueWriter to)
    {
        to.Number(Floor);
        Vector.Write(to);
        Collected.Write(to);
        to.Number(Promised);
    }

    internal bool TryRead(ref KeyValueReader from)
    {
        Floor = from.Number();
        Vector.Join(VersionVector.Read(ref from));
        Collected.Join(VersionVector.Read(ref from));
        if (!from.IsAtEnd) Promised = from.Number();   // older rows end here
        return from.IsGood;
    }
}
