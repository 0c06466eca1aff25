namespace OpsBro.Core.KeyValue;

/// <summary>What the store of one agent holds and has done since its start.</summary>
public sealed record KeyValueStatistics
{
    /// <summary>Keys with a value.</summary>
    public required int Keys { get; init; }

    /// <summary>Bytes of keys and values, and <see cref="KeyValueLimits.Overhead"/> for each.</summary>
    public required long Bytes { get; init; }

    /// <summary>Most bytes that are kept.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>Removals and expired keys that are kept until all members have them.</summary>
    public required int Removals { get; init; }

    /// <summary>Keys with versions that lost against a concurrent one.</summary>
    public required int Conflicts { get; init; }

    /// <summary>Partitions that this node owns.</summary>
    public required int Owned { get; init; }

    /// <summary>Partitions of which it has a live copy.</summary>
    public required int Copied { get; init; }

    /// <summary>Partitions that it holds for others.</summary>
    public required int HeldForOthers { get; init; }

    /// <summary>Members that are known.</summary>
    public required int MembersKnown { get; init; }

    /// <summary>Members that live.</summary>
    public required int MembersAlive { get; init; }

    /// <summary>Hash of the known and the living members: equal on nodes that see the same ring.</summary>
    public required string RingHash { get; init; }

    /// <summary>It has taken what is its own since the ring changed.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Everybody has, and sees the same ring.</summary>
    public required bool IsSettled { get; init; }

    /// <summary>Operations under way.</summary>
    public required int UnderWay { get; init; }

    /// <summary>Peers that watch here.</summary>
    public required int Watchers { get; init; }

    /// <summary>Counters by name, since the start.</summary>
    public required IReadOnlyDictionary<string, long> Counters { get; init; }
}

/// <summary>Figures for people.</summary>
public sealed partial class KeyValueEngine
{
    readonly long[] answers = new long[(int)KeyValueStatus.Invalid + 1];
    long tooFarAhead;
    long refusedFull;
    long repaired;
    long removedThere;
    long handedOver;
    long collected;
    long setBack;

    /// <summary>What is held and was done.</summary>
    public KeyValueStatistics Statistics
    {
        get
        {
            var (owned, copied, held) = (0, 0, 0);
            foreach (var partition in store.Partitions)
            {
                var live = ring.Live(partition.Number);
                if (live.Length > 0 && live[0] == settings.Name) owned++;
                if (live.Contains(settings.Name)) copied++;
                else if (partition.IsHeld) held++;
            }
            var counters = new Dictionary<string, long>
            {
                ["ok"] = answers[(int)KeyValueStatus.Ok],
                ["not_found"] = answers[(int)KeyValueStatus.NotFound],
                ["conflict"] = answers[(int)KeyValueStatus.Conflict],
                ["unavailable"] = answers[(int)KeyValueStatus.Unavailable],
                ["no_space"] = answers[(int)KeyValueStatus.NoSpace],
                ["invalid"] = answers[(int)KeyValueStatus.Invalid],
                ["malformed"] = malformed,
                ["bad_rows"] = store.BadRows,
                ["expiring"] = store.Expiring,
                ["set_back"] = setBack,
                ["too_far_ahead"] = tooFarAhead,
                ["refused_full"] = refusedFull,
                ["repaired"] = repaired,
                ["removed_elsewhere"] = removedThere,
                ["handed_over"] = handedOver,
                ["collected"] = collected,
                ["in_doubt"] = inDoubt.Count(partition => partition),
            };
            return new KeyValueStatistics
            {
                Keys = store.Keys.Count - store.Removals,
                Bytes = store.Bytes,
                MaxBytes = settings.MaxStore,
                Removals = store.Removals,
                Conflicts = store.Conflicts,
                Owned = owned,
                Copied = copied,
                HeldForOthers = held,
                MembersKnown = ring.Members.Count,
                MembersAlive = ring.Members.Count(member => member.IsAlive),
                RingHash = $"{ring.KnownHash:x16}{ring.AliveHash:x16}",
                IsComplete = isComplete,
                IsSettled = isSettled,
                UnderWay = works.Count,
                Watchers = watchers.Count,
                Counters = counters,
            };
        }
    }
}
