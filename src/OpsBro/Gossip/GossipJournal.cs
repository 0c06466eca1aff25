using Microsoft.Extensions.Logging;
using OpsBro.Core.Gossip;
using OpsBro.Storage;

namespace OpsBro.Gossip;

/// <summary>
/// Tells the rest of the agent what happens in the pools: the history (kind <c>gossip</c>), the feeds, the log, and the last events for
/// who asks later. Called on the pools' threads; nothing here waits.
/// </summary>
internal sealed partial class GossipJournal(
    HistoryLog history, Feed<MemberChanged> members, Feed<MemberSuspected> suspicions, Feed<UserEventArrived> events,
    Feed<QueryArrived> queries, Feed<PoolNews> all, TimeProvider time, ILogger<GossipJournal> logger)
{
    /// <summary>The noun of its history.</summary>
    public const string HistoryKind = "gossip";

    /// <summary>Events remembered; beyond it the oldest is forgotten.</summary>
    public const int MaxEvents = 512;

    readonly Lock gate = new();
    readonly Queue<UserEventArrived> past = [];

    /// <summary>The last events, oldest first.</summary>
    public UserEventArrived[] Events
    {
        get
        {
            lock (gate) return [.. past];
        }
    }

    /// <summary>A member changed.</summary>
    public void Changed(GossipPool pool, MemberNews news, MemberStatus before)
    {
        all.Publish(new PoolNews(pool, news));
        var change = new MemberChanged(time.GetUtcNow(), pool.Settings.Zone, news.Change, before, news.Member, news.Cause);
        members.Publish(change);
        // tags change often and say nothing about who is there
        if (news.Change == MemberChange.Update) return;
        var now = news.Change == MemberChange.Reap ? "forgotten" : Word(news.Member);
        history.Add(new HistoryEntry(change.At, HistoryKind, news.Member.Name, Word(before), now, news.Cause));
        LogChanged(logger, news.Member.Name, news.Member.Address.ToString(), Word(before), now, news.Cause);
    }

    /// <summary>A line of the history that is no change of status.</summary>
    public void Said(GossipPool pool, HistoryNews news)
    {
        var text = news.From.Length > 0 ? $"by {news.From}: {news.Text}" : news.Text;
        history.Add(new HistoryEntry(time.GetUtcNow(), HistoryKind, news.Node, "", news.Kind, text));
        if (news.Kind is "suspect" or "refute" && news.Node != pool.Settings.Name)
            suspicions.Publish(new MemberSuspected(time.GetUtcNow(), pool.Settings.Zone, news.Node, news.Kind == "suspect", text));
    }

    /// <summary>Something of the pool itself: an operator reads it under the node's own name.</summary>
    public void Noted(string node, string kind, string text)
    {
        history.Add(new HistoryEntry(time.GetUtcNow(), HistoryKind, node, "", kind, text));
        LogNoted(logger, kind, text);
    }

    /// <summary>An event arrived.</summary>
    public void Arrived(GossipPool pool, EventNews news)
    {
        all.Publish(new PoolNews(pool, news));
        var arrived = new UserEventArrived(time.GetUtcNow(), pool.Settings.Zone, news.LTime, news.Name, news.Payload, news.Coalesce);
        lock (gate)
        {
            if (past.Count >= MaxEvents) past.Dequeue();
            past.Enqueue(arrived);
        }
        events.Publish(arrived);
    }

    /// <summary>A query for us arrived.</summary>
    public void Asked(GossipPool pool, QueryNews news)
    {
        all.Publish(new PoolNews(pool, news));
        queries.Publish(new QueryArrived(pool, news.Key, news.Query, news.Deadline));
    }

    /// <summary>A status in one word, in lower case; empty for one that is not known.</summary>
    public static string Word(MemberStatus status) => status switch
    {
        MemberStatus.Alive => "alive",
        MemberStatus.Leaving => "leaving",
        MemberStatus.Left => "left",
        MemberStatus.Failed => "failed",
        _ => "",
    };

    /// <summary>How a member is, in one word: <c>suspect</c> is one that is alive and does not answer.</summary>
    public static string Word(Member member) => member is { Status: MemberStatus.Alive, Suspected: true } ? "suspect" : Word(member.Status);

    [LoggerMessage(LogLevel.Information, "{Node} ({Address}): {Before} → {Now}; {Cause}")]
    static partial void LogChanged(ILogger logger, string node, string address, string before, string now, string cause);

    [LoggerMessage(LogLevel.Information, "{Kind}: {Text}")]
    static partial void LogNoted(ILogger logger, string kind, string text);
}
