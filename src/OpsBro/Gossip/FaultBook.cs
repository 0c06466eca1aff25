using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>
/// Who sends us what we cannot take: a wrong key, no key, another label. From it an operator learns that this node, or the other one, has
/// the wrong key. Bounded; an address that was silent for <see cref="Memory"/> is forgotten.
/// </summary>
internal sealed class FaultBook
{
    /// <summary>Addresses remembered; the longest silent one makes room.</summary>
    public const int MaxSources = 64;

    /// <summary>Sources named in problems.</summary>
    public const int MaxShown = 3;

    /// <summary>How long a fault is shown after the last time: whoever is shut out tries again every 10 s.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(3);

    /// <summary>A single one may be a scanner, or the last packet of a rotation.</summary>
    public const int LeastShown = 3;

    readonly Lock gate = new();
    readonly Dictionary<string, Entry> entries = [];

    /// <summary>Writes one down.</summary>
    public void Add(GossipFault fault)
    {
        if (KindOf(fault) is not { } kind) return;
        var source = fault.From.ToIPAddress().ToString();
        lock (gate)
        {
            if (entries.TryGetValue(source, out var known) && known.Kind == kind)
            {
                (known.Count, known.Last) = (known.Count + 1, fault.At);
                return;
            }
            if (entries.Count >= MaxSources && !entries.ContainsKey(source)) entries.Remove(entries.MinBy(e => e.Value.Last).Key);
            entries[source] = new Entry(kind) { Count = 1, Last = fault.At };
        }
    }

    /// <summary>
    /// Our keys are others, or somebody became a member: what was wrong may be mended, and comes back within seconds when it is not. A stream's
    /// source is not always the address that the member is known by, so all of it is forgotten.
    /// </summary>
    public void BeginAgain()
    {
        lock (gate) entries.Clear();
    }

    /// <summary>What the operator should know, one line for each kind.</summary>
    /// <param name="now">On the engine's clock.</param>
    /// <param name="isEncrypted">This node has keys.</param>
    /// <param name="key">Fingerprint of its primary key.</param>
    /// <param name="zone">The pool's zone.</param>
    public IEnumerable<string> Problems(TimeSpan now, bool isEncrypted, string key, string zone)
    {
        List<(string Source, Kind Kind, long Count)> all;
        lock (gate)
        {
            foreach (var old in entries.Where(e => now - e.Value.Last > Memory).ToList()) entries.Remove(old.Key);
            all = [.. entries.Where(e => e.Value.Count >= LeastShown).Select(e => (e.Key, e.Value.Kind, e.Value.Count))];
        }
        foreach (var kind in all.GroupBy(e => e.Kind).OrderBy(g => g.Key))
        {
            var shown = kind.OrderByDescending(e => e.Count).Take(MaxShown).Select(e => $"{e.Count} from {e.Source}");
            var who = string.Join(", ", shown) + (kind.Count() > MaxShown ? $" and {kind.Count() - MaxShown} more addresses" : "");
            yield return kind.Key switch
            {
                Kind.WrongKey when isEncrypted => $"gossip packets do not open with any of our keys ({who}): they or this node (primary key {key}) "
                    + "have the wrong one; print the right one on a member (opsbro gossip keys list --show), and on the node that lacks it run "
                    + "\"opsbro gossip keys use --local -\"",
                Kind.NotEncrypted => $"gossip comes in without encryption, which this node requires ({who}): give those nodes the key, or this "
                    + "one none",
                Kind.NoKeys => $"gossip comes in encrypted, and this node has no key ({who}): print it on a member (opsbro gossip keys list --show), "
                    + $"and here run \"opsbro gossip zone key import {zone} KEYFILE\", or set gossip.encrypt",
                Kind.Label => $"gossip comes in with another label ({who}): set gossip.label to the same on all nodes",
                _ => $"gossip packets cannot be read ({who}): those nodes perhaps encrypt, and this one has no key; or they speak something else",
            };
        }
    }

    static Kind? KindOf(GossipFault fault) => fault switch
    {
        { Packet: PacketFault.NoKey } or { Stream: StreamFault.WrongKey } => Kind.WrongKey,
        { Stream: StreamFault.NotEncrypted } => Kind.NotEncrypted,
        { Stream: StreamFault.NoKeys } => Kind.NoKeys,
        { Packet: PacketFault.Label } or { Stream: StreamFault.Label } => Kind.Label,
        { Packet: PacketFault.Malformed } or { Stream: StreamFault.Malformed } => Kind.Nonsense,
        _ => null,
    };

    enum Kind
    {
        WrongKey,
        NotEncrypted,
        NoKeys,
        Label,
        Nonsense,
    }

    sealed class Entry(Kind kind)
    {
        public Kind Kind => kind;

        public long Count { get; set; }

        public TimeSpan Last { get; set; }
    }
}
