using System.Buffers.Binary;
using System.Net;
using System.Numerics;
using System.Runtime.InteropServices;

namespace OpsBro.Collectors.Linux;

/// <summary>An address of a network interface.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="Address">IPv4 or IPv6.</param>
/// <param name="Prefix">Bits of the network.</param>
/// <param name="Broadcast">Broadcast address, IPv4 only; null when there is none.</param>
internal sealed partial record InterfaceAddress(string Interface, IPAddress Address, int Prefix, IPAddress? Broadcast)
{
    /// <summary>Most addresses read: a router may hold thousands.</summary>
    public const int MaxAddresses = 8192;

    const ushort V4 = 2, V6 = 10;

    /// <summary>Every address of this host, as getifaddrs(3) gets them from the kernel by netlink.</summary>
    /// <exception cref="IOException">The kernel does not answer.</exception>
    public static unsafe List<InterfaceAddress> ReadAll()
    {
        if (getifaddrs(out var first) != 0) throw new IOException($"getifaddrs: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            List<InterfaceAddress> addresses = [];
            for (var entry = first; entry is not null && addresses.Count < MaxAddresses; entry = entry->Next)
            {
                if (AddressOf(entry->Address) is not { } address) continue;
                var name = Marshal.PtrToStringUTF8((nint)entry->Name) ?? "";
                var broadcast = (entry->Flags & HasBroadcast) != 0 ? AddressOf(entry->Broadcast) : null;
                addresses.Add(new InterfaceAddress(name, address, PrefixOf(AddressOf(entry->Mask)), broadcast));
            }
            return addresses;
        }
        finally
        {
            freeifaddrs(first);
        }
    }

    /// <summary>Bits set in a mask.</summary>
    internal static int PrefixOf(IPAddress? mask)
    {
        var bits = 0;
        foreach (var b in mask?.GetAddressBytes() ?? []) bits += BitOperations.PopCount(b);
        return bits;
    }

    /// <summary>The IPv4 mask of a number of bits: 255.255.255.0 for 24.</summary>
    internal static IPAddress MaskOf(int prefix)
    {
        Span<byte> mask = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(mask, prefix is <= 0 or > 32 ? 0 : uint.MaxValue << (32 - prefix));
        return new IPAddress(mask);
    }

    /// <summary>The address in a sockaddr; null for any other family (AF_PACKET: the interface itself).</summary>
    static unsafe IPAddress? AddressOf(byte* address) => address is null ? null : *(ushort*)address switch
    {
        V4 => new IPAddress(new ReadOnlySpan<byte>(address + 4, 4)),
        V6 => new IPAddress(new ReadOnlySpan<byte>(address + 8, 16)),
        _ => null,
    };

    const uint HasBroadcast = 2;   // IFF_BROADCAST

    /// <summary>struct ifaddrs of a 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Entry
    {
        /// <summary>The next one, or null.</summary>
        public Entry* Next;

        /// <summary>Name of the interface.</summary>
        public byte* Name;

        /// <summary>IFF_ flags.</summary>
        public uint Flags;

        /// <summary>sockaddr of the address; null for an interface without one.</summary>
        public byte* Address;

        /// <summary>sockaddr of the mask.</summary>
        public byte* Mask;

        /// <summary>sockaddr of the broadcast address, or of the other end.</summary>
        public byte* Broadcast;

        /// <summary>Not used.</summary>
        public byte* Data;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int getifaddrs(out Entry* first);

    [LibraryImport("libc")]
    internal static unsafe partial void freeifaddrs(Entry* first);
}
