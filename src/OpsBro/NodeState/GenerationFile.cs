using System.Globalization;
using System.Text;
using OpsBro.Core.NodeState;
using OpsBro.Gossip;

namespace OpsBro.NodeState;

/// <summary>
/// Keeps the generation of this node's map going up over restarts, whatever happens to the clock: a start takes the seconds since 1970, or
/// one more than the file says when that is more. Otherwise the others would believe its past.
/// </summary>
internal sealed class GenerationFile(string path)
{
    ulong used;

    /// <summary>Why the file could not be used; empty when all is well.</summary>
    public string Problem => unwritten.Length > 0 ? unwritten : unread;

    volatile string unread = "", unwritten = "";

    /// <summary>A generation that was never used.</summary>
    public ulong Next(DateTimeOffset now)
    {
        used = Math.Max(used, ReadStored());
        var next = Math.Max(used + 1, (ulong)Math.Max(now.ToUnixTimeSeconds(), 1));
        Use(next);
        return next;
    }

    /// <summary>A generation is used: makes sure that a restart takes a higher one.</summary>
    public void Use(ulong generation)
    {
        if (generation <= used) return;
        used = generation;
        try
        {
            StateFile.Replace(path, string.Create(CultureInfo.InvariantCulture, $"{generation}\n"));
            unwritten = "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            unwritten = $"{path} cannot be written ({e.Message}); free some space or mend the rights, or the others may believe this node's past";
        }
    }

    ulong ReadStored()
    {
        try
        {
            if (StateFile.Read(path) is not { } bytes) return 0;
            var text = Encoding.UTF8.GetString(bytes, 0, Math.Min(bytes.Length, 32)).Trim();
            if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var stored) && stored < NodeStateLimits.NewGeneration)
                return stored;
            unread = $"{path} holds no generation; it was put aside as {StateFile.Quarantine(path)}, and the clock was used";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            unread = $"{path} cannot be read ({e.Message}); the clock was used";
        }
        return 0;
    }
}
