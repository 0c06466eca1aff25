namespace OpsBro.Core.KeyValue;

/// <summary>Operations and their results in messages between agents. Grammar: docs/protocols/key-value.md.</summary>
static class ResultCodec
{
    public static void Write(KeyValueWriter to, KeyValueOperation operation)
    {
        to.Byte((byte)operation.Verb);
        to.Text(operation.Key);
        to.Bytes(operation.Value.Span);
        to.Number(operation.TimeToLive);
        to.Flag(operation.Expected is not null);
        to.Number(operation.Expected ?? 0);
        to.Byte((byte)operation.Acknowledgement);
        to.Byte((byte)operation.Consistency);
        to.Text(operation.After);
        to.Number(operation.Limit);
        to.Flag(operation.WithValues);
    }

    public static KeyValueOperation? ReadOperation(ref KeyValueReader from)
    {
        var verb = (KeyValueVerb)from.Byte();
        var (key, value, timeToLive) = (from.Text(KeyValueLimits.MaxKey), from.Bytes(KeyValueLimits.MaxValue), from.Number());
        var (isConditional, expected) = (from.Flag(), from.Number());
        var (acknowledgement, consistency) = ((Acknowledgement)from.Byte(), (Consistency)from.Byte());
        var (after, limit, withValues) = (from.Text(KeyValueLimits.MaxAfter), from.Number(), from.Flag());
        if (!from.IsGood || limit > KeyValueLimits.MaxListed || acknowledgement > Acknowledgement.All || consistency > Consistency.Local) return null;
        return new KeyValueOperation
        {
            Verb = verb,
            Key = key,
            Value = value,
            TimeToLive = timeToLive,
            Expected = isConditional ? expected : null,
            Acknowledgement = acknowledgement,
            Consistency = consistency,
            After = after,
            Limit = (int)limit,
            WithValues = withValues,
        };
    }

    public static void Write(KeyValueWriter to, KeyValueResult result)
    {
        to.Byte((byte)result.Status);
        to.Text(result.Reason);
        to.Number(result.Copies);
        to.Flag(result.HasMore);
        to.Count(result.Entry is null ? 0 : 1);
        if (result.Entry is { } entry) Write(to, entry);
        to.Count(result.Entries.Count);
        foreach (var one in result.Entries) Write(to, one);
    }

    public static KeyValueResult? ReadResult(ref KeyValueReader from)
    {
        var (status, reason, copies, hasMore) = ((KeyValueStatus)from.Byte(), from.Text(KeyValueLimits.MaxReason), from.Number(), from.Flag());
        if (!from.IsGood || status > KeyValueStatus.Invalid || copies > KeyValueLimits.MaxMembers) return null;
        var entry = from.Count(1) > 0 ? ReadEntry(ref from, isConflict: false) : null;
        var count = from.Count(8);
        if (count > KeyValueLimits.MaxListed) return null;
        var entries = new List<KeyValueEntry>(count);
        for (var i = 0; i < count; i++)
        {
            if (ReadEntry(ref from, isConflict: false) is not { } one) return null;
            entries.Add(one);
        }
        return from.IsGood ? new KeyValueResult(status, reason) { Copies = (int)copies, HasMore = hasMore, Entry = entry, Entries = entries } : null;
    }

    static void Write(KeyValueWriter to, KeyValueEntry entry)
    {
        to.Text(entry.Key);
        to.Bytes(entry.Value.Span);
        to.Number(entry.Version);
        to.Text(entry.Writer);
        to.Number(entry.ExpiresAt);
        to.Flag(entry.IsDeleted);
        to.Number(entry.Size);
        // what makes the message too long is left out; the agents that have the copies show all
        var (bytes, count) = (entry.Value.Length, 0);
        while (count < entry.Conflicts.Count && (bytes += entry.Conflicts[count].Value.Length) <= KeyValueLimits.MaxPart) count++;
        to.Count(count);
        for (var i = 0; i < count; i++) Write(to, entry.Conflicts[i]);
    }

    static KeyValueEntry? ReadEntry(ref KeyValueReader from, bool isConflict)
    {
        var (key, value, version, name) =
            (from.Text(KeyValueLimits.MaxKey), from.Bytes(KeyValueLimits.MaxValue), from.Number(), from.Text(KeyValueLimits.MaxName));
        var (expires, isDeleted, size, count) = (from.Number(), from.Flag(), from.Number(), from.Count(8));
        if (!from.IsGood || count > (isConflict ? 0 : KeyValueLimits.MaxConflicts) || size > KeyValueLimits.MaxValue) return null;
        var conflicts = count == 0 ? [] : new KeyValueEntry[count];
        for (var i = 0; i < count; i++)
        {
            if (ReadEntry(ref from, isConflict: true) is not { } conflict) return null;
            conflicts[i] = conflict;
        }
        return new KeyValueEntry(key, value, version, name, expires, isDeleted, (int)size) { Conflicts = conflicts };
    }
}
