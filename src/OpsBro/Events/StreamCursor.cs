using System.Text.Json;

namespace OpsBro.Events;

/// <summary>
/// Where one reader is: a greeting, then what comes after its position; when that is lost, a notice and the whole state, then on from there.
/// Its queue is its position in the ring: a slow reader costs nothing. Used by one thread at a time.
/// </summary>
/// <param name="ring">The changes.</param>
/// <param name="view">What readers like this one are sent.</param>
/// <param name="snapshots">Pictures of the whole.</param>
/// <param name="greeting">Who we are, and when.</param>
/// <param name="since">The last change that the reader has; null for none.</param>
internal sealed class StreamCursor(EventRing ring, StreamView view, StreamSnapshots snapshots, Func<long, HelloView> greeting, long? since)
{
    enum Step
    {
        Hello,
        Items,
        Waiting,
        Snapshot,
    }

    Step step;
    Task<StreamSnapshot>? taking;
    StreamSnapshot? whole;
    TimeSpan wholeAt;
    int nextNode;

    /// <summary>The last change that was handed out.</summary>
    public long Position { get; private set; } = since ?? ring.Newest;

    /// <summary>What the reader wants.</summary>
    public StreamWishes Wishes => view.Wishes;

    /// <summary>Times that it was given the whole state because it lost changes.</summary>
    public int Snapshots { get; private set; }

    /// <summary>Ends when <see cref="Next"/> may have more.</summary>
    public Task More => step == Step.Waiting ? taking! : ring.MoreThan(Position);

    /// <summary>True while the whole state is being made for it.</summary>
    public bool IsWaiting => step == Step.Waiting;

    /// <summary>How long it has held a picture of the whole state; nothing while it has none.</summary>
    public TimeSpan HasWholeSince(TimeSpan now) => step == Step.Snapshot ? now - wholeAt : default;

    /// <summary>The next bytes for the reader; empty when there is nothing now.</summary>
    public ReadOnlyMemory<byte> Next(TimeSpan now)
    {
        switch (step)
        {
            case Step.Hello:
                step = Step.Items;
                var newest = ring.Newest;
                // a reader that resumes keeps its number until it has what comes after it
                return view.Notice("hello", Position == newest ? newest : null, JsonSerializer.SerializeToUtf8Bytes(
                    greeting(newest), EventsJson.Default.HelloView));
            case Step.Items:
                while (true)
                {
                    if (view.After(Position) is not { } page)
                    {
                        taking = snapshots.Take();
                        step = Step.Waiting;
                        return Next(now);
                    }
                    if (page.To == Position) return default;
                    Position = page.To;
                    if (page.Bytes.Length > 0) return page.Bytes;
                }
            case Step.Waiting:
                if (!taking!.IsCompleted) return default;
                (whole, wholeAt, taking, nextNode, step) = (taking.Result, now, null, 0, Step.Snapshot);
                Snapshots++;
                return view.Notice("snapshot", null, JsonSerializer.SerializeToUtf8Bytes(new SnapshotView(whole.Sequence, Position,
                    $"changes after {Position} are not here any more; this is the whole state, then it goes on"), EventsJson.Default.SnapshotView));
            default:
                while (nextNode < whole!.Nodes.Count)
                {
                    var part = view.Part(whole, nextNode, now);
                    nextNode = part.To;
                    if (part.Bytes.Length > 0) return part.Bytes;
                }
                (step, Position, whole) = (Step.Items, whole.Sequence, null);
                return view.Notice("snapshot-done", Position,
                    JsonSerializer.SerializeToUtf8Bytes(new SnapshotDoneView(Position), EventsJson.Default.SnapshotDoneView));
        }
    }
}
