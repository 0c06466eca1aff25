using System.Buffers.Binary;
using System.Numerics;

namespace OpsBro.Evaluator;

/// <summary>SHA-224 (FIPS 180-4), which .NET does not have: SHA-256 with other initial values, cut to 28 bytes.</summary>
internal static class Sha224
{
    const int BlockBytes = 64;

    static readonly uint[] constants = Constants();

    /// <summary>The digest in hexadecimal.</summary>
    public static string Hex(Stream content)
    {
        uint[] state = [0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4];
        var block = new byte[BlockBytes];
        var total = 0L;
        int filled;
        while ((filled = content.ReadAtLeast(block, BlockBytes, throwOnEndOfStream: false)) == BlockBytes)
        {
            total += BlockBytes;
            Compress(state, block);
        }
        total += filled;
        Array.Clear(block, filled, BlockBytes - filled);
        block[filled] = 0x80;
        if (filled >= BlockBytes - sizeof(long))
        {
            Compress(state, block);
            Array.Clear(block);
        }
        BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(BlockBytes - sizeof(long)), total * 8);
        Compress(state, block);
        Span<byte> digest = stackalloc byte[32];
        for (var i = 0; i < state.Length; i++) BinaryPrimitives.WriteUInt32BigEndian(digest[(i * 4)..], state[i]);
        return Convert.ToHexStringLower(digest[..28]);
    }

    static void Compress(uint[] state, byte[] block)
    {
        Span<uint> words = stackalloc uint[64];
        for (var i = 0; i < 16; i++) words[i] = BinaryPrimitives.ReadUInt32BigEndian(block.AsSpan(i * 4));
        for (var i = 16; i < 64; i++)
        {
            var (x, y) = (words[i - 15], words[i - 2]);
            var small = BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >> 3);
            var large = BitOperations.RotateRight(y, 17) ^ BitOperations.RotateRight(y, 19) ^ (y >> 10);
            words[i] = words[i - 16] + small + words[i - 7] + large;
        }
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var i = 0; i < 64; i++)
        {
            var first = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
            var one = h + first + ((e & f) ^ (~e & g)) + constants[i] + words[i];
            var second = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
            var two = second + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
        }
        uint[] change = [a, b, c, d, e, f, g, h];
        for (var i = 0; i < change.Length; i++) state[i] += change[i];
    }

    /// <summary>The first 32 bits of the fractions of the cube roots of the first 64 primes.</summary>
    static uint[] Constants()
    {
        var primes =
            Enumerable.Range(2, 310).Where(n => !Enumerable.Range(2, Math.Max(0, (int)Math.Sqrt(n) - 1)).Any(d => n % d == 0)).Take(64);
        return [.. primes.Select(prime => (uint)(CubeRoot(new BigInteger(prime) << 96) & uint.MaxValue))];
    }

    static BigInteger CubeRoot(BigInteger value)
    {
        var root = BigInteger.Zero;
        for (var bit = 40; bit >= 0; bit--)
            if (BigInteger.Pow(root + (BigInteger.One << bit), 3) <= value) root += BigInteger.One << bit;
        return root;
    }
}
