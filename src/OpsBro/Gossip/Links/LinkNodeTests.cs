using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Gossip;
using OpsBro.Storage;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Gossip;

/// <summary>A pool with its links on an address of its own, and all that came in by them.</summary>
sealed class LinkNode : IDisposable
{
    public static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)], OtherKey = [.. Key.Reverse()];

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-links-").FullName;
    readonly Database database;

    /// <summary>A running node.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="address">Its address; null for a new one.</param>
    /// <param name="mayBePlain">Links without a key.</param>
    /// <param name="keys">Its keys.</param>
    public LinkNode(string name, string? address = null, bool mayBePlain = false, params byte[][] keys)
    {
        Address = address ?? RunningAgent.NewAddress();
        var telemetry = new Telemetry();
        database = new Database(Path.Join(directory, "opsbro.db"), TimeProvider.System, telemetry, NullLogger<Database>.Instance);
        var journal = new GossipJournal(new HistoryLog(database, TimeProvider.System), new("members", telemetry), new("suspicions", telemetry),
            new("events", telemetry), new("queries", telemetry), new("pool_news", telemetry), TimeProvider.System, NullLogger<GossipJournal>.Instance);
        var at = IPAddress.Parse(Address);
        var settings = new PoolSettings("lan", name, new IPEndPoint(at, Port), PeerAddress.Of(at, Port), GossipProfile.Lan, "", true, directory, false);
        KeyValuePair<string, string>[] tags = [new("ob", "1"), new("zn", "lan")];
        Links = new(telemetry, NullLogger.Instance) { MayBePlain = mayBePlain };
        Links.Register(LinkKind.KeyValue, (from, body) =>
        {
            Taking?.Invoke();
            Came.Enqueue((from, body));
        });
        Pool = new GossipPool(settings, keys, tags, new IncarnationFile(Path.Join(directory, "incarnation")),
            new KeyringFile(settings.KeyringFile), null, new SnapshotContents(), journal, telemetry, TimeProvider.System, NullLogger<GossipPool>.Instance)
        {
            Links = Links,
        };
        Pool.Start();
    }

    public const int Port = 7946;

    public string Address { get; }

    public GossipPool Pool { get; }

    public Links Links { get; }

    /// <summary>What came in.</summary>
    public ConcurrentQueue<(LinkPeer From, ReadOnlyMemory<byte> Body)> Came { get; } = [];

    /// <summary>Called with each message, before it counts as come.</summary>
    public Action? Taking { get; set; }

    public PeerAddress At => Pool.Settings.Advertise;

    /// <summary>Two nodes that know each other.</summary>
    public static async Task<(LinkNode A, LinkNode B)> Pair(bool mayBePlain = false, params byte[][] keys)
    {
        var (a, b) = (new LinkNode("a", null, mayBePlain, keys), new LinkNode("b", null, mayBePlain, keys));
        await a.Meet(b);
        return (a, b);
    }

    /// <summary>Joins another, and waits until each knows the other.</summary>
    public async Task Meet(LinkNode other)
    {
        Assert.Null(await Pool.Join(other.At, ignoreOldEvents: true, CancellationToken.None));
        while (!await Knows(this, other) || !await Knows(other, this)) await Task.Yield();
    }

    static async Task<bool> Knows(LinkNode one, LinkNode other) =>
        (await one.Pool.Members()).Members.Any(m => m.Name == other.Pool.Settings.Name && m.Status == MemberStatus.Alive);

    /// <summary>Sends a number, in as many bytes as wanted.</summary>
    public bool Send(string to, int number, int size = sizeof(int))
    {
        var body = new byte[size];
        BinaryPrimitives.WriteInt32BigEndian(body, number);
        return Links.Send(LinkKind.KeyValue, to, body);
    }

    /// <summary>The numbers that came, in order.</summary>
    public IEnumerable<int> Numbers => Came.Select(one => BinaryPrimitives.ReadInt32BigEndian(one.Body.Span));

    /// <summary>What was counted, for messages.</summary>
    public override string ToString() =>
        $"in {Links.CountIn} out {Links.CountOut} frames {Links.Counters.FramesIn}/{Links.Counters.FramesOut} messages {Links.Counters.MessagesIn}/"
        + $"{Links.Counters.MessagesOut} drops {Links.Counters.Drops} refusals {Links.Counters.Refusals} came {Came.Count}";

    public void Dispose()
    {
        Pool.Dispose();
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}

/// <summary>A dialer made by hand, which can do what ours never does.</summary>
sealed class HandDialer(LinkNode to, byte[] key) : IDisposable
{
    readonly StreamCodec codec = new(new Keyring([key]), []);

    public Socket Stream { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>All that was sent.</summary>
    public List<byte> Sent { get; } = [];

    public LinkCipher? Cipher { get; private set; }

    /// <summary>Says hello and gives the answer; null when there is none.</summary>
    public async Task<LinkWelcome?> Hello(LinkHello hello)
    {
        await Connect();
        var user = new ArrayBufferWriter<byte>();
        UserStream.Write(user, [202, .. hello.Write()]);
        var frame = new ArrayBufferWriter<byte>();
        codec.Write(user.WrittenSpan, dialed: true, RandomNumberGenerator.GetBytes(Envelope.NonceSize), frame, compress: false);
        await Send(frame.WrittenMemory);
        if (await ReadWelcome() is not { } welcome) return null;
        if (welcome.Refusal.Length == 0) Cipher = new LinkCipher(key, hello, welcome.Nonce);
        return welcome;
    }

    public Task Connect() => Stream.ConnectAsync(IPAddress.Parse(to.Address), LinkNode.Port);

    /// <summary>What the other side answers; null when it closes without a welcome.</summary>
    public async Task<LinkWelcome?> ReadWelcome()
    {
        var framer = new StreamFramer();
        var (bytes, length) = (new byte[4096], 0);
        while (framer.Advance(bytes.AsSpan(0, length)) != StreamProgress.Complete)
        {
            var count = await Receive(bytes.AsMemory(length));
            if (count == 0) return null;
            length += count;
        }
        if (codec.TryRead(bytes.AsMemory(0, framer.Length), dialed: true, out var message) != StreamFault.None) return null;
        return UserStream.TryRead(message.Body.Span, out var body) ? LinkWelcome.TryRead(body[1..]) : null;
    }

    /// <summary>A sealed frame with one message of a number; none: an empty one, the proof.</summary>
    public byte[] Frame(int? number = null)
    {
        var frame = new byte[64];
        var length = 0;
        if (number is { } some)
        {
            var body = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(body, some);
            length = LinkMessages.Write(frame.AsSpan(LinkCipher.HeaderSize), (byte)LinkKind.KeyValue, body);
        }
        return frame[..Cipher!.Seal(frame, length)];
    }

    public async Task Send(ReadOnlyMemory<byte> bytes)
    {
        Sent.AddRange(bytes.Span);
        await Stream.SendAsync(bytes, SocketFlags.None);
    }

    /// <summary>Waits until the other side has closed.</summary>
    public async Task Closed()
    {
        while (await Receive(new byte[100]) > 0) Assert.Fail("it says something");
    }

    async Task<int> Receive(Memory<byte> into)
    {
        try
        {
            return await Stream.ReceiveAsync(into, SocketFlags.None).AsTask().WaitAsync(RunningAgent.Patience);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    public void Dispose() => Stream.Dispose();
}
