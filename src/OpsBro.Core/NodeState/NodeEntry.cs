using OpsBro.Core.Wire;

namespace OpsBro.Core.NodeState;

/// <summary>One key of a node's map with its value and the version that set it; null when that version removed it. Immutable.</summary>
public sealed class NodeEntry(string key, string? value, ulong version)
{
    /// <summary>For instance <c>check/linux/cpu</c>.</summary>
    public string Key { get; } = key;

    /// <summary>Its value; null for a key that was removed (a tombstone).</summary>
    public string? Value { get; } = value;

    /// <summary>The owner's version that set or removed it.</summary>
    public ulong Version { get; } = version;

    /// <summary>The key was removed.</summary>
    public bool IsRemoved => Value is null;

    /// <summary>A proxy says it of a member of its pools.</summary>
    internal bool IsMember => Key.StartsWith(NodeKeys.Member, StringComparison.Ordinal);

    /// <summary>Bytes that count against <see cref="NodeStateLimits.MaxNodeBytes"/>.</summary>
    public int Size { get; } =
        WireText.Length(key) + (value is null ? 0 : WireText.Length(value)) + NodeStateLimits.EntryOverhead;

    /// <inheritdoc/>
    public override string ToString() => $"{Key}={Value ?? "(removed)"} @{Version}";
}
