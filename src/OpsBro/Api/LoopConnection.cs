using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using OpsBro.Platform;

namespace OpsBro.Api;

/// <summary>
/// A connection of the API that is served on the thread that waits for its socket (<see cref="SocketLoop"/>), without a change of thread. That is
/// for quick routes: while another one is served, what goes on after a wait goes on on the pool (<see cref="IsAway"/>).
/// </summary>
internal sealed class LoopConnection : DefaultConnectionContext, IMemoryPoolFeature
{
    /// <summary>Bytes that wait for the handler, and for the client, before the other side has to wait; Kestrel's own numbers.</summary>
    const int MaxUnread = 1024 * 1024, MaxUnsent = 64 * 1024;

    /// <summary>Room of a read, in bytes, so that none gets the last few bytes of a block.</summary>
    const int MinRead = 2048;

    /// <summary>Reads in one turn, before the others have theirs.</summary>
    const int MaxReads = 16;

    readonly Socket socket;
    readonly Pipe input, output;
    readonly Scheduler scheduler = new();
    readonly List<ArraySegment<byte>> parts = [];
    readonly Signal readable = new(), writable = new();
    readonly CancellationTokenSource closing = new();
    readonly Lock gate = new();
    SocketPlace? place;
    Task receiving = Task.CompletedTask, sending = Task.CompletedTask;
    Exception? reason;
    volatile bool isEnding;
    bool isShut;

    /// <summary>Takes a socket over; <see cref="Start"/> follows.</summary>
    public LoopConnection(Socket socket, MemoryPool<byte> memory)
    {
        (this.socket, MemoryPool) = (socket, memory);
        input = new Pipe(new PipeOptions(memory, scheduler, PipeScheduler.Inline, MaxUnread, MaxUnread / 2, useSynchronizationContext: false));
        output = new Pipe(new PipeOptions(memory, PipeScheduler.Inline, scheduler, MaxUnsent, MaxUnsent / 2, useSynchronizationContext: false));
        Transport = new Duplex(input.Reader, output.Writer);
        Application = new Duplex(output.Reader, input.Writer);
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = closing.Token;
        Features.Set(this);
        Features.Set<IMemoryPoolFeature>(this);   // Kestrel asks its own pool for memory of no length, where others give none
    }

    /// <inheritdoc/>
    public MemoryPool<byte> MemoryPool { get; }

    /// <summary>What goes on after a wait does so on the pool.</summary>
    public bool IsAway
    {
        get => scheduler.IsAway;
        set => scheduler.IsAway = value;
    }

    /// <summary>Begins to receive and to send.</summary>
    /// <exception cref="SocketException">The kernel cannot wait for more sockets.</exception>
    public void Start()
    {
        place = SocketLoop.Shared.Add(socket, Ready);
        receiving = Receive();
        sending = Send();
    }

    void Ready(SocketPlace from, SocketReady ready)
    {
        if (ready.HasFlag(SocketReady.End)) isEnding = true;
        if (ready.HasFlag(SocketReady.Read)) readable.Set();
        if (ready.HasFlag(SocketReady.Write)) writable.Set();
    }

    async Task Receive()
    {
        Exception? error = null;
        try
        {
            do await readable.Wait();
            while (await Take());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            error = new ConnectionResetException(e.Message, e);
        }
        // the border of a connection: who reads is told
        catch (Exception e)
        {
            error = e;
        }
        // who reads is told of a break after it is known as one, or Kestrel calls it a fault of the handler
        if (error is not null) await closing.CancelAsync();
        await input.Writer.CompleteAsync(reason ?? error);
        await closing.CancelAsync();
    }

    /// <summary>Takes what is there; false at the end.</summary>
    async ValueTask<bool> Take()
    {
        for (var reads = 0; ; reads++)
        {
            if (reads == MaxReads)
            {
                place!.Again();
                return true;
            }
            var room = input.Writer.GetMemory(MinRead);
            var count = socket.Receive(room.Span, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return true;
            if (error != SocketError.Success) throw new SocketException((int)error);
            if (count == 0) return false;
            input.Writer.Advance(count);
            var flush = input.Writer.FlushAsync();
            if ((flush.IsCompletedSuccessfully ? flush.Result : await flush) is { IsCompleted: true } or { IsCanceled: true }) return false;
            if (count < room.Length && !isEnding) return true;   // that was all: see epoll(7)
        }
    }

    async Task Send()
    {
        Exception? broken = null, fault = null;
        try
        {
            while (true)
            {
                var read = await output.Reader.ReadAsync();
                if (read.IsCanceled) break;
                await Send(read.Buffer);
                output.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            broken = new ConnectionResetException(e.Message, e);
        }
        // the border of a connection: who writes is told
        catch (Exception e)
        {
            fault = e;
        }
        Shut(broken ?? fault);
        await output.Reader.CompleteAsync(fault);   // a client that goes away is no fault: who writes to it is told that nobody reads
        input.Writer.CancelPendingFlush();
    }

    async ValueTask Send(ReadOnlySequence<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            var count = rest.IsSingleSegment ? socket.Send(rest.FirstSpan, SocketFlags.None, out var error)
                : socket.Send(Parts(rest), SocketFlags.None, out error);   // one call for all
            if (error == SocketError.WouldBlock) await writable.Wait();
            else if (error != SocketError.Success) throw new SocketException((int)error);
            else rest = rest.Slice(count);
        }
    }

    List<ArraySegment<byte>> Parts(in ReadOnlySequence<byte> of)
    {
        parts.Clear();
        foreach (var part in of) parts.Add(MemoryMarshal.TryGetArray(part, out var segment) ? segment : part.ToArray());
        return parts;
    }

    /// <summary>Closes the socket, and wakes who waits for it.</summary>
    void Shut(Exception? why)
    {
        lock (gate)
        {
            if (isShut) return;
            isShut = true;
            reason = why ?? new ConnectionAbortedException("the connection was closed by the agent");
        }
        place!.Leave();
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // the other side was quicker
        }
        socket.Dispose();
        ThreadPool.UnsafeQueueUserWorkItem(self => self.Wake(), this, preferLocal: false);   // who closes may hold locks of Kestrel
    }

    void Wake()
    {
        readable.Set();
        writable.Set();
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        Shut(abortReason);
        output.Reader.CancelPendingRead();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        await Task.WhenAll(receiving, sending);
        closing.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>The two ends of a connection that one side uses.</summary>
    sealed record Duplex(System.IO.Pipelines.PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Where it goes on after a wait.</summary>
    sealed class Scheduler : PipeScheduler
    {
        volatile bool isAway;

        /// <summary>On the pool, not here.</summary>
        public bool IsAway
        {
            get => isAway;
            set => isAway = value;
        }

        /// <inheritdoc/>
        public override void Schedule(Action<object?> action, object? state)
        {
            if (isAway) System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
            else action(state);
        }
    }

    /// <summary>Something that one waits for, again and again, and goes on with on the thread that sets it. It may be set before.</summary>
    sealed class Signal : IValueTaskSource
    {
        const int Unset = 0, IsSet = 1, Waiting = 2;

        ManualResetValueTaskSourceCore<bool> core;
        int state;

        /// <summary>Waits, unless it is set; one at a time.</summary>
        public ValueTask Wait()
        {
            core.Reset();
            if (Interlocked.CompareExchange(ref state, Waiting, Unset) == Unset) return new(this, core.Version);
            Interlocked.Exchange(ref state, Unset);   // before the socket is looked at
            return default;
        }

        /// <summary>Sets it, or wakes who waits.</summary>
        public void Set()
        {
            while (true)
            {
                if (Interlocked.CompareExchange(ref state, Unset, Waiting) == Waiting)
                {
                    core.SetResult(true);
                    return;
                }
                if (Interlocked.CompareExchange(ref state, IsSet, Unset) is Unset or IsSet) return;
            }
        }

        void IValueTaskSource.GetResult(short token) => core.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => core.GetStatus(token);

        void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            core.OnCompleted(continuation, state, token, flags);
    }
}
