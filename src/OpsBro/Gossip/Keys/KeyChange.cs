using OpsBro.Core.Gossip;

namespace OpsBro.Gossip.Keys;

/// <summary>How a rotation ended.</summary>
/// <param name="IsDone">True when every member encrypts with the new key.</param>
/// <param name="Text">What happened, and what to do when it is not done; no key is in it.</param>
/// <param name="Before">Fingerprint of the primary key before; empty when nobody could say it.</param>
/// <param name="Removed">Fingerprints of the keys that were taken out.</param>
/// <param name="Round">The last step's answers.</param>
internal sealed record RotationOutcome(bool IsDone, string Text, string Before, IReadOnlyList<string> Removed, KeyRound? Round);

/// <summary>
/// Replaces the primary key of a whole cluster without a break: install everywhere, use everywhere, take the oldest out. Each step is begun
/// only when every member did the one before; otherwise it stops with all members still able to read each other.
/// </summary>
internal sealed class KeyChange(KeyQuestions questions)
{
    IReadOnlyCollection<string> expected = [];

    /// <summary>Keys kept: the primary one and the two before it, for members that missed a step.</summary>
    public const int Kept = 3;

    /// <summary>Does it.</summary>
    /// <param name="next">The new key.</param>
    /// <param name="own">This node's keys, the primary one first.</param>
    /// <param name="force">Members that failed do not stop it.</param>
    /// <exception cref="KeyRefusedException">This node cannot ask the others.</exception>
    public async Task<RotationOutcome> Rotate(byte[] next, IReadOnlyList<byte[]> own, bool force)
    {
        var members = await questions.Members();
        // one that fails half-way must not be passed over: it would come back with the old key
        if (!force) expected = [.. members.Where(m => m.Status == MemberStatus.Alive).Select(m => m.Name)];
        var failed = members.Where(m => m.Status == MemberStatus.Failed).Select(m => m.Name).ToList();
        if (failed.Count > 0 && !force)
        {
            return Stopped($"no key was changed: {KeyRound.Named(failed)} failed, and would not have the new key when coming back; wait for them, "
                + "make them leave (opsbro gossip leave NODE), or rotate --force", "", null);
        }
        var list = await Ask(KeyCommand.List, []);
        if (!list.IsWhole) return Stopped($"no key was changed: {list.Gap}", "", list);
        var old = Settled(list, own[0]);
        var before = GossipKey.Fingerprint(old);
        if (list.PrimaryKeys.Count > 1 && await Settle(old) is { } unsettled) return unsettled;
        var fingerprint = GossipKey.Fingerprint(next);
        var install = await Ask(KeyCommand.Install, next);
        if (!install.IsWhole)
        {
            var undone = await questions.Ask(KeyCommand.Remove, next);
            return Stopped($"the new key {fingerprint} could not be installed everywhere ({install.Gap}); it was taken out again"
                + (undone.IsWhole ? "" : $", but not everywhere ({undone.Gap})") + $", and {before} stays in use", before, install);
        }
        var use = await Ask(KeyCommand.Use, next);
        if (use.Failed.Count > 0) return await GoBack(old, next, use);
        if (use.Missing.Count > 0)
        {
            return Stopped($"{use.Done.Count} members use the new key {fingerprint}; {use.Gap}: they have it and read all others, and still send with "
                + $"{before}; repeat \"opsbro gossip keys use {fingerprint}\" until all answer; no old key was taken out", before, use);
        }
        var removed = await RemoveOldest(list, [next, old, .. own.Where(key => !key.AsSpan().SequenceEqual(old)).Take(Kept - 2)]);
        return new RotationOutcome(true, $"key {before} → {fingerprint} on {use.Done.Count} members", before, removed, use);
    }

    Task<KeyRound> Ask(KeyCommand command, byte[] key) => questions.Ask(command, key, expected: expected);

    /// <summary>The primary key of most members: when an earlier change broke off, they do not agree.</summary>
    static byte[] Settled(KeyRound list, byte[] own)
    {
        if (list.PrimaryKeys.Count <= 1) return own;
        var most = list.PrimaryKeys.OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal).First().Key;
        return GossipKey.TryParse(most) ?? own;
    }

    async Task<RotationOutcome?> Settle(byte[] old)
    {
        foreach (var step in (KeyCommand[])[KeyCommand.Install, KeyCommand.Use])
        {
            var round = await Ask(step, old);
            if (round.IsWhole) continue;
            return Stopped($"members do not agree on the primary key, and {GossipKey.Fingerprint(old)}, which most use, could not be made that of all "
                + $"({round.Gap}); repeat \"opsbro gossip keys rotate\" when they answer", GossipKey.Fingerprint(old), round);
        }
        return null;
    }

    async Task<RotationOutcome> GoBack(byte[] old, byte[] next, KeyRound use)
    {
        var before = GossipKey.Fingerprint(old);
        var back = await questions.Ask(KeyCommand.Use, old);
        if (back.IsWhole) await questions.Ask(KeyCommand.Remove, next);
        return Stopped($"not every member could use the new key ({use.Gap}); "
            + (back.IsWhole ? $"all use {before} again" : $"not all came back to {before} ({back.Gap}): repeat \"opsbro gossip keys use {before}\""),
            before, use);
    }

    async Task<List<string>> RemoveOldest(KeyRound list, List<byte[]> kept)
    {
        var removed = new List<string>();
        foreach (var key in list.Keys.Keys.Order(StringComparer.Ordinal).Select(GossipKey.TryParse).OfType<byte[]>())
        {
            if (kept.Exists(k => k.AsSpan().SequenceEqual(key))) continue;
            // one that stays somewhere opens old packets there, and goes with the next rotation
            var round = await questions.Ask(KeyCommand.Remove, key, tries: 1);
            if (round.Done.Count > 0) removed.Add(GossipKey.Fingerprint(key));
        }
        return removed;
    }

    static RotationOutcome Stopped(string text, string before, KeyRound? round) => new(false, text, before, [], round);
}
