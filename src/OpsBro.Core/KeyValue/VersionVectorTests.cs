using OpsBro.Core.Gossip;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>A version vector is a set of dots, beside a plain set of them.</summary>
public class VersionVectorTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void It_covers_what_a_plain_set_holds(ulong seed)
    {
        var chance = new Chance(seed);
        for (var round = 0; round < 200; round++)
        {
            var (vector, set) = (new VersionVector(), new HashSet<Dot>());
            var (other, others) = (new VersionVector(), new HashSet<Dot>());
            for (var i = 0; i < 60; i++)
            {
                var dot = new Dot((ulong)chance.Below(3), 1 + chance.Below(20));
                Assert.Equal(set.Add(dot), vector.Add(dot));
                dot = new Dot((ulong)chance.Below(3), 1 + chance.Below(20));
                if (chance.Below(3) > 0)
                {
                    others.Add(dot);
                    other.Add(dot);
                }
                else
                {
                    other.AddUpTo(dot);
                    for (var sequence = 1; sequence <= dot.Sequence; sequence++) others.Add(dot with { Sequence = sequence });
                }
            }

            Same(set, vector);
            Same(others, other);
            Assert.Equal(others.IsSubsetOf(set), vector.Covers(other));
            Assert.Equal(set.SetEquals(others), vector.Hash == other.Hash);
            Assert.Equal(!others.IsSubsetOf(set), vector.Join(other));
            Same([.. set, .. others], vector);
            Assert.False(vector.Join(other));
            Assert.Equal(vector.Hash, vector.Copy().Hash);
        }
    }

    [Fact]
    public void Equal_sets_have_equal_hashes_however_they_came_about()
    {
        var (one, two) = (new VersionVector(), new VersionVector());
        for (var i = 1; i <= 50; i++) one.Add(new Dot(7, i));
        for (var i = 50; i >= 1; i--) two.Add(new Dot(7, i));

        Assert.Equal(one.Hash, two.Hash);
        Assert.Equal(0, two.Extras);
        two.Clear();
        Assert.True(two.IsEmpty && two.Hash == 0);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void What_is_written_is_read(ulong seed)
    {
        var chance = new Chance(seed);
        for (var round = 0; round < 100; round++)
        {
            var vector = new VersionVector();
            for (var i = 0; i < 40; i++) vector.Add(new Dot(chance.Next() % 4, 1 + chance.Below(30)));
            var writer = new KeyValueWriter();
            vector.Write(writer);
            var reader = new KeyValueReader(writer.ToArray());

            var read = VersionVector.Read(ref reader);

            Assert.True(reader.IsAtEnd);
            Assert.Equal(vector.Hash, read.Hash);
            Assert.True(vector.Covers(read) && read.Covers(vector));
        }
    }

    static void Same(HashSet<Dot> set, VersionVector vector)
    {
        for (var writer = 0ul; writer < 4; writer++)
            for (var sequence = 1; sequence < 25; sequence++)
                Assert.Equal(set.Contains(new Dot(writer, sequence)), vector.Covers(new Dot(writer, sequence)));
    }
}
