using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class HypervisorTests
{
    [Theory]
    [InlineData("KVMKVMKVM\0\0\0", "KVMKVMKVM", "kvm"), InlineData("Microsoft Hv", "MicrosoftHv", "hyperv")]
    [InlineData("VMwareVMware", "VMwareVMware", "vmware"), InlineData("XenVMMXenVMM", "XenVMMXenVMM", "xen")]
    [InlineData("VBoxVBoxVBox", "VBoxVBoxVBox", "virtualbox"), InlineData("bhyve bhyve ", "bhyve bhyve", "bhyve")]
    [InlineData("SomethingNew", "SomethingNew", "other")]
    public void The_signature_of_the_processor_is_kept_and_named(string registers, string signature, string kind)
    {
        using var host = new RecordedHost();

        var data = host.Run(new Hypervisor(() => Hypervisor.Clean(System.Text.Encoding.ASCII.GetBytes(registers))));

        Assert.Equal(signature, data.Text("hypervisor"));
        Assert.Equal(kind, data.Text("kind"));
        Assert.True(data.At("virtual").AsBool);
    }

    [Theory, InlineData("3.10", "VMwareVMware"), InlineData("6.1", ""), InlineData("4.19", "KVMKVMKVM")]
    public void Without_a_signature_the_firmware_tells(string kernel, string expected)
    {
        using var host = new RecordedHost(kernel);

        Assert.Equal(expected, host.Run(new Hypervisor(() => null)).Text("hypervisor"));
    }

    [Theory, InlineData("", "XenVMMXenVMM"), InlineData("control_d\n", "")]
    public void A_guest_of_xen_is_one_and_its_first_domain_is_not(string capabilities, string expected)
    {
        using var host = new RecordedHost().With("/sys/hypervisor/type", "xen\n").With("/proc/xen/capabilities", capabilities);

        Assert.Equal(expected, host.Run(new Hypervisor(() => null)).Text("hypervisor"));
    }

    [Fact]
    public void Zeros_are_no_signature() => Assert.Null(Hypervisor.Clean(new byte[12]));
}
