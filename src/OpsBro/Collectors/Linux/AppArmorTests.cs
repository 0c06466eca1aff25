using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class AppArmorTests
{
    [Fact]
    public void Profiles_are_counted_by_mode()
    {
        using var host = new RecordedHost("4.19");

        var data = host.Run(new AppArmor());

        Assert.True(data.At("enabled").AsBool);
        Assert.Equal(5, data.Number("profiles", "total"));
        Assert.Equal(3, data.Number("profiles", "enforce"));
        Assert.Equal(1, data.Number("profiles", "complain"));
        Assert.Equal(1, data.Number("profiles", "other"));
    }

    [Fact]
    public void A_kernel_without_it_says_that_it_is_off()
    {
        using var host = new RecordedHost("3.10");

        Assert.False(host.Run(new AppArmor()).At("enabled").AsBool);
    }
}
