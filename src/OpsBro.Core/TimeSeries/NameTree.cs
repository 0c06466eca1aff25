namespace OpsBro.Core.TimeSeries;

/// <summary>Names as a tree of their parts: each part is stored once, and a child is found without a look at its siblings.</summary>
/// <param name="seed">Of the hashes.</param>
sealed class NameTree(ulong seed)
{
    /// <summary>The node that all others are below.</summary>
    public const int Root = 0;

    /// <summary>No node, no value.</summary>
    public const int None = -1;

    const int FirstSlots = 64;

    /// <summary>A part at its place.</summary>
    struct Node
    {
        public int Parent, Part, FirstChild, Next, Previous, Value, Count;
    }

    readonly ByteTable parts = new(seed);
    readonly Stack<int> free = [];
    int[] uses = [];
    Node[] nodes = [new Node { Parent = None, Part = None, FirstChild = None, Next = None, Previous = None, Value = None }];
    int[] slots = new int[FirstSlots];
    int end = 1;

    /// <summary>Bytes that it takes.</summary>
    public long MemoryBytes => parts.MemoryBytes + (uses.Length * 4L) + (nodes.Length * 28L) + (slots.Length * 4L) + (free.Count * 4L);

    /// <summary>The part of a node.</summary>
    public ReadOnlySpan<byte> PartOf(int node) => parts[nodes[node].Part];

    /// <summary>What the user of the tree keeps at a node; <see cref="None"/> at first.</summary>
    public ref int ValueOf(int node) => ref nodes[node].Value;

    /// <summary>A number that the user of the tree keeps at a node; 0 at first.</summary>
    public ref int CountOf(int node) => ref nodes[node].Count;

    /// <summary>The node above; <see cref="None"/> for the root.</summary>
    public int ParentOf(int node) => nodes[node].Parent;

    /// <summary>The first of the nodes below, in no order.</summary>
    public int FirstChildOf(int node) => nodes[node].FirstChild;

    /// <summary>The next one below the same node.</summary>
    public int NextOf(int node) => nodes[node].Next;

    /// <summary>The child with a part; <see cref="None"/> when there is none.</summary>
    public int Child(int parent, ReadOnlySpan<byte> part)
    {
        var id = parts.Find(part);
        return id < 0 ? None : Child(parent, id, out _);
    }

    /// <summary>The child with a part, which is added when there is none.</summary>
    public int AddChild(int parent, ReadOnlySpan<byte> part)
    {
        var id = parts.Add(part, out var isNew);
        if (isNew && id >= uses.Length) Array.Resize(ref uses, Math.Max(16, id + 1 + (id / 2)));
        if (isNew) uses[id] = 0;
        var node = Child(parent, id, out var slot);
        if (node != None) return node;
        if ((end - free.Count + 1) * 10L > slots.Length * 7L)
        {
            Grow();
            Child(parent, id, out slot);
        }
        if (!free.TryPop(out node))
        {
            node = end++;
            if (node == nodes.Length) Array.Resize(ref nodes, Math.Max(16, node + (node / 2)));
        }
        var next = nodes[parent].FirstChild;
        nodes[node] = new Node { Parent = parent, Part = id, FirstChild = None, Next = next, Previous = None, Value = None };
        if (next != None) nodes[next].Previous = node;
        nodes[parent].FirstChild = node;
        slots[slot] = node;
        uses[id]++;
        return node;
    }

    /// <summary>Removes a node that has neither a value nor children, and those above it that then have neither.</summary>
    public void Prune(int node)
    {
        while (node != Root && nodes[node].Value == None && nodes[node].FirstChild == None)
        {
            var gone = nodes[node];
            Unlist(node);
            if (gone.Previous != None) nodes[gone.Previous].Next = gone.Next;
            else nodes[gone.Parent].FirstChild = gone.Next;
            if (gone.Next != None) nodes[gone.Next].Previous = gone.Previous;
            if (--uses[gone.Part] == 0) parts.Remove(gone.Part);
            free.Push(node);
            node = gone.Parent;
        }
    }

    int Child(int parent, int part, out int slot)
    {
        var mask = slots.Length - 1;
        for (slot = Home(parent, part, mask); slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var node = slots[slot];
            if (nodes[node].Part == part && nodes[node].Parent == parent) return node;
        }
        return None;
    }

    static int Home(int parent, int part, int mask)
    {
        var hash = (((ulong)(uint)parent << 32) | (uint)part) * 0x9e3779b97f4a7c15;
        return (int)((hash ^ (hash >> 29)) >> 20) & mask;
    }

    void Unlist(int node)
    {
        var mask = slots.Length - 1;
        var slot = Home(nodes[node].Parent, nodes[node].Part, mask);
        while (slots[slot] != node) slot = (slot + 1) & mask;
        for (var next = (slot + 1) & mask; slots[next] != 0; next = (next + 1) & mask)
        {
            var home = Home(nodes[slots[next]].Parent, nodes[slots[next]].Part, mask);
            if (((next - home) & mask) < ((next - slot) & mask)) continue;
            slots[slot] = slots[next];
            slot = next;
        }
        slots[slot] = 0;
    }

    void Grow()
    {
        var old = slots;
        slots = new int[old.Length * 2];
        var mask = slots.Length - 1;
        foreach (var node in old)
        {
            if (node == 0) continue;
            var slot = Home(nodes[node].Parent, nodes[node].Part, mask);
            while (slots[slot] != 0) slot = (slot + 1) & mask;
            slots[slot] = node;
        }
    }
}
