using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Messages that are put together for one datagram.</summary>
/// <param name="budget">Bytes that they and their compound may have.</param>
sealed class Parcel(int budget)
{
    readonly byte[] messages = new byte[budget];
    readonly byte[] compound = new byte[budget];
    readonly int[] lengths = new int[WireLimits.MaxCompoundPartsSent];
    int count;
    int used;

    /// <summary>Nothing is in it.</summary>
    public bool IsEmpty => count == 0;

    /// <summary>Bytes left, of which each further message costs its length and <see cref="Compound.PartOverhead"/>.</summary>
    public int Room => budget - Compound.HeaderSize - Compound.PartOverhead * count - used;

    /// <summary>The message, or the compound of several.</summary>
    public ReadOnlySpan<byte> Written
    {
        get
        {
            if (count == 1) return messages.AsSpan(0, used);
            return Compound.TryWrite(messages.AsSpan(0, used), lengths.AsSpan(0, count), compound, out var size)
                ? compound.AsSpan(0, size)
                : default;
        }
    }

    /// <summary>Starts anew.</summary>
    public void Clear() => (count, used) = (0, 0);

    /// <summary>Adds a message; false when it does not fit.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message)
    {
        if (message.Length + Compound.PartOverhead > Room || count == lengths.Length) return false;
        message.CopyTo(messages.AsSpan(used));
        used += message.Length;
        lengths[count++] = message.Length;
        return true;
    }

    /// <summary>Adds a message of Serf: the type byte of a user message comes first.</summary>
    public bool TryAddUser(ReadOnlySpan<byte> message)
    {
        if (message.Length + 1 + Compound.PartOverhead > Room || count == lengths.Length) return false;
        messages[used++] = (byte)MessageType.User;
        message.CopyTo(messages.AsSpan(used));
        used += message.Length;
        lengths[count++] = 1 + message.Length;
        return true;
    }
}
