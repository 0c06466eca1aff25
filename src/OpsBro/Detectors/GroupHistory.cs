using OpsBro.Storage;

namespace OpsBro.Detectors;

/// <summary>
/// Writes group changes to the history (kind <c>group</c>, <c>add</c> or <c>remove</c>). A restart is no change: groups that the agent
/// had when it stopped, and finds again in its first round, are not written a second time.
/// </summary>
internal sealed class GroupHistory(HistoryLog log)
{
    /// <summary>The kind of the entries.</summary>
    public const string Kind = "group";

    /// <summary>The state of a group that the agent has.</summary>
    public const string Added = "add";

    /// <summary>The state of a group that the agent has lost.</summary>
    public const string Removed = "remove";

    HashSet<string>? before;

    /// <summary>Learns which groups the agent had when it stopped; writes those of <paramref name="own"/> that are new.</summary>
    public void Start(IEnumerable<GroupView> own)
    {
        var newest = log.Read(Kind, null, HistoryLog.MaxRead, null).DistinctBy(e => e.Name);
        before = [.. newest.Where(e => e.To == Added).Select(e => e.Name)];
        foreach (var group in own) Add(new GroupChanged(group.Name, true, group.Since, Groups.Giver(group)));
    }

    /// <summary>Writes one change.</summary>
    public void Add(GroupChanged change)
    {
        if (change.IsPresent && before?.Remove(change.Group) == true) return;
        Write(change.At, change.Group, change.IsPresent, change.By);
    }

    /// <summary>The first round is over: groups of the last time that were not found again are gone.</summary>
    public void FirstRoundDone(DateTimeOffset now)
    {
        foreach (var gone in before ?? []) Write(now, gone, false, "not found again after a restart");
        before = null;
    }

    /// <summary>The newest changes, newest first.</summary>
    public IReadOnlyList<HistoryEntry> Read(string? group, int limit, DateTimeOffset? since) => log.Read(Kind, group, limit, since);

    void Write(DateTimeOffset at, string group, bool isPresent, string by) => log.Add(new HistoryEntry(
        at, Kind, group, isPresent ? Removed : Added, isPresent ? Added : Removed, by));
}
