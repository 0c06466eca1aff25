namespace OpsBro.Core.KeyValue;

/// <summary>
/// The key-value store of one agent, a member of group <c>kv</c> or not: placement, replication, repair, expiry. A synchronous state
/// machine: messages, ticks, operations and the disk's word go in, one at a time; effects go out through <see cref="IKeyValueOutput"/>.
/// Protocol: docs/protocols/key-value.md.
/// </summary>
public sealed partial class KeyValueEngine
{
    readonly KeyValueSettings settings;
    readonly IKeyValueOutput output;

    /// <summary>Makes an engine from what its disk has.</summary>
    /// <param name="settings">Who it is.</param>
    /// <param name="output">Where effects go.</param>
    /// <param name="stored">All rows of the disk, in any order; none for a new store.</param>
    /// <param name="now">Now.</param>
    public KeyValueEngine(KeyValueSettings settings, IKeyValueOutput output, IEnumerable<StoredRow> stored, Moment now) =>
        (this.settings, this.output) = (settings, output);

    /// <summary>
    /// What the others must know of this node, for a fact in NodeState: its store's id, the ring it sees, whether it is settled, whether it
    /// holds copies for others. Short ASCII; the process publishes it when it changes.
    /// </summary>
    public string Announcement => "";
}
