using System.Buffers.Binary;
using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>Short byte strings, each with a small number that stays its own until it is removed; numbers of removed ones are given out again.</summary>
/// <param name="seed">Of the hash: one that nobody outside knows, so that nobody can choose names that collide.</param>
sealed class ByteTable(ulong seed)
{
    /// <summary>Bytes of a page; no string is longer.</summary>
    public const int PageBytes = 1 << 16;

    const int FirstSlots = 64, NoPlace = -1;

    struct Entry
    {
        public int At;
        public int Length;
        public uint Hash;
    }

    readonly Stack<int> free = [];
    List<byte[]> pages = [];
    Entry[] entries = [];
    int[] slots = new int[FirstSlots];
    int end, usedOfPage = PageBytes;
    long liveBytes;

    /// <summary>Strings in it.</summary>
    public int Count => end - free.Count;

    /// <summary>All numbers are below it.</summary>
    public int End => end;

    /// <summary>Bytes that it takes.</summary>
    public long MemoryBytes => ((long)pages.Count * PageBytes) + (entries.Length * 12L) + (slots.Length * 4L) + (free.Count * 4L);

    /// <summary>The string with a number.</summary>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            var entry = entries[id];
            return pages[entry.At >> 16].AsSpan(entry.At & (PageBytes - 1), entry.Length);
        }
    }

    /// <summary>True when the number is given out.</summary>
    public bool Has(int id) => (uint)id < (uint)end && entries[id].At != NoPlace;

    /// <summary>The number of a string; -1 when it is not there.</summary>
    public int Find(ReadOnlySpan<byte> text) => Find(text, Hash(text), out _);

    /// <summary>The number of a string, which is added when it is not there.</summary>
    public int Add(ReadOnlySpan<byte> text, out bool isNew)
    {
        var hash = Hash(text);
        var id = Find(text, hash, out var slot);
        isNew = id < 0;
        if (!isNew) return id;
        if ((Count + 1) * 10L > slots.Length * 7L)
        {
            Grow();
            Find(text, hash, out slot);
        }
        if (!free.TryPop(out id))
        {
            id = end++;
            if (id == entries.Length) Array.Resize(ref entries, Math.Max(16, id + (id / 2)));
        }
        entries[id] = new Entry { At = Place(text), Length = text.Length, Hash = hash };
        slots[slot] = id + 1;
        return id;
    }

    /// <summary>Removes a string.</summary>
    public void Remove(int id)
    {
        var mask = slots.Length - 1;
        var slot = (int)(entries[id].Hash & (uint)mask);
        while (slots[slot] != id + 1) slot = (slot + 1) & mask;
        // close the hole, so that a search may still end at the first empty slot
        for (var next = (slot + 1) & mask; slots[next] != 0; next = (next + 1) & mask)
        {
            var home = (int)(entries[slots[next] - 1].Hash & (uint)mask);
            if (((next - home) & mask) < ((next - slot) & mask)) continue;
            slots[slot] = slots[next];
            slot = next;
        }
        slots[slot] = 0;
        liveBytes -= entries[id].Length;
        entries[id].At = NoPlace;
        free.Push(id);
        if (pages.Count > 2 && liveBytes * 2 < (long)pages.Count * PageBytes) Compact();
    }

    int Find(ReadOnlySpan<byte> text, uint hash, out int slot)
    {
        var mask = slots.Length - 1;
        for (slot = (int)(hash & (uint)mask); slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var id = slots[slot] - 1;
            if (entries[id].Hash == hash && this[id].SequenceEqual(text)) return id;
        }
        return -1;
    }

    int Place(ReadOnlySpan<byte> text)
    {
        if (PageBytes - usedOfPage < text.Length)
        {
            pages.Add(new byte[PageBytes]);
            usedOfPage = 0;
        }
        var at = ((pages.Count - 1) << 16) | usedOfPage;
        text.CopyTo(pages[^1].AsSpan(usedOfPage));
        usedOfPage += text.Length;
        liveBytes += text.Length;
        // an empty string at the very end of a page would seem to begin in the next one
        return usedOfPage == PageBytes && text.IsEmpty ? 0 : at;
    }

    void Grow()
    {
        slots = new int[slots.Length * 2];
        var mask = slots.Length - 1;
        for (var id = 0; id < end; id++)
        {
            if (entries[id].At == NoPlace) continue;
            var slot = (int)(entries[id].Hash & (uint)mask);
            while (slots[slot] != 0) slot = (slot + 1) & mask;
            slots[slot] = id + 1;
        }
    }

    void Compact()
    {
        var old = pages;
        (pages, usedOfPage, liveBytes) = ([], PageBytes, 0);
        for (var id = 0; id < end; id++)
        {
            var at = entries[id].At;
            if (at != NoPlace) entries[id].At = Place(old[at >> 16].AsSpan(at & (PageBytes - 1), entries[id].Length));
        }
    }

    uint Hash(ReadOnlySpan<byte> text)
    {
        const ulong Multiplier = 0x9e3779b97f4a7c15;
        var hash = seed ^ ((ulong)text.Length * Multiplier);
        for (; text.Length >= 8; text = text[8..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text)) * Multiplier;
            hash ^= hash >> 29;
        }
        var tail = 0UL;
        foreach (var b in text) tail = (tail << 8) | b;
        hash = (hash ^ tail) * Multiplier;
        hash = (hash ^ (hash >> 32)) * Multiplier;
        return (uint)BitOperations.RotateLeft(hash, 32);
    }
}
