using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>The first byte of every memberlist message. Page: serf-wire.md A3.</summary>
public enum MessageType : byte
{
    /// <summary>Are you there?</summary>
    Ping = 0,

    /// <summary>Ask another for me.</summary>
    IndirectPing = 1,

    /// <summary>Answer to a ping.</summary>
    Ack = 2,

    /// <summary>A node may be dead.</summary>
    Suspect = 3,

    /// <summary>A node is there, with its facts.</summary>
    Alive = 4,

    /// <summary>A node is dead, or left when it says so itself.</summary>
    Dead = 5,

    /// <summary>The whole state, on a stream.</summary>
    PushPull = 6,

    /// <summary>Several messages in one datagram.</summary>
    Compound = 7,

    /// <summary>What Serf sends.</summary>
    User = 8,

    /// <summary>A message in LZW.</summary>
    Compress = 9,

    /// <summary>An encrypted message on a stream.</summary>
    Encrypt = 10,

    /// <summary>The other did not answer me.</summary>
    Nack = 11,

    /// <summary>A datagram with a checksum.</summary>
    HasCrc = 12,

    /// <summary>Why a stream is refused.</summary>
    Error = 13,

    /// <summary>A cluster's label before everything else.</summary>
    HasLabel = 244,
}

/// <summary>The first byte of every Serf message, within a user message. Page: serf-wire.md A13.</summary>
public enum SerfType : byte
{
    /// <summary>A node leaves.</summary>
    Leave = 0,

    /// <summary>A node joins.</summary>
    Join = 1,

    /// <summary>Serf's part of the whole state.</summary>
    PushPull = 2,

    /// <summary>An event of a user.</summary>
    UserEvent = 3,

    /// <summary>A question to many.</summary>
    Query = 4,

    /// <summary>An answer, or the ack of one.</summary>
    QueryResponse = 5,

    /// <summary>What a node knows of a name that two claim.</summary>
    ConflictResponse = 6,

    /// <summary>A command about keys, within a query.</summary>
    KeyRequest = 7,

    /// <summary>The answer to one.</summary>
    KeyResponse = 8,

    /// <summary>A message to pass on.</summary>
    Relay = 9,
}

/// <summary>A message that can be sent: its type byte and body.</summary>
public interface IWireMessage
{
    /// <summary>
    /// Writes the type byte (for Serf's messages: theirs, without that of the user message) and the body.
    /// </summary>
    void Write(IBufferWriter<byte> output);
}
