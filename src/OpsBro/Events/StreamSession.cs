using System.Globalization;
using System.Text;

namespace OpsBro.Events;

/// <summary>
/// One reader without its connection: what it is sent next, what its frames mean, and when it is given up. One thread asks what to send,
/// another one may tell what came in.
/// </summary>
internal sealed class StreamSession(StreamCursor cursor, TimeSpan began)
{
    /// <summary>A websocket is asked so often whether it is there, and given up when it did not answer until then.</summary>
    public static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(20);

    /// <summary>Server-sent events: time after which a comment is sent when nothing else was; proxies close what is silent.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>A reader that takes nothing for so long, though there is something for it, is cut off.</summary>
    public static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The whole state is to be read within this time; then it is over with a notice, and a <see cref="WritePatience"/> later without one.
    /// Who takes a little now and then would hold a picture of all nodes for ever.
    /// </summary>
    public static readonly TimeSpan SnapshotPatience = TimeSpan.FromMinutes(2);

    /// <summary>Bytes that a reader may send between two pings: it has nothing to say.</summary>
    public const int MaxHeard = 64 * 1024;

    readonly WebSocketReader frames = new();
    readonly Lock gate = new();
    TimeSpan asked = began, sent = began, heardAt = began;
    bool isAsked, isEnding;
    int heard, code;
    string reason = "";

    /// <summary>True for a websocket.</summary>
    public bool IsWebSocket => cursor.Wishes.IsWebSocket;

    /// <summary>True when all was handed out, and the connection is to be closed.</summary>
    public bool IsOver { get; private set; }

    /// <summary>It did not answer a ping.</summary>
    public bool IsMute { get; private set; }

    /// <summary>Where it is.</summary>
    public StreamCursor Cursor => cursor;

    /// <summary>When <see cref="Next"/> has something to say even when nothing happens.</summary>
    public TimeSpan Due => IsWebSocket ? asked + PingEvery : sent + Heartbeat;

    /// <summary>True when it holds the whole state for too long, and does not even come to the notice.</summary>
    public bool IsTooLate(TimeSpan now) => cursor.HasWholeSince(now) > SnapshotPatience + WritePatience;

    /// <summary>Ends it after what was handed out.</summary>
    public void End(int because, string why)
    {
        lock (gate)
        {
            if (isEnding) return;
            (isEnding, code, reason) = (true, because, why);
        }
    }

    /// <summary>Takes what came in. Server-sent events have nothing to read: it is counted and thrown away.</summary>
    /// <returns>True when there is something to send because of it.</returns>
    public bool Hear(ReadOnlySpan<byte> bytes, TimeSpan now)
    {
        lock (gate)
        {
            heardAt = now;
            heard += bytes.Length;
            if (isEnding) return true;
            if (IsWebSocket)
            {
                frames.Read(bytes);
                if (frames.Fault != 0) (isEnding, code, reason) = (true, frames.Fault, frames.Reason);
                else if (frames.IsClosed) (isEnding, code) = (true, frames.CloseCode);
            }
            if (!isEnding && heard > MaxHeard)
                (isEnding, code, reason) = (true, WebSocketFrames.PolicyViolation, $"send at most {MaxHeard} bytes in {PingEvery.TotalSeconds} s");
            return isEnding || frames.Ping is not null;
        }
    }

    /// <summary>The next bytes; empty when there is nothing now, or it is over.</summary>
    public ReadOnlyMemory<byte> Next(TimeSpan now)
    {
        if (IsOver) return default;
        if (cursor.HasWholeSince(now) > SnapshotPatience)
            End(WebSocketFrames.PolicyViolation, $"the whole state was not read within {SnapshotPatience.TotalSeconds} s; come back and read it sooner");
        lock (gate)
        {
            if (isEnding)
            {
                IsOver = true;
                return IsWebSocket ? WebSocketFrames.End(code, reason) : Encoding.UTF8.GetBytes(reason.Length > 0 ? $": {reason}\n\n" : "");
            }
            if (IsWebSocket && frames.TakePing() is { } ping) return Sending(WebSocketFrames.Control(WebSocketFrames.Pong, ping), now);
            if (now - asked >= PingEvery)
            {
                if (IsWebSocket && isAsked && heardAt < asked)
                {
                    IsOver = IsMute = true;   // whoever does not answer does not read a goodbye either
                    return default;
                }
                (asked, isAsked, heard) = (now, true, 0);
                if (IsWebSocket) return Sending(WebSocketFrames.Control(WebSocketFrames.Ping, []), now);
            }
        }
        var bytes = cursor.Next(now);
        if (!bytes.IsEmpty || IsWebSocket || now - sent < Heartbeat) return bytes.IsEmpty ? bytes : Sending(bytes, now);
        // a number without data only moves the reader's position: past what it did not want, too
        return Sending(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $": alive\nid: {cursor.Position}\n\n")), now);
    }

    ReadOnlyMemory<byte> Sending(ReadOnlyMemory<byte> bytes, TimeSpan now)
    {
        sent = now;
        return bytes;
    }
}
