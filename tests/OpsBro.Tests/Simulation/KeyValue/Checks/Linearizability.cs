namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>What a step of a register does.</summary>
enum StepKind
{
    /// <summary>Sets it, whatever it was.</summary>
    Write,

    /// <summary>Sets it if it was the expected value.</summary>
    Swap,

    /// <summary>Sees its value.</summary>
    Read,

    /// <summary>A swap that was refused and told the value: that one is not the expected one.</summary>
    RefusedSwap,
}

/// <summary>A step of a client on one register. Values are numbers; 0 is none.</summary>
/// <param name="Number">The attempt's number, for people.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Expected">The value that a swap expects.</param>
/// <param name="Value">The value that is set, or was seen.</param>
/// <param name="Begin">When it began.</param>
/// <param name="End">When it ended; null when nobody knows whether it happened: at any later time, or never.</param>
readonly record struct RegisterStep(int Number, StepKind Kind, int Expected, int Value, TimeSpan Begin, TimeSpan? End);

/// <summary>How a search ended.</summary>
enum Verdict
{
    /// <summary>There is an order that explains everything.</summary>
    Linearizable,

    /// <summary>There is none.</summary>
    NotLinearizable,

    /// <summary>The search was given up.</summary>
    TooLong,
}

/// <summary>
/// Is there an order of the steps of one register, each between its beginning and its end, that explains what all saw? Depth first with a set of the
/// places that were seen: Wing and Gong, "Testing and verifying concurrent objects", 1993, as improved by Lowe, "Testing for linearizability", 2017.
/// </summary>
sealed class Linearizability
{
    readonly RegisterStep[] steps;
    readonly ulong[] marks;
    readonly Event head;
    readonly HashSet<Place> seen = [];
    readonly Stack<(Event Call, int Value)> path = [];
    readonly ulong[] done;
    int missing;
    IReadOnlyList<int> longest = [];

    Linearizability(RegisterStep[] steps)
    {
        this.steps = steps;
        done = new ulong[(steps.Length + 63) / 64];
        missing = steps.Count(step => step.End is not null);
        var random = new Core.Gossip.Chance(1);
        marks = [.. steps.Select(_ => random.Next())];
        head = Order(steps);
    }

    /// <summary>Searches; the numbers are those of the attempts in the longest order that was found.</summary>
    /// <param name="steps">The steps of one register, which is 0 at first.</param>
    /// <param name="limit">Places looked at before it is given up.</param>
    public static (Verdict Verdict, IReadOnlyList<int> Longest) Search(IEnumerable<RegisterStep> steps, int limit)
    {
        var search = new Linearizability([.. steps]);
        return (search.Run(limit), search.longest);
    }

    Verdict Run(int limit)
    {
        var (value, hash) = (0, 0ul);
        var at = head.Next;
        while (missing > 0)
        {
            if (at is { IsCall: true })
            {
                var step = steps[at.Step];
                if (Applies(step, value))
                {
                    var after = step.Kind is StepKind.Write or StepKind.Swap ? step.Value : value;
                    Flip(at.Step);
                    if (seen.Add(new Place(hash ^ marks[at.Step], (ulong[])done.Clone(), after)))
                    {
                        if (seen.Count > limit) return Verdict.TooLong;
                        path.Push((at, value));
                        hash ^= marks[at.Step];
                        value = after;
                        if (step.End is not null) missing--;
                        if (path.Count > longest.Count) longest = [.. path.Reverse().Select(p => steps[p.Call.Step].Number)];
                        Lift(at);
                        at = head.Next;
                        continue;
                    }
                    Flip(at.Step);
                }
                at = at.Next;
                continue;
            }
            // a step has ended and was not placed, or all that is left is of unknown fate and does not help: back
            if (path.Count == 0) return Verdict.NotLinearizable;
            (at, value) = path.Pop();
            Flip(at.Step);
            hash ^= marks[at.Step];
            if (steps[at.Step].End is not null) missing++;
            Unlift(at);
            at = at.Next;
        }
        return Verdict.Linearizable;
    }

    static bool Applies(in RegisterStep step, int value) => step.Kind switch
    {
        StepKind.Write => true,
        StepKind.Swap => value == step.Expected,
        StepKind.Read => value == step.Value,
        _ => value == step.Value && value != step.Expected,
    };

    void Flip(int step) => done[step >> 6] ^= 1ul << (step & 63);

    /// <summary>Beginnings and ends by time; steps that touch are taken for concurrent.</summary>
    static Event Order(RegisterStep[] steps)
    {
        var events = new List<(TimeSpan At, Event Event)>();
        for (var i = 0; i < steps.Length; i++)
        {
            var call = new Event { Step = i, IsCall = true };
            events.Add((steps[i].Begin, call));
            if (steps[i].End is not { } end) continue;
            call.Return = new Event { Step = i };
            events.Add((end, call.Return));
        }
        var (head, last) = (new Event(), (Event?)null);
        last = head;
        foreach (var (_, next) in events.OrderBy(e => e.At).ThenBy(e => e.Event.IsCall ? 0 : 1))
        {
            (last.Next, next.Previous) = (next, last);
            last = next;
        }
        return head;
    }

    static void Lift(Event call)
    {
        Remove(call);
        if (call.Return is { } end) Remove(end);
    }

    static void Unlift(Event call)
    {
        if (call.Return is { } end) Insert(end);
        Insert(call);
    }

    static void Remove(Event what)
    {
        what.Previous!.Next = what.Next;
        if (what.Next is { } next) next.Previous = what.Previous;
    }

    static void Insert(Event what)
    {
        what.Previous!.Next = what;
        if (what.Next is { } next) next.Previous = what;
    }

    /// <summary>The beginning or the end of a step, in a list from which placed steps are lifted out and put back.</summary>
    sealed class Event
    {
        public int Step { get; init; }
        public bool IsCall { get; init; }
        public Event? Return { get; set; }
        public Event? Previous { get; set; }
        public Event? Next { get; set; }
    }

    /// <summary>Which steps are placed, and the value after them.</summary>
    readonly struct Place(ulong hash, ulong[] done, int value) : IEquatable<Place>
    {
        readonly ulong hash = hash;
        readonly ulong[] done = done;
        readonly int value = value;

        public bool Equals(Place other) => hash == other.hash && value == other.value && done.AsSpan().SequenceEqual(other.done);

        public override bool Equals(object? other) => other is Place place && Equals(place);

        public override int GetHashCode() => (int)hash ^ value;
    }
}
