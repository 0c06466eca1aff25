using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpsBro.Core.KeyValue;

/// <summary>A member on the ring.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its uuid.</param>
/// <param name="IsAlive">It answers.</param>
public readonly record struct RingMember(string Name, string Id, bool IsAlive);

/// <summary>
/// Where each partition's copies are: consistent hashing with <see cref="KeyValueLimits.VirtualNodes"/> points a member. Never changes.
/// </summary>
public sealed class Ring
{
    readonly string[][] home = new string[KeyValueLimits.Partitions][];
    readonly string[][] live = new string[KeyValueLimits.Partitions][];

    /// <summary>Places the partitions.</summary>
    /// <param name="members">The known members.</param>
    /// <param name="alone">Who keeps all copies while there is no member at all.</param>
    public Ring(IReadOnlyList<RingMember> members, string alone)
    {
        Members = members;
        KnownHash = HashOf(string.Join('\n', members.Select(m => m.Id).Order(StringComparer.Ordinal)));
        AliveHash = HashOf(string.Join('\n', members.Where(m => m.IsAlive).Select(m => m.Id).Order(StringComparer.Ordinal)));
        var points = new (ulong Place, int Member)[members.Count * KeyValueLimits.VirtualNodes];
        for (var i = 0; i < points.Length; i++)
        {
            var member = i / KeyValueLimits.VirtualNodes;
            points[i] = (HashOf($"{members[member].Id} {i % KeyValueLimits.VirtualNodes}"), member);
        }
        // two equal points go by the members' ids: every node must see the same order
        Array.Sort(points, (a, b) => a.Place != b.Place ? a.Place.CompareTo(b.Place)
            : string.CompareOrdinal(members[a.Member].Id, members[b.Member].Id));
        for (var partition = 0; partition < KeyValueLimits.Partitions; partition++) Walk(partition, points, alone);
    }

    /// <summary>The known members.</summary>
    public IReadOnlyList<RingMember> Members { get; }

    /// <summary>Equal for equal sets of known members.</summary>
    public ulong KnownHash { get; }

    /// <summary>Equal for equal sets of living members.</summary>
    public ulong AliveHash { get; }

    /// <summary>First 8 bytes of the SHA-1 of a text.</summary>
    public static ulong HashOf(string text)
    {
        Span<byte> digest = stackalloc byte[SHA1.HashSizeInBytes];
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = most <= 2_048 ? stackalloc byte[most] : new byte[most];
        SHA1.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }

    /// <summary>The partition of a key, from the hash of the key: the first byte.</summary>
    public static int PartitionOf(ulong keyHash) => (int)(keyHash >> 56);

    /// <summary>Names of the home copies: the first known members.</summary>
    public string[] Home(int partition) => home[partition];

    /// <summary>Names of the live copies: the first living members; the very first is the owner.</summary>
    public string[] Live(int partition) => live[partition];

    /// <summary>How many home copies of the ring before must agree, so that each majority of them has one that does: 1 of 1 or 2, 2 of 3.</summary>
    public static int EnoughOfBefore(string[] home) => (home.Length + 1) / 2;

    /// <summary>How many home copies make a majority.</summary>
    public int Majority(int partition) => home[partition].Length / 2 + 1;

    void Walk(int partition, (ulong Place, int Member)[] points, string alone)
    {
        if (Members.Count == 0)
        {
            home[partition] = live[partition] = [alone];
            return;
        }
        var start = Array.BinarySearch(points, (HashOf($"partition {partition}"), 0), byPlace);
        if (start < 0) start = ~start;
        var seen = new bool[Members.Count];
        List<string> homes = [], lives = [];
        for (var step = 0; step < points.Length && (homes.Count < KeyValueLimits.Copies || lives.Count < KeyValueLimits.Copies); step++)
        {
            var member = points[(start + step) % points.Length].Member;
            if (seen[member]) continue;
            seen[member] = true;
            if (homes.Count < KeyValueLimits.Copies) homes.Add(Members[member].Name);
            if (Members[member].IsAlive && lives.Count < KeyValueLimits.Copies) lives.Add(Members[member].Name);
        }
        home[partition] = [.. homes];
        live[partition] = [.. lives];
    }

    static readonly Comparer<(ulong Place, int Member)> byPlace = Comparer<(ulong Place, int Member)>.Create((a, b) => a.Place.CompareTo(b.Place));
}
