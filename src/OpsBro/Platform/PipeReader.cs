using System.Runtime.InteropServices;
using static OpsBro.Platform.LibcSpawn;

namespace OpsBro.Platform;

/// <summary>One pipe being read: keeps what fits, counts the rest.</summary>
internal unsafe ref struct PipeReader(int descriptor, int limit)
{
    /// <summary>Bytes taken from the kernel at once: what a pipe holds.</summary>
    const int Chunk = 64 * 1024;

    /// <summary>Made once a thread, not once a program.</summary>
    [ThreadStatic]
    static byte[]? scratch;

    byte[] kept = [];
    int length;

    /// <summary>What poll(2) watches; -1 once it is closed.</summary>
    public int Descriptor { get; set; } = descriptor;

    /// <summary>True when every writer has closed it, and when there is none.</summary>
    public readonly bool IsClosed => Descriptor < 0;

    /// <summary>Bytes beyond the limit.</summary>
    public long Dropped { get; set; }

    /// <summary>Reads what is there; called when poll(2) says that a read does not block.</summary>
    public void Read()
    {
        nint got;
        scratch ??= new byte[Chunk];
        fixed (byte* buffer = scratch) got = read(Descriptor, buffer, Chunk);
        if (got < 0 && Marshal.GetLastPInvokeError() == Interrupted) return;
        if (got <= 0)
        {
            Descriptor = -1;
            return;
        }
        var take = (int)Math.Min(got, limit - length);
        Dropped += got - take;
        if (take == 0) return;
        if (length + take > kept.Length)
            Array.Resize(ref kept, Math.Min(limit, Math.Max(length + take, length == 0 ? take : kept.Length * 2)));
        scratch.AsSpan(0, take).CopyTo(kept.AsSpan(length));
        length += take;
    }

    /// <summary>What was kept.</summary>
    public readonly byte[] Kept() => length == kept.Length ? kept : kept.AsSpan(0, length).ToArray();
}
