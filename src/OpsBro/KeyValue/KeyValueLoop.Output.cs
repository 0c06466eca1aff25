using System.Text.Json;
using OpsBro.Core.KeyValue;
using OpsBro.Events;
using OpsBro.Gossip;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>What the engine causes, and what the disk says to it. The engine's calls come under its lock.</summary>
internal sealed partial class KeyValueLoop : IKeyValueOutput
{
    /// <summary>Changes told on the agent's event stream in one second; of more it says that they are left out, for other topics share its memory.</summary>
    public const int MaxTold = 200;

    readonly HashSet<OutLink> lazy = [];
    TimeSpan lingersUntil = TimeSpan.MaxValue;
    List<OutLink>? unsent;
    List<(KeyWaiter Waiter, KeyValueResult Result)>? answered;
    long toldSecond;
    int told;

    void IKeyValueOutput.Send(string member, ReadOnlyMemory<byte> message, bool canWait)
    {
        if (Links.Put(LinkKind.KeyValue, member, message) is not { } link) return;
        if (canWait)
        {
            lazy.Add(link);
            Linger();
        }
        else if (unsent?.Contains(link) != true) (unsent ??= []).Add(link);
    }

    /// <summary>What nobody waits for was caused: the loop sends and writes it a moment later, together with what comes meanwhile.</summary>
    void Linger()
    {
        if (lingersUntil != TimeSpan.MaxValue) return;
        lingersUntil = Monotonic.Now + KeyValueLimits.Lazy;
        wake.Set();
    }

    /// <summary>What has lingered long enough goes, and is written.</summary>
    void EndLinger()
    {
        Caused caused;
        lock (gate)
        {
            if (Monotonic.Now < lingersUntil) return;
            lingersUntil = TimeSpan.MaxValue;
            foreach (var link in lazy)
                if (unsent?.Contains(link) != true) (unsent ??= []).Add(link);
            lazy.Clear();
            isHurried = true;
            caused = TakeCaused();
        }
        Start(caused);
        caused.Written?.CommitLater();
    }

    /// <summary>What the engine caused: links that have something to send, answers, and rows that something waits for.</summary>
    readonly record struct Caused(List<OutLink>? Links, List<(KeyWaiter Waiter, KeyValueResult Result)>? Answers, KeyLog? Written);

    /// <summary>Something was caused that nobody has taken yet.</summary>
    bool HasCaused => unsent is not null || answered is not null || isHurried || file is { HasWaiting: true };

    /// <summary>What was caused under the lock; <see cref="Start"/> follows, outside of it, and a commit when something waits for one.</summary>
    Caused TakeCaused()
    {
        var caused = new Caused(unsent, answered, isHurried ? file : null);
        (unsent, answered, isHurried) = (null, null, false);
        if (caused.Written is null && file is { HasWaiting: true }) Linger();
        return caused;
    }

    static void Start(Caused caused)
    {
        foreach (var link in caused.Links ?? []) link.Start();
        foreach (var (waiter, result) in caused.Answers ?? []) waiter.Answer(result);
    }

    void IKeyValueOutput.Persist(long ticket, IReadOnlyList<StoredRow> rows)
    {
        file!.Write(ticket, rows);
    }

    void IKeyValueOutput.Hurry() => isHurried = true;

    void IKeyValueOutput.Answer(ulong id, KeyValueResult result)
    {
        if (id == submitting) submitted = result;
        else if (waiting.Remove(id, out var waiter)) (answered ??= []).Add((waiter, result));
    }

    void IKeyValueOutput.Changed(in KeyChange change)
    {
        Watches.Tell(change);
        var now = time.GetUtcNow();
        var second = now.ToUnixTimeSeconds();
        if (second != toldSecond) (toldSecond, told) = (second, 0);
        if (++told > MaxTold + 1) return;
        var isLeftOut = told > MaxTold;
        var item = isLeftOut ? KeyItem.LeftOut(now, cluster.Name) : KeyItem.Of(now, cluster.Name, change);
        var subject = new StreamSubject { Node = item.Node, Key = item.Key };
        ring.Add(KeyValueComponent.Noun, subject, null,
            number => JsonSerializer.SerializeToUtf8Bytes(item with { Sequence = number }, KeyValueJson.Default.KeyItem));
    }

    /// <summary>On the thread that commits.</summary>
    void Persisted(long ticket)
    {
        Caused caused;
        try
        {
            lock (gate)
            {
                engine?.Persisted(ticket, Now);
                caused = TakeCaused();
            }
        }
        // the border of the file: who commits waits for nothing of this
        catch (Exception e)
        {
            Break(e);
            return;
        }
        Start(caused);
        caused.Written?.Ask();   // this is within a commit
    }

    /// <summary>On the thread that commits.</summary>
    void DiskChanged()
    {
        lock (gate)
        {
            if (engine is not null && file is not null) engine.DiskProblem = file.Problem;
        }
    }

    /// <summary>A part of what the engine holds, for a log that is written anew.</summary>
    void GiveRows(int part, Action<IReadOnlyList<StoredRow>> take)
    {
        lock (gate) take(engine?.Rows(part) ?? throw new IOException("keys and values are closed"));
    }
}
