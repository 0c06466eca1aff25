using System.Text.Json.Nodes;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

/// <summary>The agent RPC between the stock serf command and a real Serf agent, both directions, and what a fuzzer makes of it.</summary>
public class RpcVectorsTests
{
    const int Rounds = 6_000;

    /// <summary>The least item is one byte, an empty text in a map of two; this is the most that it costs in objects.</summary>
    const int MaxAllocatedPerByte = 128;

    const int MaxAllocated = 16 * 1024;

    static readonly Lazy<(string Name, bool IsClient, byte[] Bytes)[]> all = new(() =>
        [.. JsonNode.Parse(File.ReadAllText(Repository.PathOf("src", "OpsBro.Core", "Wire", "fixtures", "rpc.json")))!.AsArray()
            .Select(node => ((string)node!["name"]!, (string)node["from"]! == "client", Convert.FromHexString((string)node["hex"]!)))]);

    public static TheoryData<int> Talks => [.. Enumerable.Range(0, all.Value.Length / 2)];

    public static TheoryData<int> Seeds => [1, 2, 3, 4];

    [Theory, MemberData(nameof(Talks))]
    public void A_captured_talk_decodes_and_encodes_to_its_bytes(int talk)
    {
        var (asked, answered) = (all.Value[2 * talk], all.Value[2 * talk + 1]);

        var requests = Requests(asked.Bytes);

        Assert.True(asked.IsClient && !answered.IsClient);
        Assert.Equal(Convert.ToHexStringLower(asked.Bytes), Convert.ToHexStringLower(Encoded(requests)));
        Assert.Equal(RpcCommand.Handshake, requests[0].Command);
        Assert.Equal(Convert.ToHexStringLower(answered.Bytes), Convert.ToHexStringLower(Answers(requests, answered.Bytes)));
    }

    [Theory, MemberData(nameof(Talks))]
    public void Every_cut_of_a_request_wants_more(int talk)
    {
        var bytes = all.Value[2 * talk].Bytes;
        RpcFrames.TryRead(bytes, out _, out var length);

        for (var cut = 0; cut < length; cut++)
            Assert.Equal(MsgPackFault.Truncated, RpcFrames.TryRead(bytes.AsSpan(0, cut), out _, out _));
    }

    [Fact]
    public void A_request_that_announces_more_than_the_limit_is_refused_before_it_has_come()
    {
        var output = new SpanWriter();
        new RpcRequestHeader(RpcCommand.Event, 2).Write(new MsgPackWriter(output, ext: true));
        byte[] bytes = [.. output.Written, 0x81, 0xa7, .. "Payload"u8, 0xc6, 0x00, 0x01, 0x00, 0x00];

        Assert.Equal(MsgPackFault.Malformed, RpcFrames.TryRead(bytes, out _, out _));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void No_reader_throws_or_takes_more_memory_than_the_bytes_account_for(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = WireFuzzTests.Mutated(random, [all.Value[random.Next(all.Value.Length)].Bytes]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(bytes);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e.GetType().Name} at {Convert.ToHexStringLower(bytes)}\n{e.StackTrace}");
            }
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken <= MaxAllocated + MaxAllocatedPerByte * (long)bytes.Length * readers.Length,
                $"seed {seed}: {taken} bytes for {Convert.ToHexStringLower(bytes)}");
        }
    }

    delegate IRpcBody? Reading(ref MsgPackReader reader);

    static readonly Reading[] readers =
    [
        (ref MsgPackReader reader) => RpcAnswerHeader.Read(ref reader),
        (ref MsgPackReader reader) => RpcJoined.Read(ref reader),
        (ref MsgPackReader reader) => RpcMembers.Read(ref reader),
        (ref MsgPackReader reader) => RpcKeys.Read(ref reader),
        (ref MsgPackReader reader) => RpcCoordinateAnswer.Read(ref reader),
        (ref MsgPackReader reader) => RpcStats.Read(ref reader),
        (ref MsgPackReader reader) => RpcQueryRecord.Read(ref reader),
        (ref MsgPackReader reader) => RpcEventRecord.Read(ref reader),
        (ref MsgPackReader reader) => RpcLogRecord.Read(ref reader),
    ];

    static void ReadAll(byte[] bytes)
    {
        for (var at = 0; RpcFrames.TryRead(bytes.AsSpan(at), out _, out var length) == MsgPackFault.None; at += length) ;
        foreach (var read in readers)
        {
            var reader = new MsgPackReader(bytes);
            RpcAnswerHeader.Read(ref reader);
            RpcAnswerHeader.Read(ref reader);
            read(ref reader);
        }
    }

    static List<RpcRequest> Requests(byte[] bytes)
    {
        var requests = new List<RpcRequest>();
        for (var at = 0; at < bytes.Length;)
        {
            Assert.Equal(MsgPackFault.None, RpcFrames.TryRead(bytes.AsSpan(at), out var request, out var length));
            requests.Add(request!);
            at += length;
        }
        return requests;
    }

    static byte[] Encoded(List<RpcRequest> requests)
    {
        var output = new SpanWriter();
        foreach (var request in requests) RpcFrames.WriteRequest(output, request.Command, request.Seq, request.Body);
        return output.Written.ToArray();
    }

    static byte[] Answers(List<RpcRequest> requests, byte[] bytes)
    {
        var output = new SpanWriter();
        var reader = new MsgPackReader(bytes);
        var answered = new HashSet<ulong>();
        while (reader.Consumed < bytes.Length)
        {
            var header = RpcAnswerHeader.Read(ref reader);
            var command = requests.Single(request => request.Seq == header.Seq).Command;
            var isFirst = answered.Add(header.Seq);
            IRpcBody? body = command switch
            {
                RpcCommand.Members or RpcCommand.MembersFiltered => RpcMembers.Read(ref reader),
                RpcCommand.InstallKey or RpcCommand.UseKey or RpcCommand.RemoveKey or RpcCommand.ListKeys => RpcKeys.Read(ref reader),
                RpcCommand.GetCoordinate => RpcCoordinateAnswer.Read(ref reader),
                RpcCommand.Query when !isFirst => RpcQueryRecord.Read(ref reader),
                _ => null,
            };
            Assert.True(reader.Ok);
            RpcFrames.WriteAnswer(output, header.Seq, header.Error, body);
        }
        return output.Written.ToArray();
    }
}
