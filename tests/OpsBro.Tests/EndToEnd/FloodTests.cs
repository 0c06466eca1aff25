using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// What broken or hostile peers cost a real agent. Judged by its CPU seconds for each packet that it took, which no other load on the machine
/// changes much: 20 µs are 20 % of a core at 10,000 packets a second. bench/peers/gossip/flood.py measures at that rate.
/// </summary>
public class FloodTests
{
    const int Packets = 40_000, Warm = 10_000, Between = 100, Seed = 7;
    const double MostSecondsPerPacket = 20e-6;
    const long MostGrowth = 48 * 1024 * 1024;

    static readonly string[] Names = ["n0", "n1", "n2"];

    [Fact]
    public async Task Malformed_packets_cost_little_and_fail_nobody()
    {
        await using var first = await Named("n0");
        await using var second = await Named("n1", first);
        await using var third = await Named("n2", first);
        RunningAgent[] all = [first, second, third];
        await SeeEachOther(all);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(first.Address), 7946);
        var packets = Malformed(new Random(Seed));

        await Flood(first, socket, packets, Warm);
        var (cpu, memory, taken) = (CpuSeconds(first), ResidentBytes(first), await Counter(first, "packets_in"));
        await Flood(first, socket, packets, Packets);
        var (cpuAfter, memoryAfter, takenAfter) = (CpuSeconds(first), ResidentBytes(first), await Counter(first, "packets_in"));

        var malformed = await Counter(first, "malformed");
        var each = (cpuAfter - cpu) / (takenAfter - taken);
        Assert.True(takenAfter - taken > Packets / 2, $"only {takenAfter - taken} of {Packets} were taken");
        Assert.True(each < MostSecondsPerPacket, $"a malformed packet costs {each * 1e6:0.0} µs of CPU");
        Assert.True(memoryAfter - memory < MostGrowth, $"memory grew by {(memoryAfter - memory) >> 20} MB");
        Assert.True(malformed > Packets / 2, $"only {malformed} were counted as malformed");
        await SeeEachOther(all);
        foreach (var agent in all)
            Assert.DoesNotContain((await agent.Ask("/v1/gossip/history"))!.Value.EnumerateArray(), line => $"{line.GetProperty("to")}" == "failed");
    }

    static async Task<RunningAgent> Named(string name, RunningAgent? seed = null)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip($"name: {name}", "profile: local");
        if (seed is not null) agent.Write("conf.d/seeds.yml", $"seeds: [{seed.Address}]\n");
        await agent.Start();
        return agent;
    }

    static async Task SeeEachOther(RunningAgent[] agents)
    {
        foreach (var agent in agents)
        {
            await agent.Until(said => said.Json.EnumerateArray().Where(m => $"{m.GetProperty("state")}" == "alive")
                .Select(m => $"{m.GetProperty("name")}").SequenceEqual(Names), "gossip", "members", "--json");
        }
    }

    /// <summary>Sends so many; asks the agent in between, so that it keeps up and the kernel drops none.</summary>
    static async Task Flood(RunningAgent agent, Socket socket, byte[][] packets, int count)
    {
        for (var sent = 0; sent < count; sent++)
        {
            await socket.SendAsync(packets[sent % packets.Length]);
            if (sent % Between == 0) await Counter(agent, "malformed");
        }
    }

    static async Task<long> Counter(RunningAgent agent, string name) =>
        (await agent.Ask("/v1/gossip"))!.Value.GetProperty("pools")[0].GetProperty("counters").GetProperty(name).GetInt64();

    static double CpuSeconds(RunningAgent agent)
    {
        var fields = File.ReadAllText($"/proc/{agent.Pid}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        const double TicksPerSecond = 100;   // the unit of proc_pid_stat(5) on every Linux of today
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    static long ResidentBytes(RunningAgent agent) =>
        long.Parse(File.ReadAllText($"/proc/{agent.Pid}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    /// <summary>Packets that none is: noise, and what lies about its lengths, of each kind that the wire knows.</summary>
    static byte[][] Malformed(Random random)
    {
        var ping = new byte[] { 0, 0x82, 0xa4 }.Concat(Encoding.ASCII.GetBytes("Node")).Concat((byte[])[0xa2, (byte)'n', (byte)'0', 0xa5])
            .Concat(Encoding.ASCII.GetBytes("SeqNo")).Append((byte)7).ToArray();
        byte[] Noise(int length)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            return bytes;
        }
        byte[] WrongSum()
        {
            var sum = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(sum, Crc32.Of(ping) ^ 1);
            return [12, .. sum, .. ping];
        }
        Func<byte[]>[] kinds =
        [
            () => Noise(random.Next(1, 1400)),
            () => ping[..random.Next(1, ping.Length)],
            () => [7, 255, .. Noise(600)],                                                        // a compound whose parts do not fit
            () => [7, 4, 0, 1, 0, 2, 0, 3, 0xea, 0x60, .. Noise(20)],
            () => [9, 0x82, 0xa4, .. "Algo"u8, 0, 0xa3, .. "Buf"u8, 0xda, 4, 0xb0, .. Noise(1200)],   // LZW of noise
            WrongSum,
            () => [8, (byte)random.Next(10), .. Noise(random.Next(200))],
            () => [(byte)random.Next(14, 256), .. Noise(40)],
            () => [0, 0xdf, 0xff, 0xff, 0xff, 0xff, .. Noise(30)],                                // a map of four billion fields
            () => [.. Enumerable.Repeat<byte[]>([7, 1, 0, 255], 200).SelectMany(b => b)],         // compounds within compounds
        ];
        return [.. Enumerable.Range(0, 2_000).Select(_ => kinds[random.Next(kinds.Length)]())];
    }
}
