using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Whom detection answers: each question once, whichever ways it came by, and only so often, for its source may be forged and its sender a
/// stranger. Not for several threads at once.
/// </summary>
public sealed class DetectDoor
{
    /// <summary>Datagrams read in one second; the rest is dropped unread.</summary>
    public const int MaxReads = 500;

    /// <summary>Answers in one second.</summary>
    public const int MaxAnswers = 100;

    /// <summary>Answers to one address in one second.</summary>
    public const int MaxAnswersEach = 10;

    /// <summary>Questions remembered.</summary>
    public const int MaxTokens = 1_024;

    readonly HashSet<UInt128> tokens = [];
    readonly Queue<UInt128> order = [];
    readonly Dictionary<PeerAddress, int> served = [];
    Allowance reads = new(MaxReads), answers = new(MaxAnswers);
    TimeSpan second;

    /// <summary>Datagrams that were dropped because there were too many.</summary>
    public long Dropped { get; private set; }

    /// <summary>Questions answered.</summary>
    public long Answered { get; private set; }

    /// <summary>A datagram came: true when it may be read.</summary>
    public bool MayRead(int length, TimeSpan now)
    {
        if (length != DetectCodec.Size) return false;
        if (reads.Take(now)) return true;
        Dropped++;
        return false;
    }

    /// <summary>A question was read: true when it is to be answered.</summary>
    /// <param name="token">Its token.</param>
    /// <param name="from">Its source.</param>
    /// <param name="now">Monotonic.</param>
    public bool MayAnswer(UInt128 token, PeerAddress from, TimeSpan now)
    {
        if (tokens.Contains(token)) return false;
        if (now - second >= TimeSpan.FromSeconds(1))
        {
            second = now;
            served.Clear();
        }
        var host = from.WithPort(0);
        var before = served.GetValueOrDefault(host);
        if (before >= MaxAnswersEach || !answers.Take(now))
        {
            Dropped++;
            return false;
        }
        // at most one entry an answer: bounded by the answers of a second
        served[host] = before + 1;
        Remember(token);
        Answered++;
        return true;
    }

    /// <summary>A question of our own, which comes back to us: never answered.</summary>
    public void Remember(UInt128 token)
    {
        if (!tokens.Add(token)) return;
        order.Enqueue(token);
        if (order.Count > MaxTokens) tokens.Remove(order.Dequeue());
    }
}
