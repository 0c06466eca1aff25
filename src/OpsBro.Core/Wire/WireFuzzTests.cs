using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

/// <summary>
/// Random, mutated and cut bytes into every decoder. None may throw, run on, or take memory that the bytes do not
/// account for. A failure
/// names its seed and bytes.
/// </summary>
public class WireFuzzTests
{
    const int Rounds = 4_000;

    /// <summary>
    /// The least item of a message is one byte (an empty map in the ring of events); this is the most it costs in
    /// objects.
    /// </summary>
    const int MaxAllocatedPerByte = 96;

    const int MaxAllocated = 64 * 1024;

    /// <summary>What .NET takes to say that a key does not fit, in bytes.</summary>
    internal const int MaxExceptionSize = 2_048;

    static readonly byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    static readonly (string Name, Action<byte[]> Read)[] decoders =
    [
        ("ping", bytes => Ping.TryRead(bytes)),
        ("indirect ping", bytes => IndirectPing.TryRead(bytes)),
        ("ack", bytes => Ack.TryRead(bytes)),
        ("nack", bytes => Nack.TryRead(bytes)),
        ("suspect", bytes => Suspect.TryRead(bytes)),
        ("alive", bytes => Alive.TryRead(bytes)),
        ("dead", bytes => Dead.TryRead(bytes)),
        ("push/pull", ReadPushPull),
        ("error", bytes => StreamError.TryRead(bytes)),
        ("user stream", bytes => UserStream.TryRead(bytes, out _)),
        ("compressed", bytes => Compressed.TryRead(bytes, out _)),
        ("leave", bytes => LeaveIntent.TryRead(bytes)),
        ("join", bytes => JoinIntent.TryRead(bytes)),
        ("serf push/pull", bytes => SerfPushPull.TryRead(bytes)),
        ("user event", bytes => UserEvent.TryRead(bytes)),
        ("query", bytes => Query.TryRead(bytes)),
        ("filter", bytes => QueryFilter.TryRead(bytes)),
        ("query response", bytes => QueryResponse.TryRead(bytes)),
        ("conflict", bytes => ConflictResponse.TryRead(bytes)),
        ("key request", bytes => KeyRequest.TryRead(bytes)),
        ("key response", bytes => KeyResponse.TryRead(bytes)),
        ("relay", bytes => Relay.TryRead(bytes)),
        ("tags", bytes => Tags.TryRead(bytes)),
        ("coordinates", bytes => CoordinatePayload.TryRead(bytes)),
        ("msgpack", bytes => new MsgPackReader(bytes).Skip()),
        ("lzw", bytes => Lzw.Measure(bytes, 100_000)),
        ("lzw decoder", ReadLzw),
        ("framer", ReadFrames),
        ("stream", bytes => new StreamCodec(null, []).TryRead(bytes, false, out _)),
    ];

    public static TheoryData<int> Seeds => [1, 2, 3, 4];

    [Theory, MemberData(nameof(Seeds))]
    public void No_decoder_throws_or_takes_more_memory_than_the_bytes_account_for(int seed)
    {
        var random = new Random(seed);
        var bodies = Bodies();
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Mutated(random, bodies);
            foreach (var (name, read) in decoders) Try(seed, name, read, bytes);
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void The_packet_reader_takes_no_memory_whatever_comes(int seed)
    {
        var random = new Random(seed);
        var bodies = Bodies();
        using var keys = new Keyring([key]);
        var readers = new[] { new PacketReader(null, []), new PacketReader(keys, []), new PacketReader(null, "cluster-a"u8.ToArray()) };
        var sink = new Deaf();
        foreach (var reader in readers) reader.Read(bodies[0], sink);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Mutated(random, bodies);
            foreach (var reader in readers)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                reader.Read(bytes, sink);
                var taken = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(taken <= MaxExceptionSize, $"seed {seed}: {taken} bytes for {Convert.ToHexStringLower(bytes)}");
            }
        }
    }

    [Fact]
    public void Every_cut_of_every_vector_is_refused_or_read_without_an_exception()
    {
        foreach (var vector in VectorsTests.All)
        {
            using var keys = vector.Keyring();
            var (reader, codec, sink) = (new PacketReader(keys, vector.Label), new StreamCodec(keys, vector.Label), new Deaf());
            for (var length = 0; length < vector.Wire.Length; length++)
            {
                var cut = vector.Wire[..length];
                if (vector.Stream) codec.TryRead(cut, false, out _);
                else reader.Read(cut, sink);
                foreach (var (name, read) in decoders) Try(0, name, read, cut);
            }
        }
    }

    [Fact]
    public void Whatever_is_read_is_written_and_read_the_same()
    {
        var random = new Random(5);
        var bodies = Bodies();
        for (var round = 0; round < 4 * Rounds; round++)
        {
            var bytes = Mutated(random, bodies);
            Again(Ping.TryRead(bytes), body => Ping.TryRead(body));
            Again(IndirectPing.TryRead(bytes), body => IndirectPing.TryRead(body));
            Again(Alive.TryRead(bytes), body => Alive.TryRead(body));
            Again(Dead.TryRead(bytes), body => Dead.TryRead(body));
            Again(UserEvent.TryRead(bytes), body => UserEvent.TryRead(body));
            Again(Query.TryRead(bytes), body => Query.TryRead(body));
            Again(SerfPushPull.TryRead(bytes), body => SerfPushPull.TryRead(body));
        }
    }

    static void Again<T>(T? message, Func<byte[], T?> read) where T : class, IWireMessage
    {
        if (message is null) return;
        var first = VectorTree.Encoded(message);
        var second = VectorTree.Encoded(read(first[1..])!);
        Assert.Equal(Convert.ToHexString(first), Convert.ToHexString(second));
    }

    static void Try(int seed, string name, Action<byte[]> read, byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read(bytes);
        }
        catch (Exception e)
        {
            Assert.Fail($"{name}, seed {seed}: {e.GetType().Name} at {Convert.ToHexStringLower(bytes)}\n{e.StackTrace}");
        }
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        var most = MaxAllocated + MaxAllocatedPerByte * (long)bytes.Length + (name == "stream" ? bytes.Length * 4_096L : 0);
        Assert.True(taken <= most, $"{name}, seed {seed}: {taken} bytes for {Convert.ToHexStringLower(bytes)}");
    }

    /// <summary>Whole vectors, the messages within them, and the bodies of these.</summary>
    static byte[][] Bodies()
    {
        var bodies = new List<byte[]>();
        foreach (var vector in VectorsTests.All)
        {
            using var keys = vector.Keyring();
            var sink = new VectorsTests.Collected();
            bodies.Add(vector.Wire);
            if (vector.Stream)
            {
                var dialed = vector.Wire[0] != (byte)MessageType.HasLabel && vector.Label.Length > 0;
                new StreamCodec(keys, vector.Label).TryRead(vector.Wire, dialed, out var message);
                sink.Message(message.Type, message.Body.Span);
                var reader = new PushPullReader(message.Body.Span);
                while (reader.Next() is not null) ;
                if (reader.TryUserState(out var state) && state.Length > 1) bodies.Add(state[1..].ToArray());
            }
            else new PacketReader(keys, vector.Label).Read(vector.Wire, sink);
            foreach (var message in sink.Messages)
            {
                bodies.Add(message);
                bodies.Add(message[1..]);
                if (message[0] == (byte)MessageType.User) bodies.Add(message[2..]);
            }
        }
        return [.. bodies];
    }

    internal static byte[] Mutated(Random random, byte[][] bodies)
    {
        if (random.Next(10) == 0)
        {
            var noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            return noise;
        }
        var bytes = bodies[random.Next(bodies.Length)].ToList();
        for (var changes = random.Next(4); changes >= 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, bytes.Count - at); break;
                case 3: bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at)); break;
                case 4: bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(40)).ToArray()); break;
                case 5: bytes.InsertRange(at, new byte[] { (byte)random.Next(0xc0, 0xe0), 0xff, 0xff, 0xff, 0xff }); break;
                default: bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(0x80, 0xa0), random.Next(60))); break;
            }
        }
        return [.. bytes];
    }

    static void ReadPushPull(byte[] bytes)
    {
        var reader = new PushPullReader(bytes);
        while (reader.Next() is not null) ;
        reader.TryUserState(out _);
    }

    static void ReadLzw(byte[] bytes) => Lzw.TryDecode(bytes, stackalloc byte[4_096], out _);

    static void ReadFrames(byte[] bytes)
    {
        var framer = new StreamFramer();
        for (var length = 1; length <= bytes.Length; length += 5)
        {
            var progress = framer.Advance(bytes.AsSpan(0, length));
            if (progress == StreamProgress.Complete && framer.Length > length) throw new InvalidOperationException("a frame too long");
            if (progress != StreamProgress.NeedsMore) return;
        }
    }

    sealed class Deaf : IMessageSink
    {
        public void Message(MessageType type, ReadOnlySpan<byte> body)
        {
        }
    }
}
