using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class HostTimeZoneTests
{
    [Theory]
    [InlineData("CET-1CEST,M3.5.0,M10.5.0/3", "CET", "CEST")]
    [InlineData("UTC0", "UTC", "UTC")]
    [InlineData("<+03>-3", "+03", "+03")]
    [InlineData("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "-03", "-02")]
    [InlineData("", "UTC", "UTC")]
    public void The_short_names_stand_in_the_rule_that_ends_the_file(string rule, string standard, string summer)
    {
        byte[] file = [.. "TZif2 and so on\0\n"u8, .. System.Text.Encoding.ASCII.GetBytes(rule), (byte)'\n'];

        Assert.Equal((standard, summer), HostTimeZone.ShortNames(file));
    }

    [Theory]
    [InlineData("/usr/share/zoneinfo/Europe/Paris", null, "Europe/Paris")]
    [InlineData("../usr/share/zoneinfo/posix/Etc/UTC", "Europe/Berlin\n", "Etc/UTC")]
    [InlineData(null, "Europe/Berlin\n", "Europe/Berlin")]
    [InlineData(null, null, "")]
    public void The_name_is_where_the_link_points_or_what_the_file_says(string? link, string? file, string name) =>
        Assert.Equal(name, HostTimeZone.NameOf(link, file));

    [Fact]
    public void A_host_with_a_zone_has_its_offset()
    {
        using var host = new RecordedHost().WithLink("/etc/localtime", "/usr/share/zoneinfo/Etc/GMT-5");

        Assert.Equal(5 * 3600, host.Run(new HostTimeZone()).Number("utc_offset"));
    }
}
