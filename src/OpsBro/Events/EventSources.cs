using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Hosting;
using OpsBro.Agent;
using OpsBro.Checks;
using OpsBro.Core.Checks;
using OpsBro.Detectors;

namespace OpsBro.Events;

/// <summary>Turns what the slices tell on their feeds into items of the stream.</summary>
internal sealed class EventSources(EventRing ring, AgentState self, Groups groups, Feed<CheckChanged> checks) : BackgroundService
{
    // from the very start: what changes before the loop runs is told as well
    readonly Feed<GroupChanged>.Subscription groupChanges = groups.Changes.Subscribe();
    readonly Feed<CheckChanged>.Subscription checkChanges = checks.Subscribe();

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Each(groupChanges, Add, stoppingToken),
        Each(checkChanges, Add, stoppingToken));

    static async Task Each<T>(Feed<T>.Subscription subscription, Action<T> add, CancellationToken stop)
    {
        using (subscription)
        {
            await foreach (var item in subscription.Items.ReadAllAsync(stop)) add(item);
        }
    }

    void Add(GroupChanged change) => Put("group", EventsJson.Default.GroupItem, number =>
        new GroupItem(number, change.At, "group", "", self.Identity.Name, change.Group, change.IsPresent, change.By));

    void Add(CheckChanged change) => Put("check", EventsJson.Default.CheckItem, number => new CheckItem(
        number, change.At, "check", "", self.Identity.Name, change.Definition.Id, change.Transition.To.Word(), change.Transition.From.Word(),
        change.Transition.IsHard, change.Standing.Output));

    void Put<T>(string topic, JsonTypeInfo<T> shape, Func<long, T> item) =>
        ring.Add(topic, number => JsonSerializer.SerializeToUtf8Bytes(item(number), shape));
}
