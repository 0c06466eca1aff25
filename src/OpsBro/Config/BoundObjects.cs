namespace OpsBro.Config;

/// <summary>
/// The objects of one kind as a slice runs them, kept up to date by difference: what did not change stays the same instance, with its
/// schedule and state; what no longer binds keeps its old version. Used by one loop, on its thread.
/// </summary>
/// <param name="kind">For instance <c>check</c>.</param>
/// <param name="bind">Makes the slice's object, or null after adding problems.</param>
internal sealed class BoundObjects<T>(string kind, Func<ConfigObject, List<Problem>, T?> bind) where T : class
{
    readonly Dictionary<string, Bound> bound = [];
    List<Bound> inOrder = [];

    /// <summary>One object: what the files say, and what the slice made of it.</summary>
    /// <param name="Object">As it was when it was bound.</param>
    /// <param name="Target">The slice's object.</param>
    internal sealed record Bound(ConfigObject Object, T Target);

    /// <summary>What a new configuration changed.</summary>
    /// <param name="Added">New objects.</param>
    /// <param name="Changed">The old and the new version.</param>
    /// <param name="Removed">Objects that are gone.</param>
    /// <param name="Problems">All problems of the kind's objects: for <see cref="ConfigStore.Report"/>.</param>
    internal sealed record Changes(
        IReadOnlyList<Bound> Added, IReadOnlyList<(Bound Old, Bound New)> Changed, IReadOnlyList<Bound> Removed,
        IReadOnlyList<Problem> Problems);

    /// <summary>The objects, in the order of the configuration.</summary>
    public IReadOnlyList<Bound> Current => inOrder;

    /// <summary>Takes over a configuration.</summary>
    public Changes Take(Configuration next)
    {
        var (added, changed, removed) = (new List<Bound>(), new List<(Bound, Bound)>(), new List<Bound>());
        var problems = new List<Problem>();
        var order = new List<Bound>();
        foreach (var one in next.Of(kind))
        {
            bound.TryGetValue(one.Id, out var old);
            // an object that says the same is bound again all the same when it never could be: its problem must stay visible
            var now = old is not null && old.Object.SaysTheSameAs(one) ? old : Bind(one, problems);
            if ((now ?? old) is not { } kept) continue;
            order.Add(kept);
            if (now is null || now == old) continue;
            bound[one.Id] = now;
            if (old is null) added.Add(now);
            else changed.Add((old, now));
        }
        var ids = next.Of(kind).Select(o => o.Id).ToHashSet();
        foreach (var id in bound.Keys.Where(id => !ids.Contains(id)).ToList())
        {
            removed.Add(bound[id]);
            bound.Remove(id);
        }
        inOrder = order;
        return new Changes(added, changed, removed, problems);
    }

    Bound? Bind(ConfigObject one, List<Problem> problems) => bind(one, problems) is { } target ? new Bound(one, target) : null;
}
