using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class VivaldiTests
{
    const double Millisecond = 0.001;

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Nodes_on_a_line_find_their_places(ulong seed) =>
        Converges(seed, nodes: 10, (i, j) => 10 * Millisecond * Math.Abs(i - j), error: 0.2);

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Nodes_on_a_grid_find_their_places(ulong seed) => Converges(seed, nodes: 25, (i, j) =>
    {
        var (dx, dy) = (i % 5 - j % 5, i / 5 - j / 5);
        return 10 * Millisecond * Math.Sqrt(dx * dx + dy * dy);
    }, error: 0.2);

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Two_data_centres_are_told_apart(ulong seed) =>
        Converges(seed, nodes: 25, (i, j) => i == j ? 0 : i < 12 == j < 12 ? Millisecond : 10 * Millisecond, error: 0.2);

    /// <summary>Nodes around a slow link of their own each: only the height can say that.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void The_height_tells_what_the_last_mile_costs(ulong seed)
    {
        var nodes = Run(seed, nodes: 25, (i, j) => i == j ? 0 : i == 0 || j == 0 ? 11 * Millisecond : Millisecond, rounds: 2_000);

        var others = nodes.Skip(1).Average(node => node.Own.Height);
        Assert.True(nodes[0].Own.Height > 2 * others, $"seed {seed}: {nodes[0].Own.Height} is not higher than {others}");
    }

    [Theory, InlineData(1), InlineData(2)]
    public void A_cluster_does_not_drift_away(ulong seed)
    {
        var nodes = Run(seed, nodes: 10, (i, j) => 100 * Millisecond * Math.Abs(i - j), rounds: 5_000);

        var centre = Enumerable.Range(0, 8).Select(d => nodes.Average(node => node.Own.Vec[d]));
        Assert.True(Math.Sqrt(centre.Sum(c => c * c)) < 1, $"seed {seed}");
    }

    [Fact]
    public void A_new_node_stands_at_the_origin_and_is_unsure()
    {
        var own = new Vivaldi(new Chance(1)).Own;

        Assert.All(own.Vec, each => Assert.Equal(0, each));
        Assert.Equal((1.5, 0d, 1e-5), (own.Error, own.Adjustment, own.Height));
    }

    [Fact]
    public void The_payload_is_that_of_Serf()
    {
        var payload = new Vivaldi(new Chance(1)).Payload;

        Assert.Equal(130, payload.Length);
        Assert.Equal(1, payload[0]);
        Assert.NotNull(Coordinate.TryRead(payload));
    }

    [Theory]
    [InlineData(double.NaN, 0, 0)]
    [InlineData(0, double.PositiveInfinity, 0)]
    [InlineData(0, 0, double.NaN)]
    [InlineData(1e300, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, -1)]
    public void A_coordinate_that_cannot_be_one_is_not_read(double first, double error, double height)
    {
        var writer = new SpanWriter();
        new CoordinatePayload(0, error, height, [first, 0, 0, 0, 0, 0, 0, 0]).Write(writer);

        Assert.Null(Coordinate.TryRead(writer.Written));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Whatever_sound_numbers_say_ours_stay_sound(ulong seed)
    {
        var chance = new Chance(seed);
        var node = new Vivaldi(chance);

        for (var i = 0; i < 10_000; i++)
        {
            double Wild() => (chance.Fraction() - 0.5) * 2 * Coordinate.Most * Math.Pow(10, -chance.Below(9));
            var other = new Coordinate([Wild(), Wild(), Wild(), Wild(), Wild(), Wild(), Wild(), Wild()],
                Math.Abs(Wild()), Wild(), Math.Abs(Wild()));
            node.Update(other, chance.Below(4) == 0 ? 0 : chance.Fraction() * Vivaldi.MaxRoundTrip);
            Assert.True(node.Own.IsSound, $"seed {seed}, step {i}");
        }
    }

    [Fact]
    public void The_distance_of_two_counts_heights_and_adjustments()
    {
        double[] origin = new double[8];
        var one = new Coordinate([0.003, 0, 0, 0, 0, 0, 0, 0], 1, 0.001, 0.002);
        var other = new Coordinate([0, 0.004, 0, 0, 0, 0, 0, 0], 1, -0.002, 0.001);
        var odd = new Coordinate(origin, 1, -5, 0.001);

        Assert.Equal(7, one.DistanceTo(other).TotalMilliseconds, 3);
        Assert.Equal(6, one.DistanceTo(odd).TotalMilliseconds, 3);   // an adjustment below nothing is none
    }

    [Fact]
    public void One_wild_round_trip_of_three_does_not_count()
    {
        var peer = new Measured();
        peer.Add(0.010);
        peer.Add(5);
        peer.Add(0.012);

        Assert.Equal(0.012, peer.Median, 6);
    }

    static void Converges(ulong seed, int nodes, Func<int, int, double> truth, double error)
    {
        var all = Run(seed, nodes, truth, rounds: 1_000);

        var (sum, count) = (0d, 0);
        for (var i = 0; i < nodes; i++)
        {
            for (var j = i + 1; j < nodes; j++)
            {
                sum += Math.Abs(all[i].Own.Distance(all[j].Own) - truth(i, j)) / truth(i, j);
                count++;
            }
        }
        Assert.True(sum / count < error, $"seed {seed}: the mean error is {sum / count:p1}");
    }

    static Vivaldi[] Run(ulong seed, int nodes, Func<int, int, double> truth, int rounds)
    {
        var chance = new Chance(seed);
        var all = Enumerable.Range(0, nodes).Select(_ => new Vivaldi(chance)).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < nodes; i++)
            {
                var j = chance.Below(nodes);
                if (j != i) all[i].Update(all[j].Own, truth(i, j));
            }
        }
        return all;
    }
}
