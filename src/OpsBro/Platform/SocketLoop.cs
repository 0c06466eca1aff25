using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>
/// One thread that waits for many sockets and itself does what there is to do: a request or message changes no thread, and what costs as much for many
/// as for one (a commit, a message to another host) is done once for all that came together, at the end of a <em>turn</em> (<see cref="AtEnd"/>).
/// For short work only. A thread that has not come back after <see cref="TooLong"/>, because a disk hangs, is replaced: it ends what it is at, and the
/// new one does all the rest. See epoll(7); the edges are waited for.
/// </summary>
internal sealed unsafe partial class SocketLoop
{
    /// <summary>Sockets that one turn serves at most.</summary>
    public const int MaxEvents = 64;

    /// <summary>After so long in one turn the thread is replaced; looked at as often.</summary>
    public static readonly TimeSpan TooLong = TimeSpan.FromMilliseconds(100);

    /// <summary>Threads at once: the one that waits, and those that have been replaced and have not come back. Then all wait for one of them.</summary>
    public const int MaxThreads = 64;

    const uint In = 1, Out = 4, Error = 8, HangUp = 0x10, ReadHangUp = 0x2000, EdgeTriggered = 1u << 31;
    const int AddOne = 1, ChangeOne = 3, CloseOnExec = 0x80000, Interrupted = 4, StackBytes = 1024 * 1024;

    static readonly Lazy<SocketLoop> shared = new(() => new SocketLoop());

    /// <summary>struct epoll_event is packed on x64 only.</summary>
    static readonly int dataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    [ThreadStatic]
    static Turn? here;

    readonly int epoll;
    readonly Lock gate = new();
    readonly ConcurrentDictionary<long, SocketPlace> places = [];
    readonly Timer watch;
    Turn leader;
    long lastId, turns, seenTurns;
    int threads;
    bool isWatched;

    SocketLoop()
    {
        epoll = epoll_create1(CloseOnExec);
        if (epoll < 0) throw new SocketException(Marshal.GetLastPInvokeError());
        watch = new Timer(_ => Watch());
        Start(leader = new Turn(this));
    }

    /// <summary>That of the process.</summary>
    public static SocketLoop Shared => shared.Value;

    /// <summary>True on the thread of a turn.</summary>
    public static bool IsHere => here is not null;

    /// <summary>Sockets that are waited for.</summary>
    public int Count => places.Count;

    /// <summary>
    /// Does something once at the end of the present turn, however often it is asked for; on the thread of a turn only. A thread that has been replaced
    /// does it at once: nobody knows when its turn ends. It throws nothing.
    /// </summary>
    public static void AtEnd(Action what)
    {
        var turn = here!;
        lock (turn.Loop.gate)
        {
            if (turn.Loop.leader == turn)
            {
                if (!turn.Ends.Contains(what)) turn.Ends.Enqueue(what);
                return;
            }
        }
        what();
    }

    /// <summary>Waits for a socket until it is closed, or its place is left. No asynchronous call of .NET may be used on it.</summary>
    /// <param name="socket">Which one; it does not block from now on.</param>
    /// <param name="ready">
    /// Told on the loop's thread, one at a time, that it became ready; told once for each change, so that all that is there is taken, or
    /// <see cref="SocketPlace.Again"/> is called. It throws nothing.
    /// </param>
    /// <exception cref="SocketException">The kernel cannot wait for more.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public SocketPlace Add(Socket socket, Action<SocketPlace, SocketReady> ready)
    {
        socket.Blocking = false;
        var place = new SocketPlace(this, socket, Interlocked.Increment(ref lastId), ready);
        places[place.Id] = place;
        if (Control(AddOne, place) == 0) return place;
        var error = Marshal.GetLastPInvokeError();
        places.TryRemove(place.Id, out _);
        throw new SocketException(error);
    }

    /// <summary>Nothing is told of a place any more.</summary>
    public void Leave(SocketPlace place) => places.TryRemove(place.Id, out _);

    /// <summary>What is ready at a place is told once more, after the others.</summary>
    public void Again(SocketPlace place)
    {
        try
        {
            _ = Control(ChangeOne, place);
        }
        catch (ObjectDisposedException)
        {
            // it has been closed meanwhile: nothing is ready there any more
        }
    }

    int Control(int operation, SocketPlace place)
    {
        var about = stackalloc byte[16];
        *(uint*)about = In | Out | ReadHangUp | EdgeTriggered;
        *(long*)(about + dataAt) = place.Id;
        return epoll_ctl(epoll, operation, place.Socket.SafeHandle, about);
    }

    void Start(Turn turn)
    {
        threads++;
        // unsafe: what is local to whoever happened to be the first user is not everybody's
        new Thread(() => Run(turn), StackBytes) { IsBackground = true, Name = "sockets" }.UnsafeStart();
    }

    void Run(Turn turn)
    {
        here = turn;
        var events = stackalloc byte[MaxEvents * 16];
        while (true)
        {
            while (Next(turn) is ({ } place, var ready)) place.Tell(ready);
            while (NextEnd(turn) is { } end) end();
            lock (gate)
            {
                if (leader != turn)
                {
                    threads--;
                    return;
                }
                turn.BusySince = 0;
            }
            var count = epoll_wait(epoll, events, MaxEvents, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Interrupted) throw new SocketException(Marshal.GetLastPInvokeError());
            Begin(turn, events, count);
        }
    }

    void Begin(Turn turn, byte* events, int count)
    {
        lock (gate)
        {
            for (var i = 0; i < count; i++)
            {
                var one = events + (i * (dataAt + sizeof(long)));
                turn.Events.Enqueue((*(long*)(one + dataAt), *(uint*)one));
            }
            (turn.BusySince, turns) = (Environment.TickCount64, turns + 1);
            if (isWatched) return;
            isWatched = true;
            watch.Change(TooLong, TooLong);
        }
    }

    (SocketPlace? Place, SocketReady Ready) Next(Turn turn)
    {
        lock (gate)
        {
            while (turn.Events.TryDequeue(out var one))
            {
                if (!places.TryGetValue(one.Id, out var place)) continue;
                var isOver = (one.What & (Error | HangUp)) != 0;
                return (place, (isOver || (one.What & (In | ReadHangUp)) != 0 ? SocketReady.Read : 0)
                    | (isOver || (one.What & Out) != 0 ? SocketReady.Write : 0) | (isOver || (one.What & ReadHangUp) != 0 ? SocketReady.End : 0));
            }
        }
        return default;
    }

    Action? NextEnd(Turn turn)
    {
        lock (gate) return turn.Ends.TryDequeue(out var end) ? end : null;
    }

    /// <summary>A thread that does not come back is replaced by another one, which takes what it has not begun. Nobody looks while nothing happens.</summary>
    void Watch()
    {
        lock (gate)
        {
            if (leader.BusySince == 0)
            {
                if (turns == seenTurns)
                {
                    isWatched = false;
                    watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                }
                seenTurns = turns;
                return;
            }
            if (Environment.TickCount64 - leader.BusySince < TooLong.TotalMilliseconds || threads == MaxThreads) return;
            var next = new Turn(this);
            while (leader.Events.TryDequeue(out var one)) next.Events.Enqueue(one);
            while (leader.Ends.TryDequeue(out var end)) next.Ends.Enqueue(end);
            Start(leader = next);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, SafeHandle socket, byte* about);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int most, int milliseconds);

    /// <summary>What a thread does between two waits; all of it is the loop's <see cref="gate"/>'s.</summary>
    sealed class Turn(SocketLoop loop)
    {
        /// <summary>Whose.</summary>
        public SocketLoop Loop => loop;

        /// <summary>What is ready, and has not been begun.</summary>
        public Queue<(long Id, uint What)> Events { get; } = [];

        /// <summary>What is to be done at the end, which may ask for more.</summary>
        public Queue<Action> Ends { get; } = [];

        /// <summary>Since when, in milliseconds of <see cref="Environment.TickCount64"/>; 0 while it waits.</summary>
        public long BusySince { get; set; } = Environment.TickCount64;
    }
}

/// <summary>For what a socket became ready.</summary>
[Flags]
internal enum SocketReady
{
    /// <summary>There is something to receive.</summary>
    Read = 1,

    /// <summary>There is room to send.</summary>
    Write = 2,

    /// <summary>The end is among what there is to receive.</summary>
    End = 4,
}

/// <summary>A socket that the loop waits for.</summary>
/// <param name="loop">Which one.</param>
/// <param name="socket">The socket.</param>
/// <param name="id">Its number, never used again.</param>
/// <param name="ready">What is told.</param>
internal sealed class SocketPlace(SocketLoop loop, Socket socket, long id, Action<SocketPlace, SocketReady> ready)
{
    int pending, running;

    /// <summary>The socket.</summary>
    public Socket Socket => socket;

    /// <summary>Its number.</summary>
    public long Id => id;

    /// <summary>What is ready is told once more, after the others.</summary>
    public void Again() => loop.Again(this);

    /// <summary>Nothing is told any more; who leaves may still be told at this moment.</summary>
    public void Leave() => loop.Leave(this);

    /// <summary>Tells it, unless another thread does so, which then tells this too.</summary>
    public void Tell(SocketReady what)
    {
        Interlocked.Or(ref pending, (int)what);
        while (Volatile.Read(ref pending) != 0 && Interlocked.Exchange(ref running, 1) == 0)
        {
            if (Interlocked.Exchange(ref pending, 0) is var now and not 0) ready(this, (SocketReady)now);
            Volatile.Write(ref running, 0);
            Interlocked.MemoryBarrier();   // it is free before it is looked whether somebody found it taken
        }
    }
}
