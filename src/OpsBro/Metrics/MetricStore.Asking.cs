using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.Data.Sqlite;
using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;
using Window = OpsBro.Metrics.Storing.Window;

namespace OpsBro.Metrics;

/// <summary>What the store answers.</summary>
internal sealed partial class MetricStore
{
    /// <summary>Series that are read at once: what they take in memory is given back before the next ones are read.</summary>
    const int ReadTogether = 256;

    /// <summary>A row may be merged into another between a look at the catalogue and the read; then it is looked for again.</summary>
    const int MaxReads = 5;

    /// <summary>Nodes of the tree that one question finds.</summary>
    const int MaxFound = 200_000;

    /// <summary>Readers kept for reuse.</summary>
    const int MaxReaders = 4;

    readonly ConcurrentBag<SeriesReader> readers = [];

    /// <summary>Longest time that a question of names may take: nothing is taken in meanwhile.</summary>
    public TimeSpan AskPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What a question found under the lock.</summary>
    sealed class Found(int[] ids)
    {
        public int[] Ids => ids;

        public string[] Names { get; } = new string[ids.Length];

        public PointList[] Points { get; } = new PointList[ids.Length];

        public Dictionary<int, Segment[]> Parts { get; } = [];
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect)
    {
        List<int> ids = [];
        if (!Ask(names => names.Match(pattern, ids, GraphiteLimits.Series))) throw TooMany();
        return Slices(ids, from, until, aspect);
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect)
    {
        List<int> ids = [];
        if (!Ask(names => names.MatchTags(tags, ids, GraphiteLimits.Series))) throw TooMany();
        return Slices(ids, from, until, aspect);
    }

    /// <summary>The series of these names, in their order; those that are not here are left out.</summary>
    public IReadOnlyList<SeriesSlice> FetchNamed(IReadOnlyList<string> known, long from, long until, Aspect aspect)
    {
        List<int> ids = [];
        Ask(names =>
        {
            foreach (var name in known)
                if (names.Find(Encoding.UTF8.GetBytes(name)) is >= 0 and var id) ids.Add(id);
            return true;
        });
        return Slices(ids, from, until, aspect);
    }

    static GraphiteException TooMany() => new($"more than {GraphiteLimits.Series} series; write a narrower pattern") { IsTooMuch = true };

    /// <summary>The nodes of the tree of names that a pattern matches, in the order of their paths; leaves and branches.</summary>
    public IReadOnlyList<FoundName> Find(string pattern) =>
        Ask<FoundName[]>(names => [.. names.Nodes(pattern, MaxFound).Select(n => new FoundName(n.Path, n.IsLeaf, n.HasChildren))]);

    /// <summary>How names begin: their first dotted parts, each once; those of tagged series too.</summary>
    public IReadOnlyCollection<string> Roots()
    {
        var roots = new HashSet<string>();
        var known = roots.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> text = stackalloc char[SeriesName.MaxBytes];
        lock (gate)
        {
            for (var id = 0; id < index.End; id++)
            {
                if (!index.Has(id)) continue;
                var name = index.NameOf(id);
                var end = name.IndexOfAny((byte)'.', (byte)';');
                known.Add(text[..Encoding.UTF8.GetChars(end < 0 ? name : name[..end], text)]);
            }
        }
        return roots;
    }

    /// <summary>Every series, in order.</summary>
    public IReadOnlyList<string> Names()
    {
        string[] names;
        lock (gate) names = [.. Enumerable.Range(0, index.End).Where(index.Has).Select(index.TextOf)];
        Array.Sort(names, StringComparer.Ordinal);   // what comes in does not wait for it
        return names;
    }

    /// <summary>Asks the index of names: tags and what is known of them. Short, for nothing is taken in meanwhile.</summary>
    /// <exception cref="GraphiteException">A pattern or tag expression that cannot be answered: the caller's fault, with the reason.</exception>
    public T Ask<T>(Func<SeriesIndex, T> question)
    {
        try
        {
            lock (gate)
            {
                using var end = new CancellationTokenSource(AskPatience);
                index.Cancel = end.Token;
                try
                {
                    return question(index);
                }
                finally
                {
                    index.Cancel = default;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new GraphiteException($"the names take longer than {AskPatience.TotalSeconds:0} s to look through; write a simpler pattern or condition")
            { IsTooMuch = true };
        }
        catch (PatternException e)
        {
            throw new GraphiteException(e.Message);
        }
    }

    List<SeriesSlice> Slices(List<int> ids, long from, long until, Aspect aspect)
    {
        var now = Now;
        (from, until) = (Math.Max(from, now - options().Longest), Math.Min(until, now + MaxAhead));
        if (from >= until) return [];
        // what is too much is refused before it takes memory
        if (ids.Count * ((until - from) / TierOf(from).Step) > GraphiteLimits.FetchedPoints)
        {
            throw new GraphiteException(
                $"{ids.Count} series over {(until - from) / 3600} h have more than {GraphiteLimits.FetchedPoints} points; ask for fewer or for a shorter time")
            { IsTooMuch = true };
        }
        var slices = new List<SeriesSlice>(ids.Count);
        var reader = readers.TryTake(out var kept) ? kept : new SeriesReader();
        for (var first = 0; first < ids.Count; first += ReadTogether)
        {
            // ascending numbers: a row is read once for all of its series
            int[] some = [.. ids.Skip(first).Take(ReadTogether).Order()];
            var read = Read(reader, some, from, until, aspect);
            var places = new Dictionary<int, int>(some.Length);
            for (var i = 0; i < some.Length; i++) places[some[i]] = i;
            foreach (var id in ids.Skip(first).Take(ReadTogether))
            {
                if (read[places[id]] is not { } slice) continue;
                slices.Add(Seconds.TryFetch(slice.Name, from, until, now, aspect, out var seconds) ? seconds : slice);
            }
        }
        Interlocked.Add(ref damaged, reader.Damaged);
        reader.Damaged = 0;
        if (readers.Count < MaxReaders) readers.Add(reader);
        return slices;
    }

    SeriesSlice?[] Read(SeriesReader reader, int[] ids, long from, long until, Aspect aspect)
    {
        var slices = new SeriesSlice?[ids.Length];
        byte[] bytes = [];
        try
        {
            var pieces = new List<Piece>();
            var found = Look(ids);
            var window = WindowOf(from, until, found);
            for (var tries = 1; !TryRead(found, window, pieces, ref bytes) && tries < MaxReads; tries++)
            {
                found = Look(ids);
                window = WindowOf(from, until, found);
                pieces.Clear();
            }
            pieces.Sort((a, b) => (a.Series, a.Segment.Order).CompareTo((b.Series, b.Segment.Order)));
            var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pieces);
            for (int i = 0, next = 0; i < ids.Length; i++)
            {
                var first = next;
                while (next < all.Length && all[next].Series == i) next++;
                if (found.Names[i] is { } name) slices[i] = reader.Read(name, window, aspect, all[first..next], bytes, found.Points[i]);
            }
            return slices;
        }
        finally
        {
            if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    Found Look(int[] ids)
    {
        var found = new Found(ids);
        lock (gate)
        {
            for (var i = 0; i < ids.Length; i++)
            {
                found.Points[i] = new PointList();
                if (!index.Has(ids[i])) continue;
                found.Names[i] = index.TextOf(ids[i]);
                foreach (var table in frozen) table.Each(ids[i], found.Points[i]);
                recent.Each(ids[i], found.Points[i]);
                found.Parts.TryAdd(SegmentLayout.PartOf(ids[i]), catalogue.Of(SegmentLayout.PartOf(ids[i])));
            }
        }
        return found;
    }

    /// <summary>The finest tier that is kept so long.</summary>
    Tier TierOf(long from)
    {
        var (tiers, age) = (options().Tiers, Now - from);
        return tiers.FirstOrDefault(t => age <= t.Keep, tiers[^1]);
    }

    /// <summary>
    /// The finest tier that reaches back: by its time, and because none of these series was made coarser after <paramref name="from"/> for
    /// want of room.
    /// </summary>
    Window WindowOf(long from, long until, Found found)
    {
        var tiers = options().Tiers;
        var tier = TierOf(from);
        foreach (var row in found.Parts.Values.SelectMany(p => p))
        {
            if (row.Step <= tier.Step || row.End <= from || row.Start >= until) continue;
            tier = tiers.FirstOrDefault(t => t.Step == row.Step, tier);
        }
        var start = Rollup.Align(from, tier.Step) + tier.Step;
        return new Window(start, tier.Step, (int)Math.Clamp(((until - start) / tier.Step) + 1, 0, int.MaxValue / 16));
    }

    /// <summary>Reads the chunks that a window needs; false when a row is there no more.</summary>
    bool TryRead(Found found, Window window, List<Piece> pieces, ref byte[] bytes)
    {
        if (file is null || window.Length == 0) return true;
        var (buffer, used, isComplete) = (bytes, 0, true);
        var places = new List<(int Index, int Offset, int Length)>();
        var ids = found.Ids;
        var needed = found.Parts.SelectMany(p => p.Value).Where(s => s.End > window.Start && s.Start < window.End && s.Step <= window.Step
            && HasAny(ids, s.First, s.Last)).OrderBy(s => s.Id).ToList();
        if (needed.Count == 0) return true;
        try
        {
            file.Read(needed, (segment, data) =>
            {
                places.Clear();
                if (data.IsEmpty) isComplete = false;
                else if (!SegmentLayout.TryFind(data, ids, places)) Interlocked.Increment(ref damaged);
                else
                {
                    foreach (var (place, offset, length) in places)
                    {
                        if (used + length > buffer.Length) buffer = Grown(buffer, used, used + length);
                        data.Slice(offset, length).CopyTo(buffer.AsSpan(used));
                        pieces.Add(new Piece(place, segment, used, length));
                        used += length;
                    }
                }
            });
        }
        catch (SqliteException e)
        {
            LogNotRead(logger, file.Database.File, e.Message);
        }
        finally
        {
            bytes = buffer;
        }
        return isComplete;
    }

    static bool HasAny(int[] ids, int first, int last)
    {
        var place = Array.BinarySearch(ids, first);
        if (place < 0) place = ~place;
        return place < ids.Length && ids[place] <= last;
    }

    static byte[] Grown(byte[] buffer, int used, int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(64 << 10, buffer.Length * 2)));
        buffer.AsSpan(0, used).CopyTo(larger);
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    [Microsoft.Extensions.Logging.LoggerMessage(
        Level = Microsoft.Extensions.Logging.LogLevel.Error, Message = "{File} cannot be read: {Reason}; the answer has only what is in memory")]
    static partial void LogNotRead(Microsoft.Extensions.Logging.ILogger logger, string file, string reason);
}
