using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip.Rpc;

/// <summary>What the commands of all sessions ask.</summary>
internal sealed record RpcParts(Cluster Cluster, GossipActions Actions, AgentLog Log, AgentState Self, Meter Meter, ILogger<RpcServer> Logger);

/// <summary>
/// One client's talk: first a handshake, then its key when one is asked for, then commands, one at a time. The texts of errors are Serf's
/// where its clients compare them. Page: serf-wire.md A16.
/// </summary>
internal sealed partial class RpcSession(RpcConnection connection, RpcParts parts, string authKey)
{
    /// <summary>Time for the handshake and the key: who only connects is sent away.</summary>
    public static readonly TimeSpan Welcome = TimeSpan.FromSeconds(10);

    /// <summary>Wrong keys that one connection may show.</summary>
    public const int MaxWrongKeys = 3;

    const string HandshakeRequired = "Handshake required", HandshakeDone = "Handshake already performed", UnknownVersion = "Unsupported IPC version";
    const string AuthRequired = "Authentication required", WrongKey = "Invalid authentication token", UnknownCommand = "Unsupported command";

    readonly Lock gate = new();
    bool isGreeted, isKnown = authKey.Length == 0;
    int wrongKeys;

    /// <summary>Answers until the client goes, or has to go.</summary>
    public async Task Run()
    {
        try
        {
            using var welcome = new CancellationTokenSource(Welcome);
            while (await connection.Read(isGreeted && isKnown ? CancellationToken.None : welcome.Token) is { } request)
            {
                var began = Monotonic.Now;
                var (goesOn, failed) = await Handle(request);
                parts.Meter.Ran(Monotonic.Now - began, failed);
                if (!goesOn) return;
            }
        }
        finally
        {
            StopAll();
        }
    }

    /// <summary>Does one request; false at last when the client has to go.</summary>
    async Task<(bool GoesOn, bool Failed)> Handle(RpcRequest request)
    {
        // what follows a refused request of an unknown command cannot be read: the length of its body is not known
        if (!isGreeted && request.Command != RpcCommand.Handshake) return await Refuse(request, HandshakeRequired, goesOn: false);
        if (!RpcCommand.IsKnown(request.Command)) return await Refuse(request, UnknownCommand, goesOn: false);
        if (!isKnown && request.Command is not (RpcCommand.Handshake or RpcCommand.Auth)) return await Refuse(request, AuthRequired, goesOn: true);
        switch (request.Body)
        {
            case RpcHandshake { Version: not RpcLimits.Version }: return await Refuse(request, UnknownVersion, goesOn: true);
            case RpcHandshake when isGreeted: return await Refuse(request, HandshakeDone, goesOn: true);
            case RpcHandshake:
                isGreeted = true;
                return await Say(request, "", null);
            case RpcAuth auth when Matches(auth.AuthKey):
                isKnown = true;
                return await Say(request, "", null);
            case RpcAuth:
                LogWrongKey(parts.Logger, connection.From);
                return await Refuse(request, WrongKey, goesOn: ++wrongKeys < MaxWrongKeys);
            case RpcStream or RpcMonitor or RpcStop or RpcQuery:
                return await Open(request);
        }
        try
        {
            var (error, body) = await Do(request);
            return await Say(request, error, body ?? Nothing(request.Command));
        }
        catch (Exception e) when (e is ApiProblem or PoolClosedException or AddressException)
        {
            return await Say(request, e.Message, Nothing(request.Command));
        }
    }

    /// <summary>In a time that says nothing about the key.</summary>
    bool Matches(string shown) => authKey.Length == 0 || CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(shown)), SHA256.HashData(Encoding.UTF8.GetBytes(authKey)));

    async Task<(bool GoesOn, bool Failed)> Say(RpcRequest request, string error, IRpcBody? body)
    {
        await connection.Answer(Encoded(request.Seq, error, body));
        return (true, error.Length > 0);
    }

    async Task<(bool GoesOn, bool Failed)> Refuse(RpcRequest request, string error, bool goesOn)
    {
        await connection.Answer(Encoded(request.Seq, error, null));
        return (goesOn, true);
    }

    static byte[] Encoded(ulong seq, string error, IRpcBody? body)
    {
        var output = new ArrayBufferWriter<byte>();
        RpcFrames.WriteAnswer(output, seq, error, body);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The body of an answer that is an error: clients of some commands read one in any case.</summary>
    static IRpcBody? Nothing(string command) => command switch
    {
        RpcCommand.Join => new RpcJoined(0),
        RpcCommand.Members or RpcCommand.MembersFiltered => new RpcMembers([]),
        RpcCommand.InstallKey or RpcCommand.UseKey or RpcCommand.RemoveKey or RpcCommand.ListKeys => new RpcKeys(null, null, 0, 0, 0),
        RpcCommand.Stats => new RpcStats([]),
        RpcCommand.GetCoordinate => new RpcCoordinateAnswer(null),
        _ => null,
    };

    [LoggerMessage(LogLevel.Warning, "rpc: {Client} showed a wrong auth_key")]
    static partial void LogWrongKey(ILogger logger, string client);
}
