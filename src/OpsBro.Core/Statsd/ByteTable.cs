using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpsBro.Core.Statsd;

/// <summary>
/// Numbers byte strings from 0 in the order they come: an open-addressed table over one block of bytes, so that looking one up allocates
/// nothing. The seed is the process's own, so that nobody can send names that all fall into one place.
/// </summary>
public sealed class ByteTable(ulong seed, int maxEntries, int maxBytes)
{
    const int FirstSlots = 64, FirstBytes = 1024;
    const ulong High = 0xFFFF_FFFF_0000_0000, Odd1 = 0x9E3779B97F4A7C15, Odd2 = 0xD6E8FEB86659FD93;

    // upper half: of the hash; lower half: number + 1, 0 for a free slot
    ulong[] slots = new ulong[FirstSlots];
    Entry[] entries = new Entry[FirstSlots / 2];
    byte[] bytes = new byte[FirstBytes];
    int count, used;

    /// <summary>How many there are.</summary>
    public int Count => count;

    /// <summary>The bytes of one.</summary>
    public ReadOnlySpan<byte> this[int number] => bytes.AsSpan(entries[number].Offset, entries[number].Length);

    /// <summary>Hash of a string in two parts, for <see cref="Find"/> and <see cref="Add"/>.</summary>
    public ulong Hash(int space, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var hash = Mix(seed ^ (uint)space, Odd1 ^ (uint)first.Length);
        hash = Run(hash, first);
        return second.IsEmpty ? hash : Run(hash ^ Odd2, second);
    }

    static ulong Run(ulong hash, ReadOnlySpan<byte> text)
    {
        ref var start = ref MemoryMarshal.GetReference(text);
        var left = text.Length;
        var at = 0;
        for (; left - at > 8; at += 8) hash = Mix(hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)), Odd1);
        // the last eight bytes may overlap those before
        if (left >= 8) return Mix(hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, left - 8)), Odd2);
        var rest = 0ul;
        for (at = 0; at < left; at++) rest = (rest << 8) | Unsafe.Add(ref start, at);
        return Mix(hash ^ rest, Odd2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }

    /// <summary>The number of a string, or -1.</summary>
    /// <param name="hash">Its <see cref="Hash"/>.</param>
    /// <param name="space">Strings of different spaces are different.</param>
    /// <param name="first">Its first part; where the parts meet matters.</param>
    /// <param name="second">Its second part.</param>
    public int Find(ulong hash, int space, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var mask = slots.Length - 1;
        for (var at = (int)hash & mask; slots[at] is not 0 and var slot; at = (at + 1) & mask)
        {
            if (((slot ^ hash) & High) != 0) continue;
            var number = (int)(uint)slot - 1;
            ref var entry = ref entries[number];
            if (entry.Space != space || entry.Split != first.Length || entry.Length != first.Length + second.Length) continue;
            var text = bytes.AsSpan(entry.Offset, entry.Length);
            if (first.SequenceEqual(text[..first.Length]) && second.SequenceEqual(text[first.Length..])) return number;
        }
        return -1;
    }

    /// <summary>Adds a string that is not there; -1 when a limit is reached.</summary>
    public int Add(ulong hash, int space, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var length = first.Length + second.Length;
        if (count >= maxEntries || length > maxBytes - used) return -1;
        if (count == entries.Length) Array.Resize(ref entries, Math.Min(entries.Length * 2, Math.Max(maxEntries, 1)));
        if (used + length > bytes.Length) Array.Resize(ref bytes, (int)Math.Min(Math.Max((long)bytes.Length * 2, used + length), maxBytes));
        if ((count + 1) * 2 > slots.Length) Grow();
        first.CopyTo(bytes.AsSpan(used));
        second.CopyTo(bytes.AsSpan(used + first.Length));
        entries[count] = new Entry { Hash = hash, Offset = used, Length = length, Split = first.Length, Space = space };
        used += length;
        Place(hash, count);
        return count++;
    }

    void Grow()
    {
        slots = new ulong[slots.Length * 2];
        for (var number = 0; number < count; number++) Place(entries[number].Hash, number);
    }

    void Place(ulong hash, int number)
    {
        var mask = slots.Length - 1;
        var at = (int)hash & mask;
        while (slots[at] != 0) at = (at + 1) & mask;
        slots[at] = (hash & High) | (uint)(number + 1);
    }

    /// <summary>Forgets all; what was allocated is kept, unless very little of it was in use.</summary>
    public void Clear()
    {
        if (slots.Length > FirstSlots && count < slots.Length / 32)
        {
            slots = new ulong[FirstSlots];
            entries = new Entry[FirstSlots / 2];
            bytes = new byte[FirstBytes];
        }
        else if (count > 0) Array.Clear(slots);
        count = used = 0;
    }

    struct Entry
    {
        public ulong Hash;
        public int Offset, Length, Split, Space;
    }
}
