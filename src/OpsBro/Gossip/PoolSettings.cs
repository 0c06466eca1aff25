using System.Net;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip;

/// <summary>What one pool is started with; it is made anew when any of it changes.</summary>
/// <param name="Zone">Whose pool it is.</param>
/// <param name="Name">Our name in it.</param>
/// <param name="Bind">Where its sockets listen.</param>
/// <param name="Advertise">Where others reach it.</param>
/// <param name="Profile">The network's constants.</param>
/// <param name="Label">The cluster's label.</param>
/// <param name="Compress">Compresses what is sent.</param>
/// <param name="Directory">Where its files stand.</param>
/// <param name="KeepsSnapshot">Remembers its members there.</param>
internal sealed record PoolSettings(
    string Zone, string Name, IPEndPoint Bind, PeerAddress Advertise, GossipProfile Profile, string Label, bool Compress, string Directory,
    bool KeepsSnapshot)
{
    /// <summary>The snapshot's file.</summary>
    public string SnapshotFile => Path.Join(Directory, "snapshot");

    /// <summary>The keyring's file.</summary>
    public string KeyringFile => Path.Join(Directory, "keyring.json");
}
