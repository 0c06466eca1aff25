using OpsBro.Core.Gossip;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>Versions of one key: the same set of records gives the same entry, in whatever order and however often they come.</summary>
public class KeyEntryTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void The_order_of_merging_does_not_matter(ulong seed)
    {
        var chance = new Chance(seed);
        for (var round = 0; round < 300; round++)
        {
            var records = History(chance, writers: 3, writes: 9);
            var one = Merged(records);

            chance.Shuffle(records);
            var two = Merged(records);
            foreach (var record in records) Assert.False(two.Merge(record));   // idempotent
            var (left, right) = (Merged(records[..4]), Merged(records[4..]));
            foreach (var record in Records(right)) left.Merge(record);

            Assert.Equal(Dots(one), Dots(two));
            Assert.Equal(Dots(one), Dots(left));
            Assert.Equal(one.ContentHash, two.ContentHash);
        }
    }

    [Fact]
    public void A_later_write_replaces_what_it_saw_and_keeps_what_it_did_not_see()
    {
        var first = Record(1, new Dot(1, 1));
        var concurrent = Record(2, new Dot(2, 1));
        var next = Record(3, new Dot(1, 2), new Dot(1, 1));

        var entry = Merged([first, concurrent, next]);

        Assert.Equal([new Dot(1, 2), new Dot(2, 1)], Dots(entry));
        Assert.True(entry.Includes(first.Dot) && !entry.Has(first.Dot));
        entry.Merge(Record(4, new Dot(3, 1), new Dot(1, 2), new Dot(2, 1)));
        Assert.Equal([new Dot(3, 1)], Dots(entry));
    }

    [Fact]
    public void No_more_losers_are_kept_than_agreed()
    {
        var entry = Merged([.. Enumerable.Range(1, 30).Select(i => Record(i, new Dot((ulong)i, 1)))]);

        Assert.Equal(30, entry.Winner!.Version);
        Assert.Equal(KeyValueLimits.MaxConflicts, entry.Losers.Length);
        Assert.Equal(29, entry.Losers[0].Version);
    }

    [Fact]
    public void Each_version_counts_what_it_takes_beside_its_value()
    {
        var entry = Merged([Record(1, new Dot(1, 1)), Record(2, new Dot(2, 1)), Record(3, new Dot(3, 1))]);

        Assert.Equal(KeyEntry.SizeOf("k", 0) + 2 * KeyValueLimits.Overhead, entry.Size);
        Assert.Equal(KeyValueLimits.Overhead + 1, KeyEntry.SizeOf("k", 0));
        Assert.Equal(0, Merged([]).Size);
    }

    [Fact]
    public void The_context_of_a_write_is_bounded_and_keeps_the_newest()
    {
        var winner = Record(100, new Dot(1_000, 1), [.. Enumerable.Range(1, KeyValueLimits.MaxContext).Select(i => new Dot((ulong)i, i))]);

        var context = Context.After(winner, []);

        Assert.Equal(KeyValueLimits.MaxContext, context.Length);
        Assert.True(Context.Covers(context, winner.Dot));
        Assert.False(Context.Covers(context, new Dot(1_000, 2)));
    }

    static List<KeyRecord> History(Chance chance, int writers, int writes)
    {
        // each writer has seen some of the others' writes, and writes on top of what it has
        var (entries, all, clock) = (Enumerable.Range(0, writers).Select(_ => new KeyEntry("k", 1)).ToArray(), new List<KeyRecord>(), new long[writers]);
        for (var i = 0; i < writes; i++)
        {
            var writer = chance.Below(writers);
            foreach (var record in all)
                if (chance.Below(3) == 0) entries[writer].Merge(record);
            var version = Math.Max(entries[writer].Highest, 10 * i + chance.Below(30)) + 1;
            var made = new KeyRecord
            {
                Version = version,
                Dot = new Dot((ulong)writer + 1, ++clock[writer]),
                Writer = "w",
                Context = Context.After(entries[writer].Winner, entries[writer].Losers),
            };
            entries[writer].Merge(made);
            all.Add(made);
        }
        return all;
    }

    static KeyRecord Record(long version, Dot dot, params Dot[] context) => new() { Version = version, Dot = dot, Writer = "w", Context = context };

    static KeyEntry Merged(IEnumerable<KeyRecord> records)
    {
        var entry = new KeyEntry("k", 1);
        foreach (var record in records) entry.Merge(record);
        return entry;
    }

    static IEnumerable<KeyRecord> Records(KeyEntry entry) => entry.Winner is null ? [] : [entry.Winner, .. entry.Losers];

    static List<Dot> Dots(KeyEntry entry) => [.. Records(entry).Select(r => r.Dot)];
}
