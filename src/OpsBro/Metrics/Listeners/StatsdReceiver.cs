using OpsBro.Platform;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// A thread of its own that empties one datagram socket. When a call did not fill its batch, datagrams gather for a moment before the next
/// one: at 50,000 datagrams a second that is a few hundred calls instead of as many.
/// </summary>
internal sealed class StatsdReceiver : IDisposable
{
    /// <summary>Calls after the wish to end, for what is in the socket's buffer already.</summary>
    const int LastCalls = 1024;

    const int StackBytes = 256 * 1024;

    readonly BatchSocket socket;
    readonly Func<StatsdIntake> intake;
    readonly Thread thread;
    volatile bool isClosing;
    long cut, drops;

    /// <summary>Starts to receive.</summary>
    /// <param name="name">Where, for people.</param>
    /// <param name="socket">It is this thread's from now on.</param>
    /// <param name="intake">Asked for each batch: a reload may make another one.</param>
    public StatsdReceiver(string name, BatchSocket socket, Func<StatsdIntake> intake)
    {
        (Name, this.socket, this.intake) = (name, socket, intake);
        thread = new Thread(Run, StackBytes) { IsBackground = true, Name = $"statsd {name}" };
        thread.Start();
    }

    /// <summary>Where it receives.</summary>
    public string Name { get; }

    /// <summary>Datagrams that were longer than the buffer.</summary>
    public long Cut => Interlocked.Read(ref cut);

    /// <summary>Datagrams that the kernel dropped.</summary>
    public long Drops => isClosing ? Interlocked.Read(ref drops) : socket.Drops;

    /// <summary>Receive buffer that the kernel granted.</summary>
    public long Granted => socket.Granted;

    void Run()
    {
        while (!isClosing)
        {
            if (!TakeBatch())
            {
                socket.Wait();
                if (!isClosing) socket.Gather();
            }
        }
        for (var i = 0; i < LastCalls && TakeBatch(); i++) ;
        Interlocked.Exchange(ref drops, socket.Drops);
    }

    /// <summary>False when there was less than a batch.</summary>
    bool TakeBatch()
    {
        var count = socket.Receive();
        if (count == 0) return false;
        int cutNow;
        while ((cutNow = intake().Take(socket, count)) < 0) ;
        if (cutNow > 0) Interlocked.Add(ref cut, cutNow);
        return count == BatchSocket.Batch;
    }

    /// <summary>Takes what has arrived, and closes.</summary>
    public void Dispose()
    {
        isClosing = true;
        socket.Wake();
        thread.Join();
        socket.Dispose();
    }
}
