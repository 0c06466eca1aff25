using System.Net.Sockets;
using System.Text;

namespace OpsBro.Platform;

/// <summary>Tells systemd how the agent is (sd_notify(3)); does nothing when nobody asked.</summary>
internal static class ServiceManager
{
    /// <summary>Sends one state, for instance <c>READY=1</c>.</summary>
    public static void Notify(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path) return;
        if (path[0] == '@') path = '\0' + path[1..];
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            // the manager has gone: the agent's work does not depend on it
        }
    }
}
