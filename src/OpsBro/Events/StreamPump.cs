using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OpsBro.Platform;

namespace OpsBro.Events;

/// <summary>
/// Sends the stream to every reader of the websocket port, in rounds: one task goes over all of them, and no socket is waited for. The
/// rounds have pauses in proportion to their length, so that a thousand readers and any number of changes take a known part of a core at
/// most: what happens meanwhile goes out together.
/// </summary>
internal sealed partial class StreamPump
{
    /// <summary>A pause is so many times as long as the round before it: at most a tenth of a core.</summary>
    public const int Rest = 9;

    /// <summary>Longest pause.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(250);

    /// <summary>Rounds shorter than this need no pause: it would be shorter than a timer can be.</summary>
    static readonly TimeSpan shortRound = TimeSpan.FromMilliseconds(1) / Rest;

    /// <summary>A reader whose socket took nothing is tried again after so long.</summary>
    static readonly TimeSpan again = TimeSpan.FromMilliseconds(50);

    /// <summary>Pings and patience are looked at so often.</summary>
    static readonly TimeSpan tick = TimeSpan.FromSeconds(1);

    readonly EventRing ring;
    readonly StreamSnapshots snapshots;
    readonly Action<StreamClient> left;
    readonly Meter meter;
    readonly Func<TimeSpan> clock;
    readonly ILogger logger;
    readonly WakeUp wake = new();
    // in the order in which they were given: a goodbye is for those who came before it
    readonly ConcurrentQueue<(StreamClient? Newcomer, int Code, string Reason)> orders = new();
    readonly List<StreamClient> clients = [];
    readonly Dictionary<string, (StreamView View, int Readers)> views = new(StringComparer.Ordinal);
    readonly Lock gate = new();
    long sentBytes, cutOff, given;

    /// <summary>A pump; nothing runs yet.</summary>
    /// <param name="ring">The changes.</param>
    /// <param name="snapshots">Pictures of the whole.</param>
    /// <param name="left">Called for each reader that has gone.</param>
    /// <param name="meter">Counts rounds.</param>
    /// <param name="clock">Monotonic.</param>
    /// <param name="logger">Where faults are told.</param>
    public StreamPump(EventRing ring, StreamSnapshots snapshots, Action<StreamClient> left, Meter meter, Func<TimeSpan> clock, ILogger logger) =>
        (this.ring, this.snapshots, this.left, this.meter, this.clock, this.logger) = (ring, snapshots, left, meter, clock, logger);

    /// <summary>Bytes sent.</summary>
    public long SentBytes => Interlocked.Read(ref sentBytes);

    /// <summary>Readers that were cut off.</summary>
    public long CutOff => Interlocked.Read(ref cutOff);

    /// <summary>Times that a reader was given the whole state, of those who have gone.</summary>
    public long Snapshots => Interlocked.Read(ref given);

    /// <summary>Wakes it.</summary>
    public void Wake() => wake.Call();

    /// <summary>What readers with these wishes are sent. Give it back with <see cref="Leave"/>.</summary>
    public StreamView ViewFor(StreamWishes wishes)
    {
        lock (gate)
        {
            var (view, readers) = views.TryGetValue(wishes.Text, out var known) ? known : (new StreamView(ring, wishes), 0);
            views[wishes.Text] = (view, readers + 1);
            return view;
        }
    }

    /// <summary>A reader has gone.</summary>
    public void Leave(StreamView view)
    {
        lock (gate)
        {
            var key = view.Wishes.Text;
            if (!views.TryGetValue(key, out var known)) return;
            if (known.Readers <= 1) views.Remove(key);
            else views[key] = (known.View, known.Readers - 1);
        }
    }

    /// <summary>A new reader.</summary>
    public void Add(StreamClient client)
    {
        orders.Enqueue((client, 0, ""));
        Wake();
    }

    /// <summary>Says goodbye to every reader there is.</summary>
    public void EndAll(int code, string reason)
    {
        orders.Enqueue((null, code, reason));
        Wake();
    }

    /// <summary>Runs until it is told to stop; then says goodbye.</summary>
    public async Task Run(CancellationToken stop)
    {
        ring.Added += Wake;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var began = Monotonic.Now;
                var isBusy = Round(clock());
                var took = Monotonic.Now - began;
                if (clients.Count > 0) meter.Ran(took);
                if (took >= shortRound) await Task.Delay(took * Rest < LongestRest ? took * Rest : LongestRest, stop);
                await wake.Wait(clients.Count == 0 && orders.IsEmpty ? Timeout.InfiniteTimeSpan : isBusy ? again : tick, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
        ring.Added -= Wake;
        EndAll(WebSocketFrames.GoingAway, "the agent stops");
        // they have a moment to take it: what is closed at once may lose its last word
        for (var until = clock() + StreamClient.Goodbye; ;)
        {
            Round(clock());
            if (clients.Count == 0 || clock() >= until) break;
            await wake.Wait(again, CancellationToken.None);
        }
        foreach (var client in clients) Remove(client);
        clients.Clear();
    }

    /// <summary>Gives each reader what it can take.</summary>
    /// <returns>True when one of them is to be looked at soon.</returns>
    bool Round(TimeSpan now)
    {
        while (orders.TryDequeue(out var order))
        {
            if (order.Newcomer is { } newcomer) clients.Add(newcomer);
            else foreach (var client in clients) client.Session.End(order.Code, order.Reason);
        }
        if (clients.Count == 0) return false;
        var (isBusy, sent) = (false, 0L);
        for (var i = clients.Count - 1; i >= 0; i--)
        {
            var client = clients[i];
            if (Send(client, now, ref sent))
            {
                isBusy |= client.IsBusy;
                continue;
            }
            clients[i] = clients[^1];
            clients.RemoveAt(clients.Count - 1);
            Remove(client);
        }
        Interlocked.Add(ref sentBytes, sent);
        Tidy(now);
        return isBusy;
    }

    bool Send(StreamClient client, TimeSpan now, ref long sent)
    {
        try
        {
            return client.Send(now, ref sent);
        }
        // the border of a reader: it is sent away, and the others are served
        catch (Exception e)
        {
            LogFault(logger, e);
            return false;
        }
    }

    void Remove(StreamClient client)
    {
        if (client.IsCut)
        {
            Interlocked.Increment(ref cutOff);
            meter.Drop();
        }
        Interlocked.Add(ref given, client.Session.Cursor.Snapshots);
        client.Dispose();
        Leave(client.View);
        left(client);
    }

    void Tidy(TimeSpan now)
    {
        snapshots.Tidy();
        lock (gate)
        {
            foreach (var (view, _) in views.Values) view.Tidy(now);
        }
    }

    [LoggerMessage(LogLevel.Error, "websocket: a reader was sent away by a fault of the program")]
    static partial void LogFault(ILogger logger, Exception e);
}
