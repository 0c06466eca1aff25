namespace OpsBro.Core.Wire;

/// <summary>Every limit of the gossip wire formats. What exceeds one is refused and counted, never cut.</summary>
public static class WireLimits
{
    /// <summary>Largest datagram accepted, in bytes.</summary>
    public const int MaxPacket = 65_536;

    /// <summary>
    /// Budget of a datagram we send, in bytes, all layers included: what every memberlist peer expects.
    /// </summary>
    public const int PacketBudget = 1_400;

    /// <summary>Most bytes that all compressed parts of one datagram may grow to together.</summary>
    public const int MaxInflatedPacket = 65_536;

    /// <summary>Most compressed parts in one datagram; honest peers compress the whole.</summary>
    public const int MaxCompressedParts = 8;

    /// <summary>Compound and compress layers that may be nested in one datagram.</summary>
    public const int MaxLayers = 4;

    /// <summary>Most parts of a compound that we read; the count is one byte.</summary>
    public const int MaxCompoundParts = 255;

    /// <summary>Most parts of a compound that we send: memberlist up to 0.2 miscounts more.</summary>
    public const int MaxCompoundPartsSent = 127;

    /// <summary>Largest message on a stream, in bytes: push/pull, encrypted payload, user message.</summary>
    public const int MaxStream = 20 * 1024 * 1024;

    /// <summary>Largest message on a stream after decompression, in bytes.</summary>
    public const int MaxInflatedStream = 40 * 1024 * 1024;

    /// <summary>Largest header, node state, ping, ack or error on a stream, in bytes.</summary>
    public const int MaxStreamPart = 65_536;

    /// <summary>Most nodes in one push/pull, and most members in the state that Serf adds.</summary>
    public const int MaxMembers = 131_072;

    /// <summary>Longest label, in bytes; its length is one byte.</summary>
    public const int MaxLabel = 255;

    /// <summary>Most fields of a message, known and unknown.</summary>
    public const int MaxFields = 64;

    /// <summary>Deepest nesting of a msgpack value that is skipped.</summary>
    public const int MaxDepth = 16;

    /// <summary>Most msgpack items skipped in one message.</summary>
    public const int MaxSkipped = 4_096;

    /// <summary>
    /// Longest name of a node, an event or a query, in bytes. Serf itself names no limit for nodes before 0.9.5,
    /// later 128.
    /// </summary>
    public const int MaxName = 512;

    /// <summary>Largest Meta of a node that is read, in bytes; Serf sends at most 512.</summary>
    public const int MaxMeta = 4_096;

    /// <summary>Most tags of one node.</summary>
    public const int MaxTags = 256;

    /// <summary>Largest payload of an event, query, answer or ack, in bytes: that of a datagram.</summary>
    public const int MaxPayload = MaxPacket;

    /// <summary>Longest text of an error or key answer, in bytes.</summary>
    public const int MaxText = 16_384;

    /// <summary>Most filters of a query, and most names in one filter.</summary>
    public const int MaxFilters = 1_024;

    /// <summary>Most slots of the ring of past events; Serf has 512.</summary>
    public const int MaxEventSlots = 8_192;

    /// <summary>Most events in all slots of the ring together.</summary>
    public const int MaxEvents = 16_384;

    /// <summary>Most keys in an answer; Serf cuts its list at about 40.</summary>
    public const int MaxKeys = 256;

    /// <summary>Most keys in a keyring: each is tried on each datagram.</summary>
    public const int MaxKeyring = 32;

    /// <summary>Longest address field read, in bytes; only 4 and 16 are addresses.</summary>
    public const int MaxAddress = 64;

    /// <summary>Longest list of protocol versions read, in bytes; only 6 is one.</summary>
    public const int MaxVersions = 64;
}
