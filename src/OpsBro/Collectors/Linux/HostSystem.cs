using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// What the host is: names, system, kernel, processors, uptime. Sources: /proc, /etc/os-release, /etc/hosts, /etc/passwd. No name server is
/// asked.
/// </summary>
internal sealed class HostSystem : ICollector
{
    /// <summary>An address that no packet is sent to: the kernel only looks up which of the host's own it would use.</summary>
    static readonly IPEndPoint far = new(IPAddress.Parse("198.51.100.1"), 9);

    (string Model, double Mhz)? processor;

    /// <inheritdoc/>
    public string Name => "system";

    /// <inheritdoc/>
    public string Summary => "What the host is: names, system, kernel, processors, uptime.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("hostname", "", "The host's name."),
        new("fqdn", "", "The host's name with its domain, from /etc/hosts or the kernel; the hostname when neither knows one."),
        new("architecture", "", "As uname -m says: x86_64, aarch64."),
        new("kernel", "", "Release of the kernel, for instance 6.1.0-18-amd64."),
        new("cpu_count", "", "Processors that are switched on."),
        new("cpu_model_name", "", "The processors' name; empty where /proc/cpuinfo has none."),
        new("cpu_mhz", "MHz", "Clock of the first processor when the agent started; 0 where /proc/cpuinfo has none."),
        new("user", "", "Name of the user that runs the agent."),
        new("uid", "", "Number of that user."),
        new("gid", "", "Number of that user's group."),
        new("local_ip", "", "The address that this host uses towards others; empty when it has none."),
        new("public_ip", "", "The same: an address given by a cloud is in that cloud's collector."),
        new("uptime", "s", "Time since boot."),
        new("boot_time", "s", "When the host was booted, in seconds since 1970."),
        new("os.name", "", "linux."),
        new("os.platform", "", "linux."),
        new("os.linux.id", "", "Distribution in one word: debian, ubuntu, rhel, alpine."),
        new("os.linux.distribution", "", "The same."),
        new("os.linux.name", "", "Distribution in full, for instance Debian GNU/Linux 12 (bookworm)."),
        new("os.linux.codename", "", "Code name of the version, for instance bookworm; empty when it has none."),
        new("os.linux.version", "", "Version as text, for instance 22.04; empty on a rolling distribution."),
        new("os.linux.major_version", "", "First number of the version; empty text when it has none."),
        new("os.linux.minor_version", "", "Second number of the version; empty text when it has none."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var host = run.Host;
        if (host.ReadText("/proc/sys/kernel/hostname") is not { Length: > 0 } name) return Outcome.None("there is no /proc/sys/kernel/hostname");
        var data = run.Data;
        data.Set("hostname", name);
        data.Set("fqdn", FullName(name, host.ReadText("/etc/hosts") ?? "", host.ReadText("/proc/sys/kernel/domainname") ?? ""));
        data.Set("architecture", Architecture());
        data.Set("kernel", host.ReadText("/proc/sys/kernel/osrelease") ?? "");
        data.Set("cpu_count", CpuCount(host));
        // a clock that changes each moment is not worth the millisecond that cpuinfo costs on a large host
        processor ??= Processor(host.TryRead("/proc/cpuinfo", out var cpus) ? cpus : default);
        data.Set("cpu_model_name", processor.Value.Model);
        data.Set("cpu_mhz", processor.Value.Mhz);
        data.Set("user", UserName(host.ReadText("/etc/passwd") ?? "", Posix.EffectiveUser));
        data.Set("uid", Posix.EffectiveUser);
        data.Set("gid", Posix.EffectiveGroup);
        var address = LocalAddress();
        data.Set("local_ip", address);
        data.Set("public_ip", address);
        var uptime = host.TryRead("/proc/uptime", out var text) ? Uptime(text) : 0;
        data.Set("uptime", (long)uptime);
        data.Set("boot_time", host.TryRead("/proc/stat", out text) ? BootTime(text) : 0);
        WriteOs(data.Section("os"), OsRelease.Parse(host.ReadText("/etc/os-release") ?? host.ReadText("/usr/lib/os-release") ?? ""));
        return Outcome.Ok;
    }

    static void WriteOs(DataWriter os, OsRelease release)
    {
        os.Set("name", "linux");
        os.Set("platform", "linux");
        var linux = os.Section("linux");
        linux.Set("id", release.Id);
        linux.Set("distribution", release.Id);
        linux.Set("name", release.Name);
        linux.Set("codename", release.Codename);
        linux.Set("version", release.Version);
        var parts = release.Version.Split('.');
        linux.Set("major_version", Part(parts, 0));
        linux.Set("minor_version", Part(parts, 1));
    }

    static Value Part(string[] parts, int index) => parts.Length <= index ? Value.Of("")
        : long.TryParse(parts[index], System.Globalization.NumberStyles.None, null, out var number) ? Value.Of(number)
        : Value.Of(parts[index]);

    static string Architecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "x86_64",
        System.Runtime.InteropServices.Architecture.X86 => "i686",
        System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
        System.Runtime.InteropServices.Architecture.Arm => "armv7l",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>
    /// The name with its domain, as <c>hostname -f</c> would say without asking a name server: the first name on the line of /etc/hosts that
    /// has this name, if it has a dot; else the kernel's domain.
    /// </summary>
    internal static string FullName(string name, string hosts, string domain)
    {
        if (name.Contains('.', StringComparison.Ordinal)) return name;
        foreach (var line in hosts.Split('\n'))
        {
            var words = line.Split('#')[0].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 2 && words[1].StartsWith($"{name}.", StringComparison.Ordinal) && words.AsSpan(2).Contains(name)) return words[1];
            if (words.Length == 2 && words[1].StartsWith($"{name}.", StringComparison.Ordinal)) return words[1];
        }
        return domain.Length == 0 || domain == "(none)" ? name : $"{name}.{domain}";
    }

    static long CpuCount(HostFiles host) =>
        host.ReadText("/sys/devices/system/cpu/online") is { Length: > 0 } list && CountOf(list) is > 0 and var count
            ? count
            : Environment.ProcessorCount;

    /// <summary>Numbers in a list such as <c>0-3,8,10-11</c>; 0 when it is no such list.</summary>
    internal static long CountOf(string list)
    {
        long count = 0;
        foreach (var range in list.Split(','))
        {
            var ends = range.Split('-');
            if (!int.TryParse(ends[0], out var first) || !int.TryParse(ends[^1], out var last) || ends.Length > 2 || last < first) return 0;
            count += (long)last - first + 1;
        }
        return count;
    }

    /// <summary>Name and clock of the first processor. Keys differ by architecture: x86 has <c>model name</c>, ARM <c>Model</c>, POWER <c>cpu</c>.</summary>
    internal static (string Model, double Mhz) Processor(ReadOnlySpan<byte> text)
    {
        string model = "", board = "";
        double mhz = 0;
        var lines = new LineReader(text);
        while (lines.TryNext(out var line) && (model.Length == 0 || mhz == 0))
        {
            if (!KernelText.TrySplit(line, (byte)':', out var key, out var value)) continue;
            key = KernelText.Trim(key);
            value = KernelText.Trim(value);
            if (key.SequenceEqual("model name"u8) || key.SequenceEqual("cpu"u8)) model = System.Text.Encoding.UTF8.GetString(value);
            else if (key.SequenceEqual("Model"u8) || key.SequenceEqual("Hardware"u8)) board = System.Text.Encoding.UTF8.GetString(value);
            else if (key.SequenceEqual("cpu MHz"u8) && KernelText.TryDouble(value, out var clock)) mhz = clock;
        }
        return (model.Length > 0 ? model : board, mhz);
    }

    /// <summary>The name of a user in passwd(5); its number when it has none.</summary>
    internal static string UserName(string passwd, uint uid)
    {
        var number = uid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var line in passwd.Split('\n'))
            if (line.Split(':') is [var name, _, var id, ..] && id == number) return name;
        return number;
    }

    /// <summary>Seconds since boot: the first of the two numbers of /proc/uptime.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    internal static double Uptime(ReadOnlySpan<byte> text)
    {
        var fields = new FieldReader(KernelText.Trim(text));
        return fields.TryNext(out ReadOnlySpan<byte> field) && KernelText.TryDouble(field, out var seconds) && seconds is >= 0 and < 1e12
            ? seconds
            : throw new FormatException("/proc/uptime does not start with a number of seconds");
    }

    /// <summary>The line <c>btime</c> of /proc/stat; 0 when there is none.</summary>
    internal static long BootTime(ReadOnlySpan<byte> text)
    {
        var lines = new LineReader(text);
        while (lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (fields.TryNext(out ReadOnlySpan<byte> name) && name.SequenceEqual("btime"u8) && fields.TryNext(out long seconds)) return seconds;
        }
        return 0;
    }

    static string LocalAddress()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(far);
            return ((IPEndPoint)socket.LocalEndPoint!).Address.ToString();
        }
        catch (SocketException)
        {
            return "";   // no route to anywhere: a host without a network
        }
    }
}
