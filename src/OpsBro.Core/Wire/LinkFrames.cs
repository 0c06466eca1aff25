using System.Buffers;
using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>What stands next in the bytes of a link.</summary>
public enum LinkProgress
{
    /// <summary>No whole frame yet.</summary>
    NeedsMore,

    /// <summary>A frame.</summary>
    Frame,

    /// <summary>A frame that is longer than any may be.</summary>
    Malformed,

    /// <summary>A frame that is not the next one of this link, or was changed.</summary>
    Forged,
}

/// <summary>
/// The messages in a frame of a link, one after the other.
/// <code>
/// plaintext = *( length:u32 kind:u8 body )        length: of the body
/// </code>
/// </summary>
public static class LinkMessages
{
    /// <summary>Longest body of a message, in bytes.</summary>
    public const int MaxBody = 2 * 1024 * 1024;

    /// <summary>Bytes before a body.</summary>
    public const int HeaderSize = sizeof(uint) + 1;

    /// <summary>Small messages are gathered into frames of so many bytes; a larger one is a frame alone.</summary>
    public const int Gathered = 64 * 1024 - LinkCipher.HeaderSize - Envelope.TagSize;

    /// <summary>Longest plaintext of a frame.</summary>
    public const int MaxFrame = HeaderSize + MaxBody;

    /// <summary>Writes a message and says how many bytes it took.</summary>
    public static int Write(Span<byte> to, byte kind, ReadOnlySpan<byte> body)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)body.Length);
        to[sizeof(uint)] = kind;
        body.CopyTo(to[HeaderSize..]);
        return HeaderSize + body.Length;
    }

    /// <summary>Reads the message at a place and moves the place behind it; false when it is cut.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> frame, ref int at, out byte kind, out ReadOnlyMemory<byte> body)
    {
        (kind, body) = (0, default);
        var rest = frame.Span[at..];
        if (rest.Length < HeaderSize) return false;
        var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
        if (length > rest.Length - HeaderSize) return false;
        (kind, body) = (rest[sizeof(uint)], frame.Slice(at + HeaderSize, (int)length));
        at += HeaderSize + (int)length;
        return true;
    }
}

/// <summary>
/// Finds the frames in the bytes of a link as they come in, and opens them. Memory: one pooled buffer, which grows for a frame that announces
/// more, and is given back after it. Not for several threads at once.
/// </summary>
/// <param name="cipher">Of the link.</param>
public sealed class LinkReader(LinkCipher cipher) : IDisposable
{
    const int Usual = 64 * 1024;

    byte[] buffer = ArrayPool<byte>.Shared.Rent(Usual);
    int start, end;

    /// <summary>Where the next bytes go: never empty.</summary>
    public Memory<byte> Room()
    {
        if (start == end) (start, end) = (0, 0);
        var needed = Math.Max(Usual, end - start < LinkCipher.HeaderSize ? 0 : WholeLength());
        if (needed > buffer.Length || (buffer.Length > 4 * Usual && needed == Usual && start == end)) Move(ArrayPool<byte>.Shared.Rent(needed));
        else if (start > 0 && buffer.Length - start < needed) Move(buffer);
        return buffer.AsMemory(end);
    }

    /// <summary>So many bytes came into <see cref="Room"/>.</summary>
    public void Received(int count) => end += count;

    /// <summary>The next frame, when it is whole; its plaintext is the caller's to keep.</summary>
    public LinkProgress Next(out byte[] plain)
    {
        plain = [];
        if (end - start < LinkCipher.HeaderSize) return LinkProgress.NeedsMore;
        var length = BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(start));
        if (length > LinkMessages.MaxFrame) return LinkProgress.Malformed;
        var whole = WholeLength();
        if (end - start < whole) return LinkProgress.NeedsMore;
        plain = GC.AllocateUninitializedArray<byte>((int)length);
        if (!cipher.TryOpen(buffer.AsSpan(start, whole), plain)) return LinkProgress.Forged;
        start += whole;
        return LinkProgress.Frame;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    int WholeLength() =>
        LinkCipher.HeaderSize + (int)Math.Min(LinkMessages.MaxFrame, BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(start))) + cipher.TagSize;

    void Move(byte[] to)
    {
        buffer.AsSpan(start, end - start).CopyTo(to);
        (start, end) = (0, end - start);
        if (ReferenceEquals(to, buffer)) return;
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = to;
    }
}
