using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using OpsBro.Config;

namespace OpsBro.Api;

/// <summary>
/// Opens the API's listeners: the unix socket always, TCP where it can. A TCP address that is taken or not ours is a problem the operator
/// sees, not the end of the agent.
/// </summary>
internal sealed class ApiServer
{
    /// <summary>Most connections at a time.</summary>
    public const int MaxConnections = 1_000;

    readonly List<string> addresses = [];
    readonly List<Socket> sockets = [];

    /// <summary>What is listened on, as people write it: the socket's path, <c>http://127.0.0.1:6768</c>.</summary>
    public IReadOnlyList<string> Addresses => addresses;

    /// <summary>Tells Kestrel what to listen on.</summary>
    public void Configure(KestrelServerOptions kestrel, AgentOptions agent, HttpOptions options, List<Problem> problems)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestBodySize = RequestReading.MaxBody;
        File.Delete(agent.Socket);   // what a killed agent left; the instance lock says that nobody else uses it
        kestrel.ListenUnixSocket(agent.Socket);
        addresses.Add(agent.Socket);
        var certificate = Certificate(agent, options, problems);
        if (options.Certificate.Length > 0 && certificate is null) return;
        foreach (var point in options.Listen) Listen(kestrel, agent, point, certificate, problems);
    }

    /// <summary>Gives the socket its rights: the owner and the group may connect, and whoever connects may do everything.</summary>
    public static void Protect(AgentOptions agent) =>
        File.SetUnixFileMode(agent.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);

    void Listen(KestrelServerOptions kestrel, AgentOptions agent, IPEndPoint point, X509Certificate2? certificate, List<Problem> problems)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(point.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (point.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = point.Address.Equals(IPAddress.IPv6Any);
            socket.Bind(point);
            socket.Listen(512);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            problems.Add(new Problem(Path.Join(agent.ConfigDirectory, "agent.yml"), 0, 0,
                $"the API cannot listen on {point} ({e.Message}); set http.listen to a free address, and restart"));
            return;
        }
        sockets.Add(socket);
        addresses.Add($"{(certificate is null ? "http" : "https")}://{socket.LocalEndPoint}");
        if (certificate is null) kestrel.Listen(new LoopEndPoint(socket));
        else kestrel.ListenHandle((ulong)socket.Handle, listener => listener.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate }));
    }

    static X509Certificate2? Certificate(AgentOptions agent, HttpOptions options, List<Problem> problems)
    {
        if (options.Certificate.Length == 0) return null;
        try
        {
            return X509Certificate2.CreateFromPemFile(options.Certificate, options.Key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            problems.Add(new Problem(Path.Join(agent.ConfigDirectory, "agent.yml"), 0, 0,
                $"http.tls: {options.Certificate} and {options.Key} give no certificate ({e.Message}); TCP is not opened"));
            return null;
        }
    }
}

/// <summary>The credentials of the process at the other end of a unix socket (unix(7), SO_PEERCRED).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PeerCredentials
{
    const int SolSocket = 1, SoPeerCred = 17;

    /// <summary>Process id.</summary>
    public int Pid;

    /// <summary>User id.</summary>
    public uint Uid;

    /// <summary>Group id.</summary>
    public uint Gid;

    /// <summary>Asks the kernel; null when the socket is no unix socket.</summary>
    public static PeerCredentials? Of(Socket socket)
    {
        if (socket.AddressFamily != AddressFamily.Unix) return null;
        Span<byte> raw = stackalloc byte[12];
        return socket.GetRawSocketOption(SolSocket, SoPeerCred, raw) == raw.Length ? MemoryMarshal.Read<PeerCredentials>(raw) : null;
    }
}
