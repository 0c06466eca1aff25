using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>
/// The newest slots of one series in memory, two bytes a slot or so. A point in the newest slot or after it costs next to nothing; one
/// for an older slot rewrites the bytes. One thread at a time.
/// </summary>
/// <param name="step">Seconds of a slot.</param>
public sealed class HeadChunk(int step)
{
    /// <summary>Most slots from the first to the newest.</summary>
    public const int MaxSlots = 4096;

    /// <summary>The bytes grow by so many: half of twenty minutes' slots would stay empty if they doubled.</summary>
    const int Growth = 40;

    /// <summary>Most bytes of one slot: gap, mark and count, four numbers each with a scale.</summary>
    const int MaxSlotBytes = (2 * Varint.MaxBytes) + 2 + Varint.MaxBytes + (4 * (Varint.MaxBytes + 3));

    byte[] bytes = [];
    int used, newest, written = -1;
    long first;
    HeadScale scale = HeadScale.New;
    Bucket open;

    /// <summary>Seconds of a slot.</summary>
    public int Step => step;

    /// <summary>True when no slot has a point.</summary>
    public bool IsEmpty => open.IsEmpty;

    /// <summary>Time of the first slot; that of the next point's when it is empty.</summary>
    public long Start => first * step;

    /// <summary>Time after the newest slot; the start when it is empty.</summary>
    public long End => IsEmpty ? Start : (first + newest + 1) * step;

    /// <summary>Slots from the first to the newest, empty ones included.</summary>
    public int Length => IsEmpty ? 0 : newest + 1;

    /// <summary>Bytes that it takes on the heap, about.</summary>
    public int MemoryBytes => 136 + (bytes.Length == 0 ? 0 : 24 + bytes.Length);

    /// <summary>Takes a point into its slot; the newest of a slot is the one that comes last.</summary>
    /// <param name="at">Unix seconds.</param>
    /// <param name="value">Finite.</param>
    /// <param name="scratch">Used when the slot is not the newest.</param>
    /// <returns>False when the run from the first to the newest slot would become longer than <see cref="MaxSlots"/>.</returns>
    public bool Add(long at, double value, SlotBlock scratch)
    {
        var slot = Rollup.Align(at, step) / step;
        if (IsEmpty)
        {
            (first, newest) = (slot, 0);
            open = Bucket.Of(value);
            return true;
        }
        var offset = slot - first;
        if (offset >= MaxSlots || offset < newest - (long)MaxSlots + 1) return false;
        if (offset == newest) open.Add(value);
        else if (offset > newest)
        {
            Append(newest, open);
            newest = (int)offset;
            open = Bucket.Of(value);
        }
        else Insert(slot, Bucket.Of(value), scratch);
        return true;
    }

    /// <summary>The newest point; NaN when there is none.</summary>
    public double Newest => open.Take(Aspect.Last);

    /// <summary>Makes a block of all slots.</summary>
    public void CopyTo(SlotBlock into)
    {
        into.Reset(Start, step, Length);
        if (IsEmpty) return;
        var reader = new HeadReader(bytes.AsSpan(0, used));
        while (reader.Next()) into[reader.Slot] = reader.Bucket;
        into[newest] = open;
    }

    /// <summary>Writes one aspect of the slots with points into a row of values of the same step; the others stay as they are.</summary>
    /// <param name="aspect">What to take.</param>
    /// <param name="start">Time of the row's first value, a multiple of the step.</param>
    /// <param name="into">The row.</param>
    public void Fill(Aspect aspect, long start, Span<double> into)
    {
        if (IsEmpty) return;
        var shift = first - (start / step);
        if (shift >= into.Length || shift + newest < 0) return;
        if (shift + newest < into.Length) into[(int)(shift + newest)] = open.Take(aspect);
        var reader = new HeadReader(bytes.AsSpan(0, used));
        while (reader.Next())
        {
            var at = shift + reader.Slot;
            if (at >= into.Length) return;
            if (at >= 0) into[(int)at] = reader.Bucket.Take(aspect);
        }
    }

    /// <summary>Forgets the slots that begin before a time.</summary>
    public void DropBefore(long time, SlotBlock scratch)
    {
        if (IsEmpty || time <= Start) return;
        if (time > End - step)
        {
            Clear();
            return;
        }
        CopyTo(scratch);
        var skip = (int)((Rollup.Align(time + step - 1, step) / step) - first);
        Rewrite(scratch, skip);
    }

    /// <summary>Forgets everything, and gives the memory back.</summary>
    public void Clear()
    {
        (bytes, used, newest, written, scale, open) = ([], 0, 0, -1, HeadScale.New, default);
    }

    void Insert(long slot, in Bucket bucket, SlotBlock scratch)
    {
        if (slot >= first) CopyTo(scratch);
        else
        {
            var (before, length) = (first - slot, Length);
            scratch.Reset(slot * step, step, length + (int)before);
            var reader = new HeadReader(bytes.AsSpan(0, used));
            while (reader.Next()) scratch[reader.Slot + (int)before] = reader.Bucket;
            scratch[scratch.Length - 1] = open;
        }
        scratch.Merge((int)(slot - (scratch.Start / step)), bucket);
        Rewrite(scratch, 0);
    }

    /// <summary>Takes over the slots of a block from <paramref name="skip"/> on, the last of which has points.</summary>
    void Rewrite(SlotBlock block, int skip)
    {
        while (block[skip].IsEmpty) skip++;
        (used, written, scale) = (0, -1, HeadScale.New);
        (first, newest) = ((block.Start / step) + skip, block.Length - 1 - skip);
        for (var i = skip; i < block.Length - 1; i++)
        {
            if (block.Counts[i] > 0) Append(i - skip, block[i]);
        }
        open = block[block.Length - 1];
    }

    void Append(int slot, in Bucket bucket)
    {
        Span<byte> entry = stackalloc byte[MaxSlotBytes];
        var length = 0;
        if (slot > written + 1)
        {
            entry[length++] = HeadReader.Gap;
            length += Varint.Write(entry[length..], (ulong)(slot - written - 1));
        }
        written = slot;
        var bits = BitConverter.DoubleToInt64Bits(bucket.Last);
        var isSingle = bucket.Count == 1 && bits == BitConverter.DoubleToInt64Bits(bucket.Sum)
            && bits == BitConverter.DoubleToInt64Bits(bucket.Min) && bits == BitConverter.DoubleToInt64Bits(bucket.Max);
        if (isSingle) length += Write(entry[length..], bucket.Last);
        else
        {
            entry[length++] = HeadReader.Several;
            length += Varint.Write(entry[length..], (ulong)bucket.Count);
            length += Write(entry[length..], bucket.Last);
            length += Write(entry[length..], bucket.Min);
            length += Write(entry[length..], bucket.Max);
            length += Write(entry[length..], bucket.Sum);
        }
        if (bytes.Length - used < length) Array.Resize(ref bytes, used + Math.Max(Growth, length));
        entry[..length].CopyTo(bytes.AsSpan(used));
        used += length;
    }

    int Write(Span<byte> into, double value)
    {
        var at = 0;
        if (!scale.TryNumber(value, out var number) && scale.TryWiden(value, out var wider) && wider.TryNumber(value, out number))
        {
            into[at++] = HeadReader.Scale;
            into[at++] = wider.Exponent;
            into[at++] = wider.Shift;
            (scale.Number, scale.Exponent, scale.Shift) = (wider.Number, wider.Exponent, wider.Shift);
        }
        if (scale.TryNumber(value, out number))
        {
            at += Varint.Write(into[at..], Varint.Fold(number - scale.Number) + HeadReader.FirstDifference);
            (scale.Number, scale.Bits) = (number, BitConverter.DoubleToInt64Bits(value));
            return at;
        }
        var bits = BitConverter.DoubleToInt64Bits(value);
        var low = (ulong)(bits ^ scale.Bits);
        var count = (64 - BitOperations.LeadingZeroCount(low) + 7) / 8;
        into[at++] = (byte)(HeadReader.Raw + count);
        for (var i = 0; i < count; i++) into[at++] = (byte)(low >> (8 * i));
        scale.Bits = bits;
        return at;
    }
}
