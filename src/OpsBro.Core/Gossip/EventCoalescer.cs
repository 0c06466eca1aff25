namespace OpsBro.Core.Gossip;

/// <summary>
/// Gathers bursts for programs that are started or woken for each event: member changes, and events of users that are marked for it, wait
/// until nothing came for <see cref="Quiet"/>, at most <see cref="Window"/>. Of each member, and of each name, only the last counts.
/// Everything else goes through at once. Page: serf-wire.md A12.
/// </summary>
public sealed class EventCoalescer(Action<GossipEvent> emit)
{
    /// <summary>Longest wait since the first.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    /// <summary>Wait since the last.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    /// <summary>So many that wait are not held back any longer.</summary>
    public const int MaxWaiting = 4_096;

    readonly Dictionary<string, (MemberChange Change, Member Member)> members = [];
    readonly Dictionary<string, MemberChange> told = [];
    readonly Dictionary<string, List<EventNews>> users = [];
    Burst memberBurst, userBurst;
    int usersWaiting;

    /// <summary>When <see cref="Tick"/> must be called at the latest; null while nothing waits.</summary>
    public TimeSpan? Due => (memberBurst.Due, userBurst.Due) switch
    {
        (null, var due) => due,
        (var due, null) => due,
        ({ } one, { } other) => one < other ? one : other,
    };

    /// <summary>Takes news; those that are no event are passed over.</summary>
    public void Add(GossipNews news, TimeSpan now)
    {
        switch (news)
        {
            case MemberNews member:
                members[member.Member.Name] = (member.Change, member.Member);
                memberBurst.Came(now);
                if (members.Count >= MaxWaiting) TellMembers();
                break;
            case EventNews { Coalesce: true } user:
                AddUser(user, now);
                break;
            case EventNews user:
                emit(GossipEvent.Of(user));
                break;
            case QueryNews query:
                emit(GossipEvent.Of(query));
                break;
        }
    }

    /// <summary>Tells what has waited long enough.</summary>
    public void Tick(TimeSpan now)
    {
        if (memberBurst.Due <= now) TellMembers();
        if (userBurst.Due <= now) TellUsers();
    }

    void AddUser(EventNews user, TimeSpan now)
    {
        if (!users.TryGetValue(user.Name, out var same)) users[user.Name] = same = [];
        if (same.Count > 0 && user.LTime < same[0].LTime) return;
        if (same.Count > 0 && user.LTime > same[0].LTime)
        {
            usersWaiting -= same.Count;
            same.Clear();
        }
        same.Add(user);   // of one time there may be several: who is the last is not known
        usersWaiting++;
        userBurst.Came(now);
        if (usersWaiting >= MaxWaiting) TellUsers();
    }

    void TellMembers()
    {
        var byChange = new SortedDictionary<MemberChange, List<Member>>();
        foreach (var (name, (change, member)) in members)
        {
            // it went and came back within the window: nothing to tell. An update is always one
            if (told.TryGetValue(name, out var last) && last == change && change != MemberChange.Update) continue;
            if (change == MemberChange.Reap) told.Remove(name);
            else told[name] = change;
            if (!byChange.TryGetValue(change, out var list)) byChange[change] = list = [];
            list.Add(member);
        }
        members.Clear();
        memberBurst = default;
        foreach (var (change, list) in byChange) emit(GossipEvent.Of(change, list));
    }

    void TellUsers()
    {
        var all = users.Values.SelectMany(same => same).OrderBy(user => user.LTime).ToList();
        users.Clear();
        (userBurst, usersWaiting) = (default, 0);
        foreach (var user in all) emit(GossipEvent.Of(user));
    }

    /// <summary>When something came first and last.</summary>
    struct Burst
    {
        TimeSpan first, last;

        public TimeSpan? Due { get; set; }

        public void Came(TimeSpan now)
        {
            if (Due is null) first = now;
            last = now;
            Due = first + Window < last + Quiet ? first + Window : last + Quiet;
        }
    }
}
