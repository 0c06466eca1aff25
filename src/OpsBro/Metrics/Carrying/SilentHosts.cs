using System.Collections.Concurrent;

namespace OpsBro.Metrics.Carrying;

/// <summary>
/// Hosts that were asked and stayed silent: for a while they are named at once and not waited for, or every panel of a page would wait for
/// them again.
/// </summary>
internal sealed class SilentHosts
{
    /// <summary>How long one is not asked again.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<(string Zone, string Name), TimeSpan> since = new();

    /// <summary>Hosts that are remembered.</summary>
    public int Count => since.Count;

    /// <summary>It was silent, or it answered.</summary>
    public void Note((string Zone, string Name) host, bool isSilent, TimeSpan now)
    {
        if (isSilent) since[host] = now;
        else since.TryRemove(host, out _);
    }

    /// <summary>True when it was silent a short time ago.</summary>
    public bool IsResting((string Zone, string Name) host, TimeSpan now) => since.TryGetValue(host, out var at) && now - at < Rest;

    /// <summary>Forgets those that may be asked again.</summary>
    public void Forget(TimeSpan now)
    {
        foreach (var (host, at) in since)
            if (now - at >= Rest) since.TryRemove(host, out _);
    }
}
