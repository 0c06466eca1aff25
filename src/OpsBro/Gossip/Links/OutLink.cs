using System.Buffers;
using System.Net.Sockets;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>
/// The way to one member: what waits for it, and the link once there is one. Small messages are gathered while the link is busy. A pump
/// runs while something waits; it alone dials, seals and writes. It begins on the pool, or on the thread of who sends, which is quicker.
/// </summary>
internal sealed class OutLink(Links owner, string name) : IThreadPoolWorkItem
{
    /// <summary>First and longest pause between two dials that fail.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A link that held so long was a good one: the next dial need not wait.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    /// <summary>Dials in a row that fail before somebody is told.</summary>
    public const int Worrying = 4;

    /// <summary>Messages of so long stand in one frame at most: they grow too old together.</summary>
    public static readonly TimeSpan Together = TimeSpan.FromMilliseconds(500);

    readonly Lock gate = new();
    readonly Queue<LinkParcel> waiting = [];
    readonly SemaphoreSlim wake = new(0, 1);
    LinkParcel? last;   // the end of the queue
    PeerAddress address;
    TimeSpan notBefore;
    long queued;
    int failures;
    string lastError = "";
    bool isPumping, isClosed, mustRenew;
    OutWire? wire;

    /// <summary>Where the member is.</summary>
    public PeerAddress Address
    {
        get
        {
            lock (gate) return address;
        }
    }

    /// <summary>The member is there, perhaps elsewhere than before.</summary>
    public void Found(PeerAddress at, bool isBack)
    {
        lock (gate)
        {
            if (at != address) wire?.End();
            if (at != address || isBack)
            {
                (failures, notBefore) = (0, default);
                Wake();
            }
            address = at;
        }
    }

    /// <summary>Queues a message; false when there is no room.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="body">The message, copied.</param>
    /// <param name="isLater">The caller calls <see cref="Start"/> soon.</param>
    public bool Send(byte kind, ReadOnlySpan<byte> body, bool isLater = false)
    {
        var size = LinkMessages.HeaderSize + body.Length;
        var now = Monotonic.Now;
        lock (gate)
        {
            if (isClosed) return false;
            if (queued + size > Links.MaxQueued) DropOld(now);
            if (queued + size > Links.MaxQueued) return false;
            if (last is null || !last.HasRoom(size) || now - last.Began > Together) waiting.Enqueue(last = new LinkParcel(size, now));
            last.Add(kind, body);
            queued += size;
            if (isPumping || isLater) return true;
            isPumping = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    /// <summary>Sends what waits, on this thread when the link is open and free, and no more than a frame.</summary>
    public void Start()
    {
        lock (gate)
        {
            if (isPumping || waiting.Count == 0) return;
            isPumping = true;
        }
        _ = Guard(isLent: true);
    }

    /// <summary>The link says hello again before the next message, under the key of then.</summary>
    public void Renew()
    {
        lock (gate)
        {
            mustRenew = true;
            (failures, notBefore) = (0, default);
            Wake();
            if (isPumping || wire is null) return;
            isPumping = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Closes what nobody uses, and what is stuck.</summary>
    public void Watch(TimeSpan now)
    {
        if (wire is not { IsOver: false } open) return;
        if (open.IsStuck(now)) open.End();
        else if (now - open.LastUse > Links.Idle) Renew();
    }

    /// <summary>Why messages do not reach the member, for people; empty when they do, when it is not sure yet, and when there are none.</summary>
    public string Trouble
    {
        get
        {
            lock (gate)
            {
                var isWanted = wire is not { IsOver: false } && failures >= Worrying && Monotonic.Now - notBefore < Links.Idle;
                return isWanted ? $"no link to {name} ({address}): {lastError}" : "";
            }
        }
    }

    /// <summary>Ends the link and forgets what waits; the next message makes a new one.</summary>
    public void Drop()
    {
        lock (gate)
        {
            while (waiting.TryDequeue(out var parcel)) Forget(parcel);
            (last, queued) = (null, 0);
            wire?.End();
            Wake();
        }
    }

    /// <summary>The member is gone.</summary>
    public void Close()
    {
        lock (gate) isClosed = true;
        Drop();
    }

    /// <inheritdoc/>
    public void Execute() => _ = Guard(isLent: false);

    async Task Guard(bool isLent)
    {
        try
        {
            await Pump(isLent);
        }
        // the border of a link: nobody waits for it, and a pump that is thought to run would be silence for ever
        catch (Exception e)
        {
            owner.Broke(name, e);
            Drop();
            lock (gate)
            {
                isPumping = false;
                Failed("a fault of the program");
            }
        }
    }

    async Task Pump(bool isLent)
    {
        var hasSent = false;
        while (true)
        {
            var mustHello = false;
            var pause = TimeSpan.Zero;
            LinkParcel? parcel = null;
            lock (gate)
            {
                var now = Monotonic.Now;
                var isUp = wire is { IsOver: false };
                if (isLent && (mustRenew || (waiting.Count > 0 && (hasSent || !isUp))))
                {
                    // dialing, and more than a frame, is not for a thread that has other things to do
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }
                (mustHello, mustRenew) = (mustRenew, false);
                if (!isUp) DropOld(now);
                if (!mustHello)
                {
                    if (waiting.Count == 0)
                    {
                        isPumping = false;
                        return;
                    }
                    if (!isUp) pause = notBefore - now;
                    else
                    {
                        parcel = waiting.Dequeue();
                        queued -= parcel.Length;
                        if (parcel == last) last = null;
                        hasSent = true;
                    }
                }
            }
            if (parcel is not null) await Write(wire!, parcel);
            else if (mustHello) await EndGently();
            else if (pause > TimeSpan.Zero) await wake.WaitAsync(pause);
            else await Connect();
        }
    }

    async Task Connect()
    {
        var to = Address;
        var (made, error) = await owner.Dial(name, to);
        lock (gate)
        {
            if (made is null)
            {
                Failed(error);
                return;
            }
            wire = made;
            if (isClosed || to != address) made.End();
        }
        _ = Attend(made);
        await Write(made, new LinkParcel(0, made.Began));   // proves that we are no recording
    }

    /// <summary>The other side says nothing: when something comes, or the end, the link is over.</summary>
    async Task Attend(OutWire open)
    {
        await open.Attend();
        lock (gate)
        {
            if (open.IsMeant) return;
            if (Monotonic.Now - open.Began < Settled) Failed("it was closed at once");
            else failures = 0;
        }
    }

    async Task Write(OutWire to, LinkParcel parcel)
    {
        try
        {
            var began = to.LastUse = Monotonic.Now;
            await to.Send(parcel);
            owner.Counters.Sent(parcel.Count, Monotonic.Now - began);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            owner.Counters.Drop(parcel.Count);
            to.End();
        }
        finally
        {
            parcel.Return();
        }
    }

    /// <summary>Lets the peer take all that is under way, and close: so nothing is lost, and nothing overtakes.</summary>
    async Task EndGently()
    {
        if (wire is not { IsOver: false } open) return;
        try
        {
            open.IsMeant = true;
            open.Shutdown();
            await open.Attended.WaitAsync(Links.Stuck);
        }
        catch (Exception e) when (e is TimeoutException or SocketException or ObjectDisposedException)
        {
            // it ends all the same
        }
        open.End();
    }

    void Failed(string why)
    {
        lastError = why;
        var pause = FirstPause * Math.Pow(2, Math.Min(failures++, 10)) * (0.75 + Random.Shared.NextDouble() / 2);
        notBefore = Monotonic.Now + (pause < LongestPause ? pause : LongestPause);
    }

    void DropOld(TimeSpan now)
    {
        while (waiting.TryPeek(out var parcel) && now - parcel.Began > Links.TooOld)
        {
            queued -= parcel.Length;
            if (parcel == last) last = null;
            Forget(waiting.Dequeue());
        }
    }

    void Forget(LinkParcel parcel)
    {
        owner.Counters.Drop(parcel.Count);
        parcel.Return();
    }

    void Wake()
    {
        if (wake.CurrentCount == 0) wake.Release();
    }
}

/// <summary>Messages that travel in one frame: a pooled buffer with room for what is put around them.</summary>
internal sealed class LinkParcel
{
    readonly byte[] buffer;

    /// <summary>A parcel whose first message takes so many bytes.</summary>
    public LinkParcel(int first, TimeSpan began)
    {
        var room = Math.Max(first, first == 0 ? 0 : LinkMessages.Gathered);
        buffer = ArrayPool<byte>.Shared.Rent(LinkCipher.HeaderSize + room + Envelope.TagSize);
        Began = began;
    }

    /// <summary>When its first message was queued.</summary>
    public TimeSpan Began { get; }

    /// <summary>Bytes of its messages.</summary>
    public int Length { get; private set; }

    /// <summary>Messages.</summary>
    public int Count { get; private set; }

    /// <summary>True when so many more bytes may travel along.</summary>
    public bool HasRoom(int size) => Length + size <= LinkMessages.Gathered;

    /// <summary>Adds a message; there is room.</summary>
    public void Add(byte kind, ReadOnlySpan<byte> body)
    {
        Length += LinkMessages.Write(buffer.AsSpan(LinkCipher.HeaderSize + Length), kind, body);
        Count++;
    }

    /// <summary>The frame.</summary>
    public ReadOnlyMemory<byte> Seal(LinkCipher cipher) => buffer.AsMemory(0, cipher.Seal(buffer, Length));

    /// <summary>Its buffer is others' from now on.</summary>
    public void Return() => ArrayPool<byte>.Shared.Return(buffer);
}
