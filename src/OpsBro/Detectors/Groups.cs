namespace OpsBro.Detectors;

/// <summary>Who gave a group.</summary>
internal enum GroupSource
{
    /// <summary>The operator: <c>groups:</c> in agent.yml. No rule removes it.</summary>
    Static,
    /// <summary>The agent itself: <c>zone::NAME</c>.</summary>
    BuiltIn,
    /// <summary>A detector whose rule is true.</summary>
    Detector,
}

/// <summary>A value that a rule read when it became true.</summary>
/// <param name="Reference">As written in the rule, for instance <c>collector.system.os.name</c>.</param>
/// <param name="Value">Its value as Python's repr.</param>
internal sealed record GroupFact(string Reference, string Value);

/// <summary>One reason why the agent has a group; a group may have several.</summary>
/// <param name="Source">Who gave it.</param>
/// <param name="Detector">Name of the detector; empty for the other sources.</param>
/// <param name="DetectorId">Id of the detector; empty for the other sources.</param>
/// <param name="Rule">The rule's text, for instance <c>is_dir('/proc/vz')</c>; empty for the other sources.</param>
/// <param name="Place"><c>file:line</c> of what gave the group.</param>
/// <param name="Facts">The values that the rule read.</param>
internal sealed record GroupReason(
    GroupSource Source, string Detector, string DetectorId, string Rule, string Place, IReadOnlyList<GroupFact> Facts);

/// <summary>One group that the agent has.</summary>
/// <param name="Name">For instance <c>linux</c> or <c>zone::internet</c>.</param>
/// <param name="Since">When this agent process got it, UTC.</param>
/// <param name="Reasons">Why, at least one; the operator's own first.</param>
internal sealed record GroupView(string Name, DateTimeOffset Since, IReadOnlyList<GroupReason> Reasons);

/// <summary>A group came or went.</summary>
/// <param name="Group">Its name.</param>
/// <param name="IsPresent">True when it came.</param>
/// <param name="At">When, UTC.</param>
/// <param name="By">The detector, <c>agent.yml</c>, or <c>opsbro</c> for a built-in one.</param>
internal sealed record GroupChanged(string Group, bool IsPresent, DateTimeOffset At, string By);

/// <summary>
/// The groups of this agent as one published picture: any thread may ask, the detector loop alone publishes.
/// Each change is told on <see cref="Changes"/>.
/// </summary>
internal sealed class Groups(Feed<GroupChanged> changes)
{
    volatile Picture picture = new([], []);

    /// <summary>Where others learn of a change.</summary>
    public Feed<GroupChanged> Changes => changes;

    /// <summary>Groups came or went. Called on the detector loop's thread: a listener wakes its own loop and returns.</summary>
    public event Action? Published;

    /// <summary>Every group, sorted by name.</summary>
    public IReadOnlyList<GroupView> Current => picture.Sorted;

    /// <summary>True when the agent has the group. <c>*</c> is the group of every agent.</summary>
    public bool Has(string group) => group == "*" || picture.ByName.ContainsKey(group);

    /// <summary>True when the agent has the group by the operator's word or its own, whatever the rules say.</summary>
    public bool HasStatic(string group) =>
        picture.ByName.TryGetValue(group, out var view) && view.Reasons.Any(r => r.Source != GroupSource.Detector);

    /// <summary>Makes <paramref name="given"/> the groups of the agent and tells what came and went.</summary>
    /// <param name="given">Name and reason; a name may come several times.</param>
    /// <param name="now">UTC; becomes <see cref="GroupView.Since"/> of new groups.</param>
    /// <returns>What came and went.</returns>
    public IReadOnlyList<GroupChanged> Publish(IEnumerable<(string Group, GroupReason Reason)> given, DateTimeOffset now)
    {
        var before = picture;
        var next = new Dictionary<string, GroupView>(StringComparer.Ordinal);
        foreach (var sameName in given.GroupBy(g => g.Group, StringComparer.Ordinal))
        {
            var since = before.ByName.TryGetValue(sameName.Key, out var known) ? known.Since : now;
            next[sameName.Key] = new GroupView(sameName.Key, since, [.. sameName.Select(g => g.Reason).OrderBy(r => r.Source)]);
        }
        picture = new Picture([.. next.Values.OrderBy(v => v.Name, StringComparer.Ordinal)], next);

        List<GroupChanged> changed =
        [
            .. before.Sorted.Where(v => !next.ContainsKey(v.Name)).Select(v => new GroupChanged(v.Name, false, now, Giver(v))),
            .. picture.Sorted.Where(v => !before.ByName.ContainsKey(v.Name)).Select(v => new GroupChanged(v.Name, true, now, Giver(v))),
        ];
        foreach (var change in changed) changes.Publish(change);
        if (changed.Count > 0) Published?.Invoke();
        return changed;
    }

    /// <summary>Who gave a group, in a word.</summary>
    public static string Giver(GroupView view) => view.Reasons[0].Source switch
    {
        GroupSource.Static => "agent.yml",
        GroupSource.BuiltIn => "opsbro",
        _ => view.Reasons[0].Detector,
    };

    /// <summary>The same groups twice: sorted for people, by name for <see cref="Has"/>.</summary>
    sealed record Picture(IReadOnlyList<GroupView> Sorted, Dictionary<string, GroupView> ByName);
}
