namespace OpsBro.Core.KeyValue;

/// <summary>Messages out and in.</summary>
public sealed partial class KeyValueEngine
{
    long malformed;

    /// <summary>What we say of ourselves in every message.</summary>
    MessageHead Head => new(ring.KnownHash, ring.AliveHash, settledHash, isComplete, isHolding, store.Bytes >= settings.MaxStore, isInDoubt);

    /// <summary>Starts a message in the one writer.</summary>
    KeyValueWriter Message(MessageKind kind)
    {
        Head.Write(writer, kind);
        return writer;
    }

    void Send(string to, KeyValueWriter message, bool canWait = false) => output.Send(to, message.ToArray(), canWait);

    /// <summary>What a node says of its own data, it says once that is on its disk.</summary>
    void SendDurably(string to, KeyValueWriter message, long ticket, bool canWait = false)
    {
        var bytes = message.ToArray();
        store.WhenDurable(ticket, _ => output.Send(to, bytes, canWait), now, canWait);
    }

    bool TryReceive(string from, ReadOnlyMemory<byte> message)
    {
        var reader = new KeyValueReader(message);
        var head = MessageHead.Read(ref reader, out var kind);
        if (!reader.IsGood) return false;
        if (membership.Peers.TryGetValue(from, out var peer)) Heard(peer, head);
        return kind switch
        {
            MessageKind.Hello => reader.IsAtEnd,
            MessageKind.Forward => OnForward(from, ref reader),
            MessageKind.Result => OnResult(from, ref reader),
            MessageKind.Replicate => OnReplicate(from, ref reader),
            MessageKind.Kept => OnKept(from, head, ref reader),
            MessageKind.Read => OnRead(from, ref reader),
            MessageKind.Entry => OnEntry(from, head, ref reader),
            MessageKind.Promise => OnPromise(from, ref reader),
            MessageKind.Promised => OnPromised(from, head, ref reader),
            MessageKind.List => OnList(from, ref reader),
            MessageKind.Listed => OnListed(from, head, ref reader),
            MessageKind.Digest => OnDigest(from, ref reader),
            MessageKind.Differs => OnDiffers(from, head, ref reader),
            MessageKind.Fetch => OnFetch(from, ref reader),
            MessageKind.Records => OnRecords(from, ref reader),
            MessageKind.Inventory => OnInventory(from, ref reader),
            MessageKind.Inventoried => OnInventoried(from, ref reader),
            MessageKind.Offer => OnOffer(from, ref reader),
            MessageKind.Covered => OnCovered(from, head, ref reader),
            MessageKind.Known => OnKnown(ref reader),
            MessageKind.Watch => OnWatch(from, ref reader),
            MessageKind.Change => OnChange(ref reader),
            _ => false,
        };
    }

    /// <summary>Records of one key: winner first; none for no entry. Losers that make the message too long come by repair.</summary>
    static void WriteRecords(KeyValueWriter to, KeyRecord? winner, KeyRecord[] losers)
    {
        var (bytes, count) = (winner?.Value.Length ?? 0, 0);
        while (count < losers.Length && (bytes += losers[count].Value.Length) <= KeyValueLimits.MaxPart) count++;
        to.Count(winner is null ? 0 : count + 1);
        winner?.Write(to);
        for (var i = 0; i < count; i++) losers[i].Write(to);
    }

    static void WriteRecords(KeyValueWriter to, KeyEntry? entry) => WriteRecords(to, entry?.Winner, entry?.Losers ?? []);

    static KeyRecord[]? ReadRecords(ref KeyValueReader from)
    {
        var count = from.Count(16);
        if (count > KeyValueLimits.MaxConflicts + 1 || !from.IsGood) return null;
        var records = count == 0 ? [] : new KeyRecord[count];
        for (var i = 0; i < count; i++)
        {
            if (KeyRecord.Read(ref from) is not { } record) return null;
            records[i] = record;
        }
        return records;
    }

    /// <summary>A key as clients may give it: logs and terminals show it.</summary>
    static string ReadKey(ref KeyValueReader from)
    {
        var key = from.Text(KeyValueLimits.MaxKey);
        if (key.Length == 0 || key.Any(char.IsControl)) from.Fail();
        return key;
    }
}
