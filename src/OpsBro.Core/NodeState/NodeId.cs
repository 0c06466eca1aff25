using OpsBro.Core.Wire;

namespace OpsBro.Core.NodeState;

/// <summary>The short name of a node on the wire: 64 bits of its zone and name, the same on every host (FNV-1a, then mixed).</summary>
static class NodeId
{
    /// <summary>Of a zone and a name, each of at most 512 bytes; never 0.</summary>
    public static ulong Of(string zone, string name)
    {
        var hash = Add(Add(0xcbf29ce484222325, zone) ^ 0xff, name);
        return Math.Max(Mix(hash), 1);
    }

    /// <summary>What a node's state adds to the hash of all: a sum of these does not depend on the order.</summary>
    public static ulong Print(ulong id, ulong generation, ulong version) =>
        generation == 0 ? 0 : Mix(id ^ Mix(generation * 0x9e3779b97f4a7c15 + version));

    static ulong Add(ulong hash, string text)
    {
        Span<byte> bytes = stackalloc byte[Math.Min(WireText.Length(text), 2 * NodeStateLimits.MaxName)];
        if (WireText.Length(text) > bytes.Length) text = text[..(bytes.Length / 4)];   // refused elsewhere; any number will do
        WireText.Encode(text, bytes);
        foreach (var each in bytes[..WireText.Length(text)]) hash = (hash ^ each) * 0x100000001b3;
        return hash;
    }

    static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
