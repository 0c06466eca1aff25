using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Ports on which a program waits, and which program. Source: /proc/net/tcp, tcp6, udp, udp6 (proc_pid_net(5)) and the links of
/// /proc/PID/fd. A socket's owner is looked up once and kept while the process lives: only a new socket costs a walk over all
/// processes. Other users' processes are seen by root alone.
/// </summary>
internal sealed class OpenPorts : ICollector
{
    /// <summary>Most sockets written.</summary>
    public const int MaxSockets = 4096;

    /// <summary>Runs until a socket whose owner was not found (another user's, the kernel's) is looked up again.</summary>
    public const int RunsBetweenSearches = 20;

    const byte Listen = 0x0a, Unconnected = 0x07;

    static readonly (string Proto, string Path, byte State)[] Tables =
    [
        ("tcp", "/proc/net/tcp", Listen), ("tcp6", "/proc/net/tcp6", Listen),
        ("udp", "/proc/net/udp", Unconnected), ("udp6", "/proc/net/udp6", Unconnected),
    ];

    /// <summary>The process of a socket; null when none was found in run <paramref name="Run"/>.</summary>
    sealed record Owner(int Pid, string? Name, long Run);

    readonly Dictionary<long, Owner> owners = [];
    readonly List<OpenSocket> sockets = [];
    long run;

    /// <inheritdoc/>
    public string Name => "openports";

    /// <inheritdoc/>
    public string Summary => "Ports on which programs wait, and the programs, from /proc/net and /proc/PID/fd.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("ports[]", "", "TCP ports in state LISTEN, each once, sorted."),
        new("udp_ports[]", "", "UDP ports that take datagrams of any sender, each once, sorted."),
        .. new[] { "tcp", "udp" }.SelectMany(protocol => new KeyDoc[]
        {
            new($"details.{protocol}[].proto", "", $"{protocol} or {protocol}6."),
            new($"details.{protocol}[].source", "", "Address and port, for instance 0.0.0.0:22 or [::]:22."),
            new($"details.{protocol}[].dest", "", "Who may send: 0.0.0.0:* or [::]:*."),
            new($"details.{protocol}[].state", "", "LISTEN; UNCONN for UDP."),
            new($"details.{protocol}[].port", "", "The port alone."),
            new($"details.{protocol}[].uid", "", "Number of the user who opened it."),
            new($"details.{protocol}[].pid", "", "Process; of several that share the socket the one with the lowest number. "
                + "Not there when unknown."),
            new($"details.{protocol}[].process", "", "Name of that process."),
        }),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun collection)
    {
        run++;
        sockets.Clear();
        var isThere = false;
        foreach (var (proto, path, state) in Tables)
        {
            // listening sockets come first: a busy host is not made to list its connections
            if (!collection.Host.TryReadWhile(path, text => state != Listen || EndsWithListener(text), out var text)) continue;
            isThere = true;
            Parse(text, state, proto, sockets);
        }
        if (!isThere) return Outcome.None("there is no /proc/net/tcp");
        FindOwners(collection.Host);
        Write(collection.Data);
        return Outcome.Ok;
    }

    /// <summary>
    /// Takes the waiting sockets of one table. Grammar of a line: number, <c>HEXADDRESS:HEXPORT</c> of this side and the other, state
    /// (hexadecimal), three fields, uid, timeout, inode. An address is written in words of four bytes in the host's own byte order.
    /// </summary>
    internal static void Parse(ReadOnlySpan<byte> text, byte state, string proto, List<OpenSocket> into)
    {
        var lines = new LineReader(text);
        lines.TryNext(out _);   // headings
        while (into.Count < MaxSockets && lines.TryNext(out var line))
        {
            var fields = new FieldReader(line);
            if (!fields.TrySkip(1) || !fields.TryNext(out ReadOnlySpan<byte> local)) continue;
            if (!fields.TryNext(out ReadOnlySpan<byte> remote)) continue;
            if (!fields.TryNext(out ReadOnlySpan<byte> hexState) || !KernelText.TryHex(hexState, out var found) || found != state) continue;
            if (!TryEndpoint(remote, out _, out var remotePort) || remotePort != 0) continue;
            if (!TryEndpoint(local, out var address, out var port)) continue;
            if (!fields.TrySkip(3) || !fields.TryNext(out long uid) || !fields.TrySkip(1) || !fields.TryNext(out long inode)) continue;
            into.Add(new OpenSocket(proto, address!, port, uid, inode));
        }
    }

    /// <summary>True while the last whole line is of a listening socket, or still the headings.</summary>
    internal static bool EndsWithListener(ReadOnlySpan<byte> text)
    {
        var end = text.LastIndexOf((byte)'\n');
        if (end < 0) return true;
        var line = text[(text[..end].LastIndexOf((byte)'\n') + 1)..end];
        var fields = new FieldReader(line);
        return !fields.TrySkip(3) || !fields.TryNext(out ReadOnlySpan<byte> state)
            || state.SequenceEqual("0A"u8) || state.SequenceEqual("st"u8);
    }

    static bool TryEndpoint(ReadOnlySpan<byte> text, out IPAddress? address, out int port)
    {
        (address, port) = (null, 0);
        if (!KernelText.TrySplit(text, (byte)':', out var words, out var hexPort) || words.Length is not (8 or 32)) return false;
        Span<uint> bytes = stackalloc uint[words.Length / 8];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (!KernelText.TryHex(words.Slice(i * 8, 8), out var word)) return false;
            bytes[i] = (uint)word;
        }
        if (!KernelText.TryHex(hexPort, out var number) || number > ushort.MaxValue) return false;
        (address, port) = (new IPAddress(MemoryMarshal.AsBytes(bytes)), (int)number);
        return true;
    }

    void FindOwners(HostFiles host)
    {
        var wanted = new HashSet<long>();
        foreach (var socket in sockets)
            if (!IsKnown(socket.Inode, host)) wanted.Add(socket.Inode);
        var open = sockets.Select(s => s.Inode).ToHashSet();
        foreach (var inode in owners.Keys.Where(inode => !open.Contains(inode)).ToArray()) owners.Remove(inode);
        if (wanted.Count == 0) return;
        foreach (var pid in host.ProcessIds())
        {
            foreach (var file in host.OpenFilesOf(pid))
            {
                if (!host.TryReadLink($"/proc/{pid}/fd/{file}", out var target) || !TryInode(target, out var inode)) continue;
                if (wanted.Remove(inode)) owners[inode] = new Owner(pid, NameOf(pid, host), run);
            }
            if (wanted.Count == 0) return;
        }
        foreach (var inode in wanted) owners[inode] = new Owner(0, null, run);
    }

    bool IsKnown(long inode, HostFiles host) => owners.TryGetValue(inode, out var owner)
        && (owner.Name is null ? run - owner.Run < RunsBetweenSearches : NameOf(owner.Pid, host) == owner.Name);

    static string? NameOf(int pid, HostFiles host) =>
        host.TryReadProcess(pid, "comm"u8, out var name) ? Encoding.UTF8.GetString(KernelText.Trim(name)) : null;

    static bool TryInode(ReadOnlySpan<byte> link, out long inode)
    {
        inode = 0;
        return link.StartsWith("socket:["u8) && link.EndsWith("]"u8) && KernelText.TryLong(link["socket:["u8.Length..^1], out inode);
    }

    void Write(DataWriter data)
    {
        data.Set("ports", PortsOf("tcp"));
        data.Set("udp_ports", PortsOf("udp"));
        var details = data.Section("details");
        details.Set("tcp", DetailsOf("tcp", "LISTEN"));
        details.Set("udp", DetailsOf("udp", "UNCONN"));
    }

    IEnumerable<OpenSocket> Of(string protocol) => sockets.Where(s => s.Proto.StartsWith(protocol, StringComparison.Ordinal));

    Value PortsOf(string protocol) => Value.ListOf([.. Of(protocol).Select(s => s.Port).Distinct().Order().Select(p => Value.Of(p))]);

    Value DetailsOf(string protocol, string state) => Value.ListOf([.. Of(protocol).Select(socket =>
    {
        var isV6 = socket.Proto.EndsWith('6');
        var detail = new DictValue();
        detail["proto"] = Value.Of(socket.Proto);
        detail["source"] = Value.Of($"{new IPEndPoint(socket.Address, socket.Port)}");
        detail["dest"] = Value.Of(isV6 ? "[::]:*" : "0.0.0.0:*");
        detail["state"] = Value.Of(state);
        detail["port"] = Value.Of(socket.Port);
        detail["uid"] = Value.Of(socket.Uid);
        if (owners.TryGetValue(socket.Inode, out var owner) && owner.Name is { } name)
        {
            detail["pid"] = Value.Of(owner.Pid);
            detail["process"] = Value.Of(name);
        }
        return Value.Of(detail);
    })]);
}

/// <summary>A socket that waits.</summary>
/// <param name="Proto">tcp, tcp6, udp or udp6.</param>
/// <param name="Address">Its address.</param>
/// <param name="Port">Its port.</param>
/// <param name="Uid">User who opened it.</param>
/// <param name="Inode">What /proc/PID/fd shows of it.</param>
internal sealed record OpenSocket(string Proto, IPAddress Address, int Port, long Uid, long Inode);
