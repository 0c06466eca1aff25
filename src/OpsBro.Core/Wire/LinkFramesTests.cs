using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

/// <summary>The bytes of links: as they are written, cut, and broken.</summary>
public class LinkFramesTests
{
    static readonly byte[] key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    static LinkHello Hello() => new([.. Enumerable.Repeat((byte)3, LinkHello.NonceSize)], LinkHello.KeyOf(key), "a", "büro.b");

    static (LinkCipher Sealer, LinkCipher Opener) Ciphers(bool hasKey = true)
    {
        byte[] with = hasKey ? key : [], nonce = [.. Enumerable.Repeat((byte)4, LinkHello.NonceSize)];
        return (new LinkCipher(with, Hello(), nonce), new LinkCipher(with, Hello(), nonce));
    }

    /// <summary>A sealed frame of messages with such bodies.</summary>
    static byte[] Frame(LinkCipher cipher, params byte[][] bodies)
    {
        var frame = new byte[LinkCipher.HeaderSize + bodies.Sum(b => LinkMessages.HeaderSize + b.Length) + Envelope.TagSize];
        var at = LinkCipher.HeaderSize;
        foreach (var body in bodies) at += LinkMessages.Write(frame.AsSpan(at), 9, body);
        return frame[..cipher.Seal(frame, at - LinkCipher.HeaderSize)];
    }

    static List<byte[]> Bodies(byte[] plain)
    {
        var bodies = new List<byte[]>();
        for (var at = 0; at < plain.Length;)
        {
            Assert.True(LinkMessages.TryRead(plain, ref at, out var kind, out var body));
            Assert.Equal(9, kind);
            bodies.Add(body.ToArray());
        }
        return bodies;
    }

    [Fact]
    public void Hello_and_welcome_come_out_as_they_went_in()
    {
        var hello = LinkHello.TryRead(Hello().Write())!;
        var welcome = LinkWelcome.TryRead(new LinkWelcome(hello.Nonce, new byte[16], "").Write())!;
        var refusal = LinkWelcome.TryRead(LinkWelcome.Refuse("why é").Write())!;

        Assert.Equal(("a", "büro.b"), (hello.From, hello.To));
        Assert.Equal([.. Hello().Nonce, .. Hello().Key], [.. hello.Nonce, .. hello.Key]);
        Assert.Equal([.. hello.Nonce, .. new byte[16]], [.. welcome.Theirs, .. welcome.Nonce]);
        Assert.Equal("", welcome.Refusal);
        Assert.Equal("why é", refusal.Refusal);
        Assert.Equal("01" + "03030303030303030303030303030303" + "AE216C2EF5247A37" + "000161" + "000762C3BC726F2E62", Convert.ToHexString(Hello().Write()));
        Assert.Equal(new byte[8], LinkHello.KeyOf([]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_are_found_however_the_bytes_are_cut(bool hasKey)
    {
        var random = new Random(7);
        var (sealer, opener) = Ciphers(hasKey);
        int Size() => random.Next(10) switch { 0 => 0, 1 => random.Next(200_000), _ => random.Next(3_000) };
        var bodies = Enumerable.Range(0, 150).Select(_ => new byte[Size()]).ToList();
        foreach (var body in bodies) random.NextBytes(body);
        var stream = bodies.Chunk(3).SelectMany(few => Frame(sealer, few)).ToArray();
        using var reader = new LinkReader(opener);
        var read = new List<byte[]>();

        for (var at = 0; at < stream.Length;)
        {
            var room = reader.Room();
            Assert.True(room.Length > 0);
            var count = Math.Min(Math.Min(room.Length, random.Next(1, 100_000)), stream.Length - at);
            stream.AsSpan(at, count).CopyTo(room.Span);
            reader.Received(count);
            at += count;
            while (reader.Next(out var plain) is var progress && progress != LinkProgress.NeedsMore)
            {
                Assert.Equal(LinkProgress.Frame, progress);
                read.AddRange(Bodies(plain));
            }
        }

        Assert.Equal(bodies, read);
    }

    [Fact]
    public void A_link_has_a_key_of_its_own()
    {
        var frame = Frame(Ciphers().Sealer, [1, 2, 3]);
        byte[] Nonce(byte of) => [.. Enumerable.Repeat(of, LinkHello.NonceSize)];
        LinkCipher[] others =
        [
            new(key, Hello() with { Nonce = Nonce(5) }, Nonce(4)), new(key, Hello(), Nonce(5)), new(key, Hello() with { To = "c" }, Nonce(4)),
            new(key, Hello() with { From = "b" }, Nonce(4)), new([.. key.Reverse()], Hello(), Nonce(4)),
        ];

        Assert.All(others, other => Assert.False(other.TryOpen(frame, new byte[8])));
        Assert.True(Ciphers().Opener.TryOpen(frame, new byte[8]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_bytes_make_a_decoder_throw_or_take_memory_that_they_do_not_account_for(int seed)
    {
        var random = new Random(seed);
        var (helloBytes, welcomeBytes) = (Hello().Write(), new LinkWelcome(new byte[16], new byte[16], "").Write());
        for (var round = 0; round < 3_000; round++)
        {
            var (sealer, opener) = Ciphers(hasKey: round % 3 != 0);
            var bytes = (round % 4) switch
            {
                0 => helloBytes.ToArray(),
                1 => welcomeBytes.ToArray(),
                2 => [.. Frame(sealer, [1, 2, 3], []), .. Frame(sealer, new byte[random.Next(500)])],
                _ => new byte[random.Next(100)],
            };
            if (round % 4 == 3) random.NextBytes(bytes);
            for (var i = random.Next(4); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) bytes = bytes[..random.Next(bytes.Length + 1)];

            if (LinkHello.TryRead(bytes) is { } hello) Assert.True(hello.From.Length > 0 && hello.To.Length > 0);
            if (LinkWelcome.TryRead(bytes) is { Refusal: "" } welcome) Assert.Equal(bytes, welcome.Write());
            using var reader = new LinkReader(opener);
            var at = 0;
            var progress = LinkProgress.NeedsMore;
            for (var steps = 0; steps < 1_000 && progress is LinkProgress.NeedsMore or LinkProgress.Frame; steps++)
            {
                progress = reader.Next(out var plain);
                var place = 0;
                while (place < plain.Length && LinkMessages.TryRead(plain, ref place, out _, out var body)) Assert.True(body.Length < plain.Length);
                if (progress != LinkProgress.NeedsMore) continue;
                if (at == bytes.Length) break;
                var room = reader.Room();
                Assert.InRange(room.Length, 1, 4 * 1024 * 1024);
                var count = Math.Min(Math.Min(random.Next(1, 60), bytes.Length - at), room.Length);
                bytes.AsSpan(at, count).CopyTo(room.Span);
                reader.Received(count);
                at += count;
            }
            Assert.True(at <= bytes.Length, $"seed {seed}, round {round}: {Convert.ToHexString(bytes)}");
        }
    }

    [Fact]
    public void A_frame_longer_than_any_may_be_is_refused_before_memory_is_taken()
    {
        using var reader = new LinkReader(Ciphers().Opener);
        foreach (var (header, progress) in new[] { ("0020000500", LinkProgress.NeedsMore), ("0020000600", LinkProgress.Malformed) })
        {
            using var fresh = new LinkReader(Ciphers().Opener);
            Convert.FromHexString(header).CopyTo(fresh.Room());
            fresh.Received(5);
            Assert.Equal(progress, fresh.Next(out _));
        }
    }
}
