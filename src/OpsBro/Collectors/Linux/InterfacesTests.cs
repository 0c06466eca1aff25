using System.Net;
using OpsBro.Collectors.Linux;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

public class InterfacesTests
{
    static readonly List<InterfaceAddress> Addresses =
    [
        new("bond0", IPAddress.Parse("10.1.2.3"), 22, IPAddress.Parse("10.1.3.255")),
        new("bond0", IPAddress.Parse("fe80::1"), 64, null),
        new("bond0", IPAddress.Parse("2001:db8::7"), 64, null),
        new("eth0:1", IPAddress.Parse("192.0.2.9"), 32, null),
    ];

    [Fact]
    public void Any_name_is_an_interface_and_bonding_masters_is_none()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Interfaces(() => Addresses));

        Assert.Equal(["bond0", "ens1f0", "ens1f1", "veth9f3", "wg0"], data.Keys());
        Assert.Equal(["bond", "ethernet", "ethernet", "veth", "wireguard"], data.Keys().Select(k => data.Text(k, "kind")));
    }

    [Fact]
    public void Addresses_of_both_families_are_written_in_the_words_of_the_original_too()
    {
        using var host = new RecordedHost("6.1");

        var bond = host.Run(new Interfaces(() => Addresses)).At("bond0");

        Assert.Equal("10.1.2.3", bond.Text("ip_address"));
        Assert.Equal("10.1.3.255", bond.Text("broadcast_address"));
        Assert.Equal("255.255.252.0", bond.Text("net_mask"));
        Assert.Equal("2001:db8::7", bond.Text("ipv6_address"));
        Assert.Equal("0c:42:a1:00:00:01", bond.Text("hardware_address"));
        Assert.Equal("Ethernet", bond.Text("link_encap"));
        Assert.Equal(["ipv4", "ipv6", "ipv6"], bond.At("addresses").AsList.Select(a => a.Text("family")));
        Assert.Equal(22, bond.At("addresses").AsList[0].Number("prefix"));
    }

    [Fact]
    public void A_bond_says_how_many_of_its_ports_are_up()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Interfaces(() => Addresses));

        Assert.Equal("active-backup", data.Text("bond0", "bond", "mode"));
        Assert.Equal("ens1f0", data.Text("bond0", "bond", "active"));
        Assert.Equal(2, data.Number("bond0", "bond", "ports"));
        Assert.Equal(1, data.Number("bond0", "bond", "ports_up"));
        Assert.False(data.At("ens1f1", "running").AsBool);
        Assert.True(data.At("ens1f1", "up").AsBool);
        Assert.DoesNotContain("speed_mbps", data.At("ens1f1").Keys());
    }

    [Fact]
    public void An_alias_belongs_to_its_interface()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new Interfaces(() => Addresses));

        Assert.Equal("192.0.2.9", data.Text("eth0", "ip_address"));
        Assert.Equal("vlan", data.Text("eth0.100", "kind"));
        Assert.Equal("loopback", data.Text("lo", "kind"));
        Assert.DoesNotContain("hardware_address", data.At("lo").Keys());
    }

    [Fact]
    public void The_loopback_of_this_host_has_its_address()
    {
        using var host = new HostFiles();

        var (data, _) = RecordedHost.Run(new Interfaces(), host);

        Assert.Equal("127.0.0.1", data.Text("lo", "ip_address"));
        Assert.Equal("255.0.0.0", data.Text("lo", "net_mask"));
        Assert.True(data.At("lo", "up").AsBool);
    }

    [Theory, InlineData(0, "0.0.0.0"), InlineData(1, "128.0.0.0"), InlineData(32, "255.255.255.255"), InlineData(24, "255.255.255.0")]
    public void A_prefix_is_a_mask(int prefix, string mask) => Assert.Equal(mask, $"{InterfaceAddress.MaskOf(prefix)}");
}
