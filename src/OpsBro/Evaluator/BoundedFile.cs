using System.Text;
using OpsBro.Platform;

namespace OpsBro.Evaluator;

/// <summary>Reads plain files that a rule names, never more than a limit. Pipes and devices are not opened.</summary>
internal static class BoundedFile
{
    /// <summary>Most bytes read of a file; what stands behind is not looked at.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    const int ChunkBytes = 64 * 1024;

    /// <summary>The first <see cref="MaxBytes"/>; null when the file cannot be read.</summary>
    public static byte[]? Bytes(string path)
    {
        var file = RawFile.IsPlain(path) ? RawFile.Open(path) : -1;
        if (file < 0) return null;
        try
        {
            var content = new MemoryStream();
            var chunk = new byte[ChunkBytes];
            while (content.Length < MaxBytes)
            {
                var count = RawFile.Read(file, chunk.AsSpan(0, (int)Math.Min(chunk.Length, MaxBytes - content.Length)));
                if (count < 0) return null;
                if (count == 0) break;
                content.Write(chunk, 0, count);
            }
            return content.ToArray();
        }
        finally
        {
            RawFile.Close(file);
        }
    }

    /// <summary>
    /// The first <see cref="MaxBytes"/> as text; bytes that are not UTF-8 become U+FFFD. Null when the file cannot be read.
    /// </summary>
    public static string? Text(string path) => Bytes(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
}
