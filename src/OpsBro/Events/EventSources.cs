using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Hosting;
using OpsBro.Checks;
using OpsBro.Core.Checks;
using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.Detectors;
using OpsBro.Gossip;
using OpsBro.NodeState;

namespace OpsBro.Events;

/// <summary>What happens in the cluster, on the feeds of its slices.</summary>
internal sealed record ClusterFeeds(
    Cluster Cluster, MemberViews Views, Feed<MemberChanged> Members, Feed<NodeChanged> Nodes, Feed<UserEventArrived> Events);

/// <summary>Turns what the slices tell on their feeds into items of the stream.</summary>
internal sealed class EventSources(EventRing ring, Groups groups, Feed<CheckChanged> checks, ClusterFeeds feeds) : BackgroundService
{
    // from the very start: what changes before the loop runs is told as well
    readonly Feed<GroupChanged>.Subscription groupChanges = groups.Changes.Subscribe();
    readonly Feed<CheckChanged>.Subscription checkChanges = checks.Subscribe();
    readonly Feed<MemberChanged>.Subscription memberChanges = feeds.Members.Subscribe();
    readonly Feed<NodeChanged>.Subscription nodeChanges = feeds.Nodes.Subscribe();
    readonly Feed<UserEventArrived>.Subscription userEvents = feeds.Events.Subscribe();

    string Zone => feeds.Cluster.Options.Zone;

    string Node => feeds.Cluster.Name;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Each(groupChanges, Add, stoppingToken),
        Each(checkChanges, Add, stoppingToken),
        Each(memberChanges, Add, stoppingToken),
        Each(nodeChanges, Add, stoppingToken),
        Each(userEvents, Add, stoppingToken));

    static async Task Each<T>(Feed<T>.Subscription subscription, Action<T> add, CancellationToken stop)
    {
        using (subscription)
        {
            await foreach (var item in subscription.Items.ReadAllAsync(stop)) add(item);
        }
    }

    void Add(GroupChanged change) => Put("group", EventsJson.Default.GroupItem, number =>
        new GroupItem(number, change.At, "group", Zone, Node, change.Group, change.IsPresent, change.By));

    void Add(CheckChanged change) => Put("check", EventsJson.Default.CheckItem, number => new CheckItem(
        number, change.At, "check", Zone, Node, change.Definition.Id, change.Transition.To.Word(), change.Transition.From.Word(),
        change.Transition.IsHard, change.Standing.Output));

    void Add(MemberChanged change)
    {
        var member = change.Member;
        if (!feeds.Views.IsShown(change.Zone, member)) return;
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in member.Tags) tags[key] = value;
        Put("member", EventsJson.Default.MemberItem, number => new MemberItem(number, change.At, "member", Word(change.Change),
            MemberViews.ZoneOf(change.Zone, member), member.Name, member.Address.ToString(), GossipJournal.Word(member), tags, change.Cause));
    }

    static string Word(MemberChange change) => change switch
    {
        MemberChange.Join => "join",
        MemberChange.Leave => "leave",
        MemberChange.Failed => "failed",
        MemberChange.Update => "update",
        _ => "reap",
    };

    /// <summary>Another node: its groups and checks; and its coming and going when none of our pools tells it.</summary>
    void Add(NodeChanged change)
    {
        var (zone, name) = (change.After.Zone, change.After.Name);
        if (change.Change == NodeChange.Said)
        {
            foreach (var item in NodeDifference.Groups(change.Before, change.After))
                Put("group", EventsJson.Default.GroupItem, number => new GroupItem(number, change.At, "group", zone, name, item.Group, item.IsPresent, ""));
            foreach (var item in NodeDifference.Checks(change.Before, change.After))
                Put("check", EventsJson.Default.CheckItem, number => new CheckItem(number, change.At, "check", zone, name, item.Id, item.State,
                    item.Before, true, item.Output));
            return;
        }
        if (change.IsMember) return;
        var (word, status) = change.Change switch
        {
            NodeChange.Came => ("join", "alive"),
            NodeChange.Gone => ("failed", "failed"),
            _ => ("reap", "failed"),
        };
        Put("member", EventsJson.Default.MemberItem, number => new MemberItem(number, change.At, "member", word, zone, name,
            change.After[NodeKeys.Fact + KnownNode.Address] ?? "", status, new Dictionary<string, string>(), "the proxies of its zone say so"));
    }

    void Add(UserEventArrived arrived)
    {
        var (text, base64) = Payloads.Split(arrived.Payload);
        Put("event", EventsJson.Default.UserItem, number =>
            new UserItem(number, arrived.At, "event", arrived.Zone, arrived.Name, arrived.LTime, text, base64));
    }

    void Put<T>(string topic, JsonTypeInfo<T> shape, Func<long, T> item) =>
        ring.Add(topic, number => JsonSerializer.SerializeToUtf8Bytes(item(number), shape));
}
