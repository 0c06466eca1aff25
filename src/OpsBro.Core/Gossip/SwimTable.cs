using System.Collections;

namespace OpsBro.Core.Gossip;

/// <summary>Nodes by their name, which stands in the node alone: half the memory of a dictionary.</summary>
sealed class SwimTable : IReadOnlyCollection<SwimNode>
{
    readonly HashSet<SwimNode> nodes = new(new ByName());

    public int Count => nodes.Count;

    public bool Add(SwimNode node) => nodes.Add(node);

    public bool Remove(SwimNode node) => nodes.Remove(node);

    public void Reserve(int count) => nodes.EnsureCapacity(count);

    public SwimNode? Find(ReadOnlySpan<char> name) =>
        nodes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var node) ? node : null;

    public HashSet<SwimNode>.Enumerator GetEnumerator() => nodes.GetEnumerator();

    IEnumerator<SwimNode> IEnumerable<SwimNode>.GetEnumerator() => nodes.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => nodes.GetEnumerator();

    /// <summary>Names are untrusted: .NET's seeded hash keeps a peer from choosing names that collide; the order does not depend on it.</summary>
    sealed class ByName : IEqualityComparer<SwimNode>, IAlternateEqualityComparer<ReadOnlySpan<char>, SwimNode>
    {
        public bool Equals(SwimNode? one, SwimNode? other) => one?.Name == other?.Name;

        public int GetHashCode(SwimNode node) => string.GetHashCode(node.Name);

        public bool Equals(ReadOnlySpan<char> name, SwimNode node) => name.SequenceEqual(node.Name);

        public int GetHashCode(ReadOnlySpan<char> name) => string.GetHashCode(name);

        public SwimNode Create(ReadOnlySpan<char> name) => throw new NotSupportedException("a node is not made of its name");
    }
}
