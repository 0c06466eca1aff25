namespace OpsBro.Tests.Simulation;

/// <summary>What is due at a moment of virtual time.</summary>
enum SimEventKind : byte
{
    /// <summary>An engine wants to be called.</summary>
    Wake,

    /// <summary>A datagram reaches a node.</summary>
    Datagram,

    /// <summary>A request reaches the one who was dialed.</summary>
    Arrival,

    /// <summary>A stream is tried: for the first time, or again.</summary>
    Attempt,

    /// <summary>A stream's answer, or its end, reaches the one who dialed.</summary>
    StreamEnd,

    /// <summary>The scenario does something.</summary>
    Act,
}

/// <summary>Something due.</summary>
/// <param name="Kind">What.</param>
/// <param name="Node">Whom it reaches.</param>
/// <param name="From">Who sent the datagram.</param>
/// <param name="Length">Bytes of the datagram, whose buffer is larger.</param>
/// <param name="What">The buffer, the <see cref="SimStream"/> or the <see cref="Action"/>.</param>
readonly record struct SimEvent(SimEventKind Kind, int Node, int From, int Length, object? What);

/// <summary>Events by time; those of one moment in the order in which they were added, so that a run is the same again for the same seed.</summary>
sealed class SimEvents
{
    readonly PriorityQueue<SimEvent, Moment> queue = new();
    long added;

    /// <summary>Events that wait.</summary>
    public int Count => queue.Count;

    /// <summary>Time of the next event; <see cref="TimeSpan.MaxValue"/> when there is none.</summary>
    public TimeSpan Next => queue.TryPeek(out _, out var moment) ? new TimeSpan(moment.At) : TimeSpan.MaxValue;

    /// <summary>Adds an event.</summary>
    public void Add(TimeSpan at, in SimEvent what) => queue.Enqueue(what, new Moment(at.Ticks, added++));

    /// <summary>Takes the next one.</summary>
    public SimEvent Take() => queue.Dequeue();

    readonly record struct Moment(long At, long Order) : IComparable<Moment>
    {
        public int CompareTo(Moment other) => At != other.At ? At.CompareTo(other.At) : Order.CompareTo(other.Order);
    }
}
