using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using OpsBro.Platform;

namespace OpsBro.Agent;

/// <summary>Who this agent is.</summary>
/// <param name="Name">The host's name.</param>
/// <param name="Uuid">40 hexadecimal digits; the same over restarts, another one on a clone of the machine.</param>
internal sealed record Identity(string Name, string Uuid)
{
    const string ProductUuid = "/sys/class/dmi/id/product_uuid";

    /// <summary>
    /// Reads the identity of a data directory, or makes it. The file holds the id and the hardware it was made on: when the hardware
    /// differs the disk was cloned, and the clone gets an id of its own.
    /// </summary>
    public static Identity Load(string dataDirectory, HostFiles host)
    {
        var file = Path.Join(dataDirectory, "uuid");
        var hardware = Sha1((host.ReadText(ProductUuid) ?? "").ToLowerInvariant());
        var name = Environment.MachineName;
        if (File.Exists(file) && File.ReadAllText(file).Trim().Split(' ') is [{ Length: 40 } known, var madeOn] && madeOn == hardware)
            return new Identity(name, known);
        var uuid = Sha1(Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        File.WriteAllText(file, $"{uuid} {hardware}\n");
        return new Identity(name, uuid);
    }

    static string Sha1(string text) => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// The address others would use: of an interface that is up, IPv4 before IPv6, with a gateway before without; loopback when there is
    /// nothing else.
    /// </summary>
    public static IPAddress LocalAddress() => Addresses().FirstOrDefault() ?? IPAddress.Loopback;

    /// <summary>Every address of the host that is not loopback or link-local, the best first.</summary>
    public static IReadOnlyList<IPAddress> Addresses()
    {
        try
        {
            return
            [
                .. from nic in NetworkInterface.GetAllNetworkInterfaces()
                   where nic.OperationalStatus == OperationalStatus.Up && nic.NetworkInterfaceType != NetworkInterfaceType.Loopback
                   let properties = nic.GetIPProperties()
                   from address in properties.UnicastAddresses
                   where !address.Address.IsIPv6LinkLocal && !IsAutomatic(address.Address)
                   orderby properties.GatewayAddresses.Count > 0 descending, address.Address.AddressFamily == AddressFamily.InterNetwork descending
                   select address.Address,
            ];
        }
        catch (NetworkInformationException)
        {
            return [];   // no right to list interfaces (a sandbox): loopback is all that is known
        }
    }

    static bool IsAutomatic(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..];
}
