using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class DmiDecodeTests
{
    [Fact]
    public void Every_file_of_the_firmware_table_is_a_key()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new DmiDecode());

        Assert.Equal("PowerEdge R750", data.Text("product_name"));
        Assert.Equal(["bios_vendor", "bios_version", "chassis_type", "product_name", "sys_vendor"], data.Keys());
    }
}
