namespace OpsBro.Core.Dns;

/// <summary>
/// Records of one name and type, ready to be copied: each begins with a pointer to the question's name. They stand in the order of
/// distance.
/// </summary>
/// <param name="data">All of them.</param>
/// <param name="starts">Where each begins, and where the last one ends.</param>
/// <param name="nodes">Whose each is.</param>
/// <param name="weights">The weight of each; null when all are the same.</param>
/// <param name="firsts">The number of the first one that says the same as each, for nodes may share an address; null when none does.</param>
sealed class DnsRecords(byte[] data, int[] starts, int[] nodes, int[]? weights, int[]? firsts)
{
    /// <summary>How many.</summary>
    public int Count => nodes.Length;

    /// <summary>The weights; null when all are the same.</summary>
    public int[]? Weights => weights;

    /// <summary>The first one that says the same as each; null when each says something else.</summary>
    public int[]? Firsts => firsts;

    /// <summary>Whose a record is.</summary>
    public int Node(int number) => nodes[number];

    /// <summary>One record.</summary>
    public ReadOnlySpan<byte> this[int number] => data.AsSpan(starts[number], starts[number + 1] - starts[number]);
}

/// <summary>What there is at a name: who might be an answer, and the records of who is.</summary>
sealed class DnsSet
{
    /// <summary>Everyone who has the name, and why not each is an answer.</summary>
    public required (int Node, DnsOmission Reason)[] Candidates { get; init; }

    /// <summary>Records by type; null for none.</summary>
    public DnsRecords? A { get; init; }

    /// <summary>Of type AAAA.</summary>
    public DnsRecords? Aaaa { get; init; }

    /// <summary>Of type SRV.</summary>
    public DnsRecords? Srv { get; init; }

    /// <summary>Of type TXT; the age is put behind each.</summary>
    public DnsRecords? Txt { get; init; }

    /// <summary>Of type PTR.</summary>
    public DnsRecords? Ptr { get; init; }

    /// <summary>Of type NS.</summary>
    public DnsRecords? Ns { get; init; }

    /// <summary>The nodes of a group, one bit each: asked when the group is a tag. Null for other sets.</summary>
    public ulong[]? Members { get; init; }

    /// <summary>What there is at names below this one: they have dots in them, or are tags.</summary>
    public List<DnsSet> Below { get; } = [];

    /// <summary>True when one of those meant has the name.</summary>
    public bool HasOwner(in DnsFilter meant)
    {
        if (meant.IsAll) return true;
        foreach (var (node, _) in Candidates)
            if (meant.Has(node)) return true;
        return false;
    }

    /// <summary>The records of a type; null for none.</summary>
    public DnsRecords? Of(DnsType type) => type switch
    {
        DnsType.A => A,
        DnsType.Aaaa => Aaaa,
        DnsType.Srv => Srv,
        DnsType.Txt => Txt,
        DnsType.Ptr => Ptr,
        DnsType.Ns => Ns,
        _ => null,
    };
}

/// <summary>Which nodes are meant: those whose bit is set in both sets; null stands for all.</summary>
/// <param name="First">Of a zone.</param>
/// <param name="Second">With a tag, or with everything ok.</param>
readonly record struct DnsFilter(ulong[]? First, ulong[]? Second)
{
    /// <summary>True when everyone is meant.</summary>
    public bool IsAll => First is null && Second is null;

    /// <summary>True when a node is meant; also for what belongs to no node.</summary>
    public bool Has(int node) => node < 0 || ((First is null || Bit(First, node)) && (Second is null || Bit(Second, node)));

    /// <summary>A set of bits for so many nodes.</summary>
    public static ulong[] Bits(int nodes) => new ulong[(nodes + 63) / 64];

    /// <summary>Sets one.</summary>
    public static void Set(ulong[] bits, int node) => bits[node >> 6] |= 1ul << (node & 63);

    /// <summary>True when one is set.</summary>
    public static bool Bit(ulong[] bits, int node) => (bits[node >> 6] >> (node & 63) & 1) != 0;
}

/// <summary>What a name is.</summary>
enum DnsPlace
{
    /// <summary>Not below our domain.</summary>
    Elsewhere,

    /// <summary>There is no such name.</summary>
    Missing,

    /// <summary>There are names below it, and nothing at it.</summary>
    Between,

    /// <summary>The domain itself.</summary>
    Apex,

    /// <summary>A name.</summary>
    Found,
}

/// <summary>What was found for a name.</summary>
/// <param name="Place">What the name is.</param>
/// <param name="Set">What there is at it; null for nothing.</param>
/// <param name="Filter">Which nodes are meant.</param>
/// <param name="IsServiceName">A name as <c>_web._tcp</c>, which has SRV and TXT only.</param>
readonly record struct DnsFound(DnsPlace Place, DnsSet? Set, DnsFilter Filter, bool IsServiceName)
{
    /// <summary>The name of an address, or of a part of one: not below our domain.</summary>
    public bool IsAddress { get; init; }
}

/// <summary>A table of names in lower case, found without allocating. It never changes after it was filled.</summary>
sealed class DnsTable
{
    readonly int[] places;
    readonly (uint Hash, byte[] Key, DnsSet? Set, bool IsServiceName)[] names;

    /// <summary>A table of names, each once; a set that is null makes an empty name between others.</summary>
    public DnsTable(IReadOnlyCollection<(byte[] Key, DnsSet? Set, bool IsServiceName)> all)
    {
        names = [.. all.Select(one => (DnsNames.Hash(one.Key), one.Key, one.Set, one.IsServiceName))];
        var size = 16;
        while (size < names.Length * 2) size *= 2;
        places = new int[size];
        for (var i = 0; i < names.Length; i++)
        {
            var at = names[i].Hash & (size - 1);
            while (places[at] > 0) at = (at + 1) & (size - 1);
            places[at] = i + 1;
        }
    }

    /// <summary>The names at which there is something.</summary>
    public IEnumerable<byte[]> Keys => names.Where(n => n.Set is not null).Select(n => n.Key);

    /// <summary>Looks a name up.</summary>
    public bool TryFind(ReadOnlySpan<byte> key, out DnsSet? set, out bool isServiceName)
    {
        var hash = DnsNames.Hash(key);
        for (var at = (int)hash & (places.Length - 1); places[at] > 0; at = (at + 1) & (places.Length - 1))
        {
            ref var one = ref names[places[at] - 1];
            if (one.Hash != hash || !key.SequenceEqual(one.Key)) continue;
            (set, isServiceName) = (one.Set, one.IsServiceName);
            return true;
        }
        (set, isServiceName) = (null, false);
        return false;
    }
}
