using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
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
    Cluster Cluster, MemberViews Views, Feed<MemberChanged> Members, Feed<MemberSuspected> Suspicions, Feed<NodeChanged> Nodes,
    Feed<UserEventArrived> Events);

/// <summary>Turns what the slices tell on their feeds into items of the stream.</summary>
internal sealed partial class EventSources(
    EventRing ring, NodeRecords records, Groups groups, Feed<CheckChanged> checks, ClusterFeeds feeds, TimeProvider clock,
    ILogger<EventSources> logger) : BackgroundService
{
    /// <summary>Why something is known of another node.</summary>
    const string SaidSo = "the node says so";

    // from the very start: what changes before the loop runs is told as well
    readonly Feed<GroupChanged>.Subscription groupChanges = groups.Changes.Subscribe();
    readonly Feed<CheckChanged>.Subscription checkChanges = checks.Subscribe();
    readonly Feed<MemberChanged>.Subscription memberChanges = feeds.Members.Subscribe();
    readonly Feed<MemberSuspected>.Subscription suspicions = feeds.Suspicions.Subscribe();
    readonly Feed<NodeChanged>.Subscription nodeChanges = feeds.Nodes.Subscribe();
    readonly Feed<UserEventArrived>.Subscription userEvents = feeds.Events.Subscribe();

    string Zone => feeds.Cluster.Options.Zone;

    /// <summary>Our name, as in the items: a reload may change it.</summary>
    public string Node => feeds.Cluster.Name;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Each(groupChanges, Add, stoppingToken),
        Each(checkChanges, Add, stoppingToken),
        Each(memberChanges, Add, stoppingToken),
        Each(suspicions, Add, stoppingToken),
        Each(nodeChanges, Add, stoppingToken),
        Each(userEvents, Add, stoppingToken));

    async Task Each<T>(Feed<T>.Subscription subscription, Func<T, ValueTask> add, CancellationToken stop)
    {
        using (subscription)
        {
            await foreach (var item in subscription.Items.ReadAllAsync(stop)) await Guarded(item, add);
        }
    }

    async ValueTask Guarded<T>(T item, Func<T, ValueTask> add)
    {
        try
        {
            await add(item);
        }
        // the border of the loop: what comes next is told
        catch (Exception e)
        {
            LogFault(logger, typeof(T).Name, e);
        }
    }

    async ValueTask Add(GroupChanged change)
    {
        var record = await records.Own();
        Put("group", new StreamSubject { Zone = Zone, Node = Node, Groups = [change.Group] }, record, EventsJson.Default.GroupItem, number =>
            new GroupItem(number, change.At, "group", Word(change.IsPresent), Zone, Node, change.Group, change.IsPresent, change.By,
                change.By is "agent.yml" or "opsbro" ? $"{change.By} says so" : $"the detector {change.By}"));
    }

    static string Word(bool isPresent) => isPresent ? "added" : "removed";

    async ValueTask Add(CheckChanged change)
    {
        var (record, state) = (await records.Own(), change.Transition.To.Word());
        var subject = new StreamSubject { Zone = Zone, Node = Node, Groups = record.Groups, Check = change.Definition.Id, State = state };
        Put("check", subject, record, EventsJson.Default.CheckItem, number => new CheckItem(
            number, change.At, "check", "state", Zone, Node, change.Definition.Id, state, change.Transition.From.Word(),
            change.Transition.IsHard, change.Standing.Output, "this agent checked it"));
    }

    ValueTask Add(MemberChanged change)
    {
        if (!feeds.Views.IsShown(change.Zone, change.Member)) return ValueTask.CompletedTask;
        var (zone, member, state, record) = (MemberViews.ZoneOf(change.Zone, change.Member), change.Member, GossipJournal.Word(change.Member),
            records.Of(change));
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in member.Tags) tags[key] = value;
        Put("member", new StreamSubject { Zone = zone, Node = member.Name, Groups = record.Groups, State = state }, record,
            EventsJson.Default.MemberItem, number => new MemberItem(number, change.At, "member", Word(change.Change), zone, member.Name,
                member.Address.ToString(), state, tags, change.Cause));
        return ValueTask.CompletedTask;
    }

    static string Word(MemberChange change) => change switch
    {
        MemberChange.Join => "join",
        MemberChange.Leave => "leave",
        MemberChange.Failed => "failed",
        MemberChange.Update => "update",
        _ => "reap",
    };

    async ValueTask Add(MemberSuspected suspicion)
    {
        if (await records.Suspected(suspicion) is not { } found) return;
        Put("member", SubjectOf(found.View, found.Record), found.Record, EventsJson.Default.MemberItem, number =>
            ItemOf(number, suspicion.At, suspicion.IsSuspected ? "suspect" : "refute", found.View, suspicion.Cause));
    }

    static StreamSubject SubjectOf(MemberView view, NodeRecord record) =>
        new() { Zone = view.Zone, Node = view.Name, Groups = record.Groups, State = view.State };

    static MemberItem ItemOf(long number, DateTimeOffset at, string change, MemberView view, string cause) => new(number, at, "member", change,
        view.Zone, view.Name, view.Address.Contains(':') ? $"[{view.Address}]:{view.Port}" : $"{view.Address}:{view.Port}", view.State, view.Tags, cause);

    /// <summary>Another node: its groups and checks; and its coming and going when none of our pools tells it.</summary>
    async ValueTask Add(NodeChanged change)
    {
        var (zone, name) = (change.After.Zone, change.After.Name);
        if (change.Change == NodeChange.Said)
        {
            await AddSaid(change);
            return;
        }
        if (change.IsMember) return;
        var (word, status) = change.Change switch
        {
            NodeChange.Came => ("join", "alive"),
            NodeChange.Gone => ("failed", "failed"),
            _ => ("reap", "failed"),
        };
        var record = await records.Of(change.After, change.Change != NodeChange.Came);
        Put("member", new StreamSubject { Zone = zone, Node = name, Groups = record?.Groups ?? [], State = status }, record,
            EventsJson.Default.MemberItem, number => new MemberItem(number, change.At, "member", word, zone, name,
                change.After[NodeKeys.Fact + KnownNode.Address] ?? "", status, new Dictionary<string, string>(), "the proxies of its zone say so"));
    }

    async ValueTask AddSaid(NodeChanged change)
    {
        var (zone, name) = (change.After.Zone, change.After.Name);
        var (changedGroups, changedChecks) = (NodeDifference.Groups(change.Before, change.After).ToList(),
            NodeDifference.Checks(change.Before, change.After).ToList());
        if (changedGroups.Count + changedChecks.Count == 0) return;
        var record = await records.Of(change.After, isGone: false);
        var about = new StreamSubject { Zone = zone, Node = name, Groups = record?.Groups ?? [] };
        foreach (var item in changedGroups)
        {
            Put("group", about with { Groups = [item.Group] }, record, EventsJson.Default.GroupItem, number => new GroupItem(
                number, change.At, "group", Word(item.IsPresent), zone, name, item.Group, item.IsPresent, "", SaidSo));
        }
        foreach (var item in changedChecks)
        {
            var word = item.State == NodeDifference.Gone ? "removed" : item.Before is null ? "added" : "state";
            Put("check", about with { Check = item.Id, State = item.State }, record, EventsJson.Default.CheckItem, number => new CheckItem(
                number, change.At, "check", word, zone, name, item.Id, item.State, item.Before, true, item.Output, SaidSo));
        }
    }

    ValueTask Add(UserEventArrived arrived)
    {
        var (text, base64) = Payloads.Split(arrived.Payload);
        Put("event", new StreamSubject { Zone = arrived.Zone }, null, EventsJson.Default.UserItem, number =>
            new UserItem(number, arrived.At, "event", arrived.Zone, arrived.Name, arrived.LTime, text, base64));
        return ValueTask.CompletedTask;
    }

    void Put<T>(string topic, StreamSubject subject, NodeRecord? record, JsonTypeInfo<T> shape, Func<long, T> item) =>
        ring.Add(topic, subject, record?.Json, number => JsonSerializer.SerializeToUtf8Bytes(item(number), shape));

    /// <summary>The whole state: an item for each node, all with the number that it is the state at.</summary>
    public async Task<IReadOnlyList<StreamItem>> Snapshot(long sequence)
    {
        var at = clock.GetUtcNow();
        return
        [
            .. from node in await records.All()
               let item = ItemOf(sequence, at, "snapshot", node.View, "the state of the whole")
               select new StreamItem(sequence, "member", JsonSerializer.SerializeToUtf8Bytes(item, EventsJson.Default.MemberItem),
                   SubjectOf(node.View, node.Record), node.Record.Json),
        ];
    }

    [LoggerMessage(LogLevel.Error, "events: a {Change} was not told by a fault of the program")]
    static partial void LogFault(ILogger logger, string change, Exception e);
}
