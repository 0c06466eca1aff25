namespace OpsBro.Gossip;

/// <summary>The operator's tags: those of agent.yml, and what was changed since without writing it there.</summary>
internal sealed partial class Cluster
{
    /// <summary>Changes since the start, by name; null for one that is taken away. As bounded as the tags, for more is refused.</summary>
    readonly Dictionary<string, string?> tagChanges = new(StringComparer.Ordinal);

    /// <summary>Changes the operator's tags until the agent's next start; null, or why not.</summary>
    /// <param name="set">New or other ones.</param>
    /// <param name="removed">Those that go; one that is not there is no fault.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<string?> ChangeTags(
        IReadOnlyList<KeyValuePair<string, string>> set, IReadOnlyList<string> removed, CancellationToken cancel)
    {
        if (set.Select(tag => tag.Key).Concat(removed).FirstOrDefault(name => OwnTags.Reserved.Contains(name)) is { } reserved)
            return $"the agent sets the tag \"{reserved}\" itself; choose another name";
        await turn.WaitAsync(cancel);
        try
        {
            var current = options;
            var next = new Dictionary<string, string?>(tagChanges, StringComparer.Ordinal);
            foreach (var name in removed)
            {
                if (current.Tags.Any(tag => tag.Key == name)) next[name] = null;
                else next.Remove(name);
            }
            foreach (var (name, value) in set) next[name] = value;
            var size = OwnTags.Size(Changed(current.Tags, next));
            if (size > GossipOptions.MaxTags - OwnTags.Room)
                return $"the tags would take {size} bytes; {GossipOptions.MaxTags - OwnTags.Room} is the most";
            tagChanges.Clear();
            foreach (var (name, value) in next) tagChanges[name] = value;
            if (own is { } mine) await mine.Apply(current, current.Port, isOwn: true, Tags(current));
            if (parent is { } above) await above.Apply(current, current.ParentPort, isOwn: false, Tags(current));
            return own?.Problem is { Length: > 0 } problem ? problem : null;
        }
        finally
        {
            turn.Release();
        }
    }

    static List<KeyValuePair<string, string>> Changed(IReadOnlyList<KeyValuePair<string, string>> tags, Dictionary<string, string?> changes) =>
    [
        .. tags.Where(tag => !changes.TryGetValue(tag.Key, out var value) || value is not null)
            .Select(tag => KeyValuePair.Create(tag.Key, changes.GetValueOrDefault(tag.Key) ?? tag.Value)),
        .. changes.Where(c => c.Value is not null && tags.All(tag => tag.Key != c.Key))
            .OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => KeyValuePair.Create(c.Key, c.Value!)),
    ];

    IReadOnlyList<KeyValuePair<string, string>> Tags(GossipOptions next) => OwnTags.Of(next with { Tags = Changed(next.Tags, tagChanges) }, parts.Uuid,
        groups.Current.OrderByDescending(g => groups.HasStatic(g.Name)).Select(g => g.Name));
}
