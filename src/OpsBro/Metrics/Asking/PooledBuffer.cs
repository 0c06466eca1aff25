using System.Buffers;

namespace OpsBro.Metrics.Asking;

/// <summary>A growing buffer of borrowed memory: an answer of megabytes leaves nothing for the garbage collector.</summary>
internal sealed class PooledBuffer(int capacity) : IBufferWriter<byte>, IDisposable
{
    byte[] bytes = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 256));
    int length;

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => bytes.AsMemory(0, length);

    /// <inheritdoc/>
    public void Advance(int count) => length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return bytes.AsMemory(length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return bytes.AsSpan(length);
    }

    void Grow(int room)
    {
        if (bytes.Length - length >= room) return;
        var more = ArrayPool<byte>.Shared.Rent(Math.Max(checked(length + room), (int)Math.Min(Array.MaxLength, bytes.Length * 2L)));
        bytes.AsSpan(0, length).CopyTo(more);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = more;
    }

    /// <summary>Forgets what was written; the memory stays.</summary>
    public void Clear() => length = 0;

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        var mine = Interlocked.Exchange(ref bytes, []);
        length = 0;
        if (mine.Length > 0) ArrayPool<byte>.Shared.Return(mine);
    }
}
