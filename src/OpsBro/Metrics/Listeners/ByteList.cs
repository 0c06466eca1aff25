namespace OpsBro.Metrics.Listeners;

/// <summary>Bytes that are added one after the other, in a buffer that is used again. What is added has a limit of its own elsewhere.</summary>
internal sealed class ByteList
{
    byte[] bytes = new byte[256];
    int length;

    /// <summary>What was added; valid until more is.</summary>
    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, length);

    /// <summary>Starts anew.</summary>
    public void Clear() => length = 0;

    /// <summary>Goes back to a length it had.</summary>
    public void Cut(int to) => length = to;

    /// <summary>Adds one.</summary>
    public void Add(byte one)
    {
        if (length == bytes.Length) Array.Resize(ref bytes, bytes.Length * 2);
        bytes[length++] = one;
    }

    /// <summary>Adds some.</summary>
    public void Add(ReadOnlySpan<byte> more)
    {
        if (bytes.Length - length < more.Length) Array.Resize(ref bytes, Math.Max(bytes.Length * 2, length + more.Length));
        more.CopyTo(bytes.AsSpan(length));
        length += more.Length;
    }
}
