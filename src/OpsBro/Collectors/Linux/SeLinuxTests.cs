using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class SeLinuxTests
{
    [Theory, InlineData("3.10", true, "enforcing"), InlineData("6.1", true, "permissive"), InlineData("4.19", false, "disabled")]
    public void The_mode_is_what_the_kernel_enforces(string kernel, bool isEnabled, string mode)
    {
        using var host = new RecordedHost(kernel);

        var data = host.Run(new SeLinux());

        Assert.Equal(isEnabled, data.At("enabled").AsBool);
        Assert.Equal(mode, data.Text("mode"));
    }
}
