using System.Globalization;
using System.Text;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip;

/// <summary>
/// Keeps a node's incarnation going up over restarts, whatever happens to the file or to the clock: a start takes the most of what the
/// file says, and of the seconds since 2020. The file holds a number that is not used yet, so that it is written rarely. The pools of a
/// proxy node share it: safe from any thread.
/// </summary>
internal sealed class IncarnationFile(string path)
{
    /// <summary>Incarnations that one write of the file is good for.</summary>
    public const uint Step = 64;

    /// <summary>A file that says more is not believed: it would leave no room above.</summary>
    public const uint Most = GossipLimits.MaxNewIncarnation;

    static readonly DateTimeOffset epoch = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly Lock gate = new();
    uint reserved;
    volatile string unread = "", unwritten = "";

    /// <summary>Why the file could not be used; empty when all is well.</summary>
    public string Problem => unwritten.Length > 0 ? unwritten : unread;

    /// <summary>The first incarnation of this start; it is reserved on disk.</summary>
    public uint Start(DateTimeOffset now)
    {
        lock (gate)
        {
            var stored = ReadStored();
            var seconds = (uint)Math.Clamp((now - epoch).TotalSeconds, 0, GossipLimits.MaxIncarnation);
            var first = Math.Max(stored + 1, seconds);
            Reserve(first);
            return first;
        }
    }

    /// <summary>An incarnation is used: makes sure that a restart takes a higher one, half a step ahead. May wait for the disk.</summary>
    public void Use(uint incarnation)
    {
        lock (gate)
        {
            if (incarnation >= reserved - Step / 2) Reserve(incarnation);
        }
    }

    /// <summary>True when <see cref="Use"/> has something to write.</summary>
    public bool MustUse(uint incarnation) => incarnation >= Volatile.Read(ref reserved) - Step / 2;

    uint ReadStored()
    {
        try
        {
            if (StateFile.Read(path) is not { } bytes) return 0;
            var text = Encoding.UTF8.GetString(bytes, 0, Math.Min(bytes.Length, 32)).Trim();
            if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var stored) && stored <= Most) return stored;
            unread = $"{path} holds no incarnation; it was put aside as {StateFile.Quarantine(path)}, and the clock was used";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            unread = $"{path} cannot be read ({e.Message}); the clock was used";
        }
        return 0;
    }

    void Reserve(uint from)
    {
        reserved = from < uint.MaxValue - Step ? from + Step : from;
        try
        {
            StateFile.Replace(path, string.Create(CultureInfo.InvariantCulture, $"{reserved}\n"));
            unwritten = "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            unwritten = $"{path} cannot be written ({e.Message}); free some space or mend the rights, or a restart may be overlooked by the others";
        }
    }
}
