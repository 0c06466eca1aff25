namespace OpsBro.Core.KeyValue;

/// <summary>Changes anywhere in the cluster, told to those that want them.</summary>
public sealed partial class KeyValueEngine
{
    /// <summary>Keys whose last told change is remembered: each copy tells of it.</summary>
    const int MostTold = 8_192;

    static readonly TimeSpan watchEvery = TimeSpan.FromSeconds(10);
    static readonly TimeSpan watchFor = TimeSpan.FromSeconds(35);

    readonly Dictionary<string, (string[] Prefixes, TimeSpan Until)> watchers = new(StringComparer.Ordinal);
    readonly Dictionary<string, long> told = new(StringComparer.Ordinal);
    readonly Queue<string> toldInOrder = new();
    string[] watched = [];
    TimeSpan watchedAt;

    /// <summary>Changes of keys below these prefixes, anywhere in the cluster, are told through the output from now on.</summary>
    public void Watch(IReadOnlyList<string> prefixes, Moment now)
    {
        this.now = now;
        var before = watched;
        watched = [.. prefixes.Take(KeyValueLimits.MaxWatched)];
        // who wants less says so with the next round: watches come and go with each blocking query
        if (!watched.All(prefix => before.Any(known => prefix.StartsWith(known, StringComparison.Ordinal)))) Rewatch();
        store.Flush();
    }

    void Rewatch()
    {
        watchedAt = now.Monotonic;
        foreach (var peer in Others) SendWatch(peer.Name);
    }

    void SendWatch(string to)
    {
        var message = Message(MessageKind.Watch);
        message.Count(watched.Length);
        foreach (var prefix in watched) message.Text(prefix);
        Send(to, message);
    }

    void WatchAgain()
    {
        if (watched.Length > 0 && now.Monotonic - watchedAt >= watchEvery) Rewatch();
        foreach (var (name, (_, until)) in watchers.ToArray())
            if (until < now.Monotonic) watchers.Remove(name);
    }

    bool OnWatch(string from, ref KeyValueReader reader)
    {
        var count = reader.Count(1);
        if (count > KeyValueLimits.MaxWatched) return false;
        var prefixes = new string[count];
        for (var i = 0; i < count; i++) prefixes[i] = reader.Text(KeyValueLimits.MaxKey);
        if (!reader.IsAtEnd) return false;
        if (count == 0) watchers.Remove(from);
        else if (watchers.Count < KeyValueLimits.MaxWatched || watchers.ContainsKey(from)) watchers[from] = (prefixes, now.Monotonic + watchFor);
        return true;
    }

    /// <summary>A change that is on our disk.</summary>
    void Tell(KeyChange change)
    {
        if (IsNews(change)) output.Changed(change);
        foreach (var (name, (prefixes, _)) in watchers)
        {
            if (!prefixes.Any(prefix => change.Key.StartsWith(prefix, StringComparison.Ordinal))) continue;
            var message = Message(MessageKind.Change);
            message.Text(change.Key);
            message.Number(change.Version);
            message.Byte((byte)((change.IsDeleted ? 1 : 0) | (change.IsExpired ? 2 : 0) | (change.IsConflict ? 4 : 0)));
            message.Text(change.Writer);
            Send(name, message);
        }
    }

    bool OnChange(ref KeyValueReader reader)
    {
        var (key, version, flags, name) = (ReadKey(ref reader), reader.Number(), reader.Byte(), reader.Text(KeyValueLimits.MaxName));
        if (!reader.IsAtEnd || flags > 7) return false;
        if (!store.Clock.Observe(version, now.UnixMilliseconds))
        {
            tooFarAhead++;   // it would hide the true ones that follow
            return true;
        }
        var change = new KeyChange(key, version, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, name);
        if (watched.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal)) && IsNews(change)) output.Changed(change);
        return true;
    }

    /// <summary>It was not told before: by version, and the end of a time to live comes after the write.</summary>
    bool IsNews(in KeyChange change)
    {
        var stage = change.Version * 4 + (change.IsExpired ? 2 : 0) + (change.IsConflict ? 1 : 0);
        if (told.TryGetValue(change.Key, out var last))
        {
            if (stage <= last) return false;
        }
        else
        {
            toldInOrder.Enqueue(change.Key);
            if (toldInOrder.Count > MostTold) told.Remove(toldInOrder.Dequeue());
        }
        told[change.Key] = stage;
        return true;
    }
}
