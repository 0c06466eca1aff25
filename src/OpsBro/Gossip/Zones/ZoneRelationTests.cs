using OpsBro.Core.NodeState;
using OpsBro.Gossip.Zones;

namespace OpsBro.Tests.Gossip;

public class ZoneRelationTests
{
    static readonly ZoneTree tree = new([("internet", "paris"), ("internet", "berlin"), ("paris", "lab")]);

    [Theory]
    [InlineData("paris", "paris", "own")]
    [InlineData("paris", "internet", "above")]
    [InlineData("lab", "internet", "above")]
    [InlineData("internet", "lab", "below")]
    [InlineData("paris", "berlin", "other")]
    [InlineData("lab", "berlin", "other")]
    [InlineData("nowhere", "internet", "other")]
    public void A_zone_is_seen_from_another_one(string own, string zone, string relation) =>
        Assert.Equal(relation, ZoneActions.Relation(tree.ParentOf, own, zone));
}
