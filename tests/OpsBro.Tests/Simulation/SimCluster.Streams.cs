using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <content>Streams: a connection is tried as Linux does, carries one request and one answer, and ends at its deadline at the latest.</content>
sealed partial class SimCluster
{
    const int DialerPort = 40_000;

    /// <summary>Starts a stream.</summary>
    public void Dial(SimNode from, long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout)
    {
        Streams++;
        var target = indexOf.GetValueOrDefault(to, -1);
        var stream = new SimStream(from.Index, from.Life, id, target, request.ToArray(), expectsAnswer, Now + timeout);
        events.Add(Now, new SimEvent(SimEventKind.Attempt, from.Index, 0, 0, stream));
    }

    void Attempt(SimStream stream)
    {
        var isThere = stream.To >= 0 && !Nodes[stream.To].IsHostDown && Links.IsOpen(stream.Owner, stream.To) && Links.IsOpen(stream.To, stream.Owner);
        if (isThere && !Links.Loses() && !Links.Loses())
        {
            Count(Nodes[stream.Owner], stream.Request.Length);
            events.Add(Now + Travel(stream.Request.Length, 3), new SimEvent(SimEventKind.Arrival, stream.To, stream.Owner, 0, stream));
            return;
        }
        var again = Now + SimStream.FirstRetry * (1 << stream.Tries++);
        if (again < stream.Deadline) events.Add(again, new SimEvent(SimEventKind.Attempt, stream.Owner, 0, 0, stream));
        else Fail(stream, stream.Deadline, "no answer in time");
    }

    void Answer(SimNode node, SimStream stream)
    {
        if (!node.IsRunning)
        {
            Fail(stream, node.IsHostDown ? stream.Deadline : Now + Links.Delay(), "connection refused");
            return;
        }
        if (Now >= stream.Deadline)
        {
            Fail(stream, Now, "no answer in time");
            return;
        }
        var from = Nodes[stream.Owner].Address.WithPort(DialerPort);
        var answer = node.Engine.Accept(from, stream.Request, Now);
        if (stream.ExpectsAnswer && answer.IsEmpty) Fail(stream, Now + Links.Delay(), "the peer closed the stream without an answer");
        else if (!Links.IsOpen(node.Index, stream.Owner)) Fail(stream, stream.Deadline, "no answer in time");
        else
        {
            Count(node, answer.Length);
            stream.Answer = answer.ToArray();
            var arrives = Now + Travel(answer.Length, 1);
            if (arrives > stream.Deadline) Fail(stream, stream.Deadline, "no answer in time");
            else events.Add(arrives, new SimEvent(SimEventKind.StreamEnd, stream.Owner, 0, 0, stream));
        }
    }

    void Fail(SimStream stream, TimeSpan at, string reason)
    {
        stream.Answer = null;
        stream.Reason = reason;
        events.Add(at > Now ? at : Now, new SimEvent(SimEventKind.StreamEnd, stream.Owner, 0, 0, stream));
    }

    void End(SimStream stream)
    {
        var node = Nodes[stream.Owner];
        if (stream.IsOver || !node.IsRunning || node.Life != stream.Life) return;
        if (node.IsPaused)
        {
            node.Inbox.Enqueue(new SimEvent(SimEventKind.StreamEnd, stream.Owner, 0, 0, stream));
            return;
        }
        Tell(node, stream);
        node.Settle();
    }

    void Tell(SimNode node, SimStream stream)
    {
        if (stream.IsOver) return;
        stream.IsOver = true;
        if (stream.Answer is { } answer) node.Engine.StreamAnswered(stream.Id, answer, Now);
        else node.Engine.StreamFailed(stream.Id, stream.Reason, Now);
    }

    /// <summary>Time of so many bytes: a window of packets goes at once, what is lost goes again after a growing time.</summary>
    TimeSpan Travel(int bytes, int legs)
    {
        var time = TimeSpan.Zero;
        for (; legs > 0; legs--) time += Links.Delay();
        if (Links.Loss == 0) return time;
        var worst = 0;
        for (var segments = SimStream.Segments(bytes); segments > 0; segments--)
        {
            var tries = 0;
            while (Links.Loses()) tries++;
            worst = Math.Max(worst, tries);
        }
        return time + SimStream.Resend * ((1 << worst) - 1);
    }

    static void Count(SimNode node, int bytes)
    {
        var packets = SimStream.Segments(bytes) * 1.5 + SimStream.EmptyPackets / 2.0;
        node.PacketsSent += (long)packets;
        node.BytesSent += bytes + (long)(packets * SimStream.Headers);
    }
}
