using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using OpsBro.Metrics.Listeners;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Metrics;

/// <summary>Pickles of points: Python itself writes them, with every protocol; everything else is refused.</summary>
public class PickleReaderTests
{
    /// <summary>Writes JSON lines: the pickle in hexadecimal, and what it is of, or null when it is to be refused.</summary>
    const string writer = """
        import collections, datetime, json, pickle, random
        random.seed(5)
        def number():
            return random.choice([0, 1, 255, 256, 65535, 65536, -1, -70000, 2**31, 2**40, -2**40, 1.5, -0.25, 1e300, random.random()])
        lists = [
            [], [('a', (1600000000, 1))], [('a.b', (1600000000.5, -1.5))] * 3, [('h\u00e9.\u4e2d\U0001F600', (1, 2))],
            [('a;t=v', (True, False))], [['a', [1, 2]], ('b', [3, 4])], [('n', ('1600000000', '12.5'))],
            [(name, (number(), number())) for name in ['x', 'y', 'x', 'x'] * 20],
            [('servers.web%d.cpu' % (i % 40), (1600000000 + i, i / 8)) for i in range(2500)],
            [('quote\'s', (1, 1)), ('both\'"', (2, 2)), ('back\\slash', (3, 3))],
        ]
        bad = [
            5, 'text', (), (('a', (1, 2)),), {}, {'a': (1, 2)}, [1], ['a'], [('a', 1)], [('a', (1,))], [('a', (1, 2, 3))], [('a', (1, 2), 3)],
            [(1, (1, 2))], [('a', (None, 2))], [('a', ('x', 2))], [('a', (1, 2)), None], [datetime.datetime(2020, 1, 1)],
            [('a', (collections.OrderedDict(), 2))], [[]], [('a', ([], 2))], [('a', ({1}, 2))],
        ]
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            for points in lists:
                print(json.dumps([protocol, pickle.dumps(points, protocol).hex(), [[n, float(t), float(v)] for n, (t, v) in points]]))
            for what in bad:
                print(json.dumps([protocol, pickle.dumps(what, protocol).hex(), None]))
        print(json.dumps([3, pickle.dumps([(b'bytes.name', (1, 2))], 3).hex(), [['bytes.name', 1.0, 2.0]]]))
        """;

    static List<(string, double, double)>? Read(byte[] pickle, out string reason)
    {
        var reader = PickleReader.Rent();
        try
        {
            var isRead = reader.TryRead(pickle);
            reason = reader.Reason;
            if (!isRead) return null;
            var points = new List<(string, double, double)>();
            for (var i = 0; i < reader.Count; i++)
            {
                reader.Point(pickle, i, out var name, out var time, out var value);
                points.Add((Encoding.UTF8.GetString(name), time, value));
            }
            return points;
        }
        finally
        {
            PickleReader.Return(reader);
        }
    }

    static byte[] Bytes(string latin) => Encoding.Latin1.GetBytes(latin);

    static async Task<List<(byte[] Pickle, JsonElement Expected)>> OfPython()
    {
        var said = await RunningAgent.Run(new ProcessStartInfo("/usr/bin/python3", ["-c", writer])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        Assert.Equal((0, ""), (said.ExitCode, said.Errors));
        return [.. said.Output.TrimEnd('\n').Split('\n').Select(l => JsonDocument.Parse(l).RootElement).Select(e => (Convert.FromHexString($"{e[1]}"), e[2]))];
    }

    [Fact]
    public async Task What_python_writes_is_read_and_other_shapes_are_refused_with_a_reason()
    {
        var all = await OfPython();

        Assert.InRange(all.Count, 150, 1000);
        foreach (var (pickle, expected) in all)
        {
            var hex = Convert.ToHexString(pickle)[..Math.Min(400, pickle.Length * 2)];
            var points = Read(pickle, out var reason);
            if (expected.ValueKind == JsonValueKind.Null)
            {
                Assert.True(points is null, $"{hex} was taken: {string.Join(", ", points ?? [])}");
                Assert.NotEmpty(reason);
                continue;
            }
            Assert.True(points is not null, $"{hex}: {reason}; {expected.GetRawText()[..Math.Min(200, expected.GetRawText().Length)]}");
            Assert.Equal(expected.EnumerateArray().Select(p => (p[0].GetString()!, p[1].GetDouble(), p[2].GetDouble())), points);
        }
    }

    [Theory]
    [InlineData("(lp0\n(S'a.b'\np1\n(I1600000000\nF1.5\ntp2\ntp3\na.", "a.b", 1600000000, 1.5)]             // Python 2, protocol 0
    [InlineData("]q\0(U\x03" + "a.bq\x01J\0\x10^_G?\xf8\0\0\0\0\0\0\x86q\x02\x86q\u0003e.", "a.b", 1600000000, 1.5)]   // short strings without a protocol
    [InlineData("(lp0\n(S'x\\'y'\n(L5L\nI3\ntta.", "x'y", 5, 3)]
    public void What_older_writers_wrote_is_read(string latin, string name, double time, double value)
    {
        var points = Read(Bytes(latin), out var reason);

        Assert.True(points is not null, reason);
        Assert.Equal([(name, time, value)], points);
    }

    [Theory]
    [InlineData("cos\nsystem\n(S'id'\ntR.", "class or function")]
    [InlineData("(lp0\ncos\nsystem\n(S'id'\ntRa.", "class or function")]
    [InlineData("\x80\x09].", "protocol is 9")]
    [InlineData("].]", "follow the end")]
    [InlineData("]", "ends early")]
    [InlineData("", "ends early")]
    [InlineData("h\x01.", "damaged")]
    [InlineData("e.", "damaged")]
    [InlineData("]X\xff\xff\xff\xff.", "damaged")]
    [InlineData("((((.", "no list")]
    public void What_could_do_harm_is_refused(string latin, string reason)
    {
        Assert.Null(Read(Bytes(latin), out var said));
        Assert.Contains(reason, said);
    }

    [Fact]
    public async Task Damaged_pickles_harm_nobody()
    {
        var random = new Random(3);
        var pickles = (await OfPython()).Select(p => p.Pickle).Where(p => p.Length is > 4 and < 4000).ToList();
        for (var round = 0; round < 60_000; round++)
        {
            var bytes = (byte[])pickles[random.Next(pickles.Count)].Clone();
            for (var i = random.Next(1, 5); i > 0; i--)
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : bytes[random.Next(bytes.Length)];
            if (random.Next(3) == 0) bytes = bytes[..random.Next(bytes.Length)];
            if (Read(bytes, out var reason) is null) Assert.NotEmpty(reason);
        }
    }

    [Fact]
    public void A_pickle_of_marks_and_one_of_copies_end_at_their_limits()
    {
        Assert.Null(Read(Bytes(new string('(', 300_000)), out var deep));
        Assert.Contains("deeper", deep);
        Assert.Null(Read(Bytes("]q\0" + string.Concat(Enumerable.Repeat("K\x01K\x01\x86\x85\x85", 100_000))), out var many));
        Assert.NotEmpty(many);
    }

    [Fact]
    public async Task Frames_are_read_however_they_are_cut_and_a_length_beyond_the_limit_ends_the_connection()
    {
        var intake = IntakeStores.Graphite(out var store);
        var pickles = (await OfPython()).Where(p => p.Expected.ValueKind != JsonValueKind.Null).Select(p => p.Pickle).ToList();
        var stream = new GraphitePickles(intake, 1 << 20);
        byte[] bytes = [.. pickles.SelectMany(p => (byte[])[.. Head(p.Length), .. p])];

        byte[] rest = [];
        for (var at = 0; at < bytes.Length; at += 5000)
        {
            rest = [.. rest, .. bytes[at..Math.Min(at + 5000, bytes.Length)]];
            rest = rest[stream.Take(rest)..];
        }

        Assert.Empty(rest);
        Assert.Equal((pickles.Count, 0), (intake.Book.Pickles, intake.Book.BadCount));
        Assert.NotEmpty(store.Sources);
        Assert.Throws<InvalidDataException>(() => stream.Take(Head((1 << 20) + 1)));
        Assert.Contains("1048577 bytes is announced", intake.Book.Samples()[0].Reason);
    }

    static byte[] Head(int length)
    {
        var head = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(head, length);
        return head;
    }
}
