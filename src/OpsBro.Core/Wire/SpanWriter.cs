using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>
/// Bytes that are written, read and written over, in one buffer that grows to what was needed once. Not for several
/// threads at once.
/// </summary>
public sealed class SpanWriter(int capacity = 256) : IBufferWriter<byte>
{
    byte[] buffer = new byte[Math.Max(capacity, 1)];
    int length;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    /// <summary>Starts anew in the same buffer.</summary>
    public void Clear() => length = 0;

    /// <inheritdoc/>
    public void Advance(int count) => length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsMemory(length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsSpan(length);
    }

    void Reserve(int more)
    {
        if (buffer.Length - length < Math.Max(more, 1)) Array.Resize(ref buffer, Math.Max(2 * buffer.Length, length + more));
    }
}
