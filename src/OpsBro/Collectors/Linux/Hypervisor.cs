using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// The hypervisor below this host, if any. Source: CPUID leaf 0x40000000 on x86, where a hypervisor signs with twelve letters; on
/// others, and where it hides, /sys/hypervisor and the names in /sys/class/dmi/id.
/// </summary>
/// <param name="readSignature">Asks the CPU; null when it says that nothing is below it or cannot be asked.</param>
internal sealed class Hypervisor(Func<string?> readSignature) : ICollector
{
    /// <summary>Signature, or part of what DMI says, and the plain word.</summary>
    static readonly (string Signature, string Kind)[] Kinds =
    [
        ("KVMKVMKVM", "kvm"), ("VMwareVMware", "vmware"), ("XenVMMXenVMM", "xen"), ("MicrosoftHv", "hyperv"),
        ("VBoxVBoxVBox", "virtualbox"), ("TCGTCGTCGTCG", "qemu"), ("bhyve bhyve", "bhyve"),
        ("prl hyperv", "parallels"), ("ACRNACRNACRN", "acrn"), ("QNXQVMBSQG", "qnx"),
        ("SRESRESRESRE", "sre"), ("UnisysSpar64", "spar"),
    ];

    static readonly (string Name, string Signature)[] DmiNames =
    [
        ("KVM", "KVMKVMKVM"), ("QEMU", "KVMKVMKVM"), ("VMware", "VMwareVMware"), ("VirtualBox", "VBoxVBoxVBox"),
        ("HVM domU", "XenVMMXenVMM"),
        ("Virtual Machine", "MicrosoftHv"), ("BHYVE", "bhyve bhyve"), ("Parallels", "prl hyperv"), ("Amazon EC2", "KVMKVMKVM"),
    ];

    /// <summary>Asks this machine.</summary>
    public Hypervisor() : this(ReadSignature)
    {
    }

    /// <inheritdoc/>
    public string Name => "hypervisor";

    /// <inheritdoc/>
    public string Summary => "The hypervisor below this host, from CPUID, /sys/hypervisor and DMI.";

    /// <summary>It does not change while the kernel runs.</summary>
    public TimeSpan Interval => TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("hypervisor", "", "Its signature: KVMKVMKVM, VMwareVMware, XenVMMXenVMM, MicrosoftHv, VBoxVBoxVBox and so on; "
            + "empty on bare metal."),
        new("kind", "", "The same as a word: kvm, vmware, xen, hyperv, virtualbox, qemu, bhyve, parallels, other, or none."),
        new("virtual", "", "True when there is one."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var signature = readSignature() ?? FromFiles(run.Host) ?? "";
        run.Data.Set("hypervisor", signature);
        run.Data.Set("kind", KindOf(signature));
        run.Data.Set("virtual", signature.Length > 0);
        return Outcome.Ok;
    }

    /// <summary>The word for a signature; <c>other</c> for one that is not known, <c>none</c> when there is none.</summary>
    internal static string KindOf(string signature)
    {
        foreach (var (known, kind) in Kinds)
            if (known == signature) return kind;
        return signature.Length > 0 ? "other" : "none";
    }

    static string? FromFiles(HostFiles host)
    {
        if (host.ReadText("/sys/hypervisor/type") == "xen")
        {
            // Xen's own first domain sees the bare machine
            return host.ReadText("/proc/xen/capabilities")?.Contains("control_d", StringComparison.Ordinal) == true ? null : "XenVMMXenVMM";
        }
        foreach (var file in new[] { "product_name", "sys_vendor" })
        {
            var text = host.ReadText($"/sys/class/dmi/id/{file}") ?? "";
            foreach (var (name, signature) in DmiNames)
                if (text.Contains(name, StringComparison.Ordinal)) return signature;
        }
        return null;
    }

    static string? ReadSignature()
    {
        const int hypervisorBit = 1 << 31;
        if (!X86Base.IsSupported || (X86Base.CpuId(1, 0).Ecx & hypervisorBit) == 0) return null;
        var (_, ebx, ecx, edx) = X86Base.CpuId(0x4000_0000, 0);
        Span<int> registers = [ebx, ecx, edx];
        return Clean(MemoryMarshal.AsBytes(registers));
    }

    /// <summary>
    /// The signature as text: without zeros and outer blanks, and Hyper-V's as the original has it; null when it is empty.
    /// </summary>
    internal static string? Clean(ReadOnlySpan<byte> signature)
    {
        Span<char> text = stackalloc char[signature.Length];
        var length = 0;
        foreach (var c in signature)
            if (c is >= (byte)' ' and < 0x7f) text[length++] = (char)c;
        var clean = text[..length].Trim().ToString();
        return clean switch { "" => null, "Microsoft Hv" => "MicrosoftHv", _ => clean };
    }
}
