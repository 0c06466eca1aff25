using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OpsBro.Events;

/// <summary>How a reader wants the stream.</summary>
/// <param name="IsWebSocket">Frames of a websocket; else server-sent events.</param>
/// <param name="HasPayload">In the original's envelope, with the node's record; else the change alone.</param>
/// <param name="Filter">Which changes.</param>
internal sealed record StreamWishes(bool IsWebSocket, bool HasPayload, StreamFilter Filter)
{
    /// <summary>The same text for readers who are sent the same bytes.</summary>
    public string Text => $"{(IsWebSocket ? "ws" : "sse")} {(HasPayload ? "payload" : "flat")}\n{Filter.Text}";
}

/// <summary>Bytes to send, and the position that they lead to.</summary>
internal readonly record struct StreamPage(long From, long To, byte[] Bytes);

/// <summary>Bytes of the whole state, from one of its nodes until before another.</summary>
internal readonly record struct StreamPart(StreamSnapshot Of, int From, int To, byte[] Bytes);

/// <summary>
/// What readers with equal wishes are sent, ready for the wire: made once, however many they are. Safe from any thread.
/// </summary>
internal sealed class StreamView(EventRing ring, StreamWishes wishes)
{
    /// <summary>Pages kept: most readers are at the same place, some are behind.</summary>
    public const int KeptPages = 4;

    /// <summary>Parts of the whole state kept: all of it, for each of a thousand filters, would be too much.</summary>
    public const int KeptParts = 8;

    /// <summary>The whole state is kept so long for readers who need it as well.</summary>
    public static readonly TimeSpan KeepSnapshot = TimeSpan.FromSeconds(5);

    readonly Lock gate = new();
    readonly StreamPage[] pages = new StreamPage[KeptPages];
    readonly ArrayBufferWriter<byte> body = new(), wire = new();
    readonly StreamPart[] parts = new StreamPart[KeptParts];
    int nextPage, nextPart;
    TimeSpan partAt;

    /// <summary>What the readers want.</summary>
    public StreamWishes Wishes => wishes;

    /// <summary>What comes after a position; null when that is not here any more.</summary>
    public StreamPage? After(long position)
    {
        if (position == ring.Newest) return new StreamPage(position, position, []);
        lock (gate)
        {
            foreach (var known in pages)
                if (known.From == position && known.To > position) return known;
            var batch = ring.After(position);
            if (batch.Lost) return null;
            wire.ResetWrittenCount();
            foreach (var item in batch.Items)
                if (wishes.Filter.Takes(item)) Put(item, wishes.HasPayload, item.Sequence);
            var page = new StreamPage(position, batch.Newest, wire.WrittenSpan.ToArray());
            pages[nextPage++ % KeptPages] = page;
            return page;
        }
    }

    /// <summary>The part of the whole state that begins with a node.</summary>
    public StreamPart Part(StreamSnapshot whole, int from, TimeSpan now)
    {
        lock (gate)
        {
            partAt = now;
            foreach (var known in parts)
                if (known.Of == whole && known.From == from) return known;
            wire.ResetWrittenCount();
            var at = from;
            while (at < whole.Nodes.Count && wire.WrittenCount < EventRing.MaxBatchBytes)
            {
                var node = whole.Nodes[at++];
                // without a number of its own: who is cut off in the middle begins again
                if (wishes.Filter.TakesNode(node)) Put(node, withPayload: true, null);
            }
            var part = new StreamPart(whole, from, at, wire.WrittenSpan.ToArray());
            parts[nextPart++ % KeptParts] = part;
            return part;
        }
    }

    /// <summary>Lets go of what nobody needs any more.</summary>
    public void Tidy(TimeSpan now)
    {
        lock (gate)
        {
            if (now - partAt > KeepSnapshot) Array.Clear(parts);
        }
    }

    /// <summary>A message of the stream itself.</summary>
    /// <param name="type">hello, snapshot, snapshot-done.</param>
    /// <param name="id">The position that it leads to; null when it leads nowhere.</param>
    /// <param name="json">An object.</param>
    public byte[] Notice(string type, long? id, ReadOnlySpan<byte> json)
    {
        lock (gate)
        {
            wire.ResetWrittenCount();
            body.ResetWrittenCount();
            if (wishes.HasPayload)
            {
                // programs made for the original look into the payload of each message
                body.Write("{\"channel\":\"stream\",\"payload\":{\"type\":\"stream::"u8);
                Text(body, type);
                body.Write("\"},\"topic\":\""u8);
                Text(body, type);
                body.Write("\""u8);
                if (json.Length > 2) body.Write(","u8);
                body.Write(json[1..]);
            }
            else if (wishes.IsWebSocket)
            {
                body.Write("{\"topic\":\""u8);
                Text(body, type);
                body.Write("\""u8);
                if (json.Length > 2) body.Write(","u8);
                body.Write(json[1..]);
            }
            else body.Write(json);
            Frame(type, id);
            return wire.WrittenSpan.ToArray();
        }
    }

    void Put(StreamItem item, bool withPayload, long? id)
    {
        body.ResetWrittenCount();
        if (!withPayload) body.Write(item.Json);
        else if (item.Node is { } node)
        {
            body.Write("{\"channel\":\"gossip\",\"payload\":"u8);
            body.Write(node);
            body.Write(","u8);
            body.Write(item.Json.AsSpan(1));
        }
        else
        {
            body.Write("{\"channel\":"u8);
            Quoted(item.Topic);
            body.Write(",\"payload\":"u8);
            body.Write(item.Json);
            body.Write(",\"sequence\":"u8);
            Text(body, item.Sequence.ToString(CultureInfo.InvariantCulture));
            body.Write(",\"topic\":"u8);
            Quoted(item.Topic);
            body.Write("}"u8);
        }
        Frame(item.Topic, id);
    }

    /// <summary>Puts the body on the wire.</summary>
    void Frame(string type, long? id)
    {
        if (wishes.IsWebSocket)
        {
            WebSocketFrames.Head(wire, WebSocketFrames.Text, body.WrittenCount);
            wire.Write(body.WrittenSpan);
            return;
        }
        if (id is { } number) Text(wire, string.Create(CultureInfo.InvariantCulture, $"id: {number}\n"));
        Text(wire, $"event: {type}\ndata: ");
        wire.Write(body.WrittenSpan);   // JSON has no line ends, so its data is one line
        wire.Write("\n\n"u8);
    }

    void Quoted(string text)
    {
        body.Write("\""u8);
        body.Write(JsonEncodedText.Encode(text).EncodedUtf8Bytes);
        body.Write("\""u8);
    }

    static void Text(ArrayBufferWriter<byte> to, string text) => Encoding.UTF8.GetBytes(text, to);
}
