using System.Text;
using OpsBro.Core.Checks;
using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.NodeState;

namespace OpsBro.Tests.NodeState;

public class OwnStateTests : INodeStateOutput
{
    static readonly DateTimeOffset then = DateTimeOffset.UnixEpoch.AddYears(56);
    static readonly TimeSpan start = TimeSpan.FromSeconds(100);

    readonly NodeStateEngine engine;
    readonly OwnState own = new();

    public OwnStateTests()
    {
        engine = new NodeStateEngine(new NodeStateSettings { Zone = "lan", Name = "alpha", Generation = 1 }, new Chance(1), this, start);
        engine.PeerUp("beta", PeerAddress.Of(System.Net.IPAddress.Loopback, 7946), "lan", start);
    }

    void INodeStateOutput.Send(int pool, PeerAddress to, ReadOnlySpan<byte> body)
    {
    }

    void INodeStateOutput.Changed(NodeMap before, NodeMap after)
    {
    }

    void INodeStateOutput.Gone(NodeMap map, TimeSpan? since)
    {
    }

    void INodeStateOutput.Dropped(NodeMap map)
    {
    }

    static string Value(CheckState state, string output = "") => new CheckValue(state, false, false, then, output).ToString();

    void Take(double second, params (string, string)[] wanted)
    {
        own.Take(engine, wanted, start + TimeSpan.FromSeconds(second));
        engine.Tick(start + TimeSpan.FromSeconds(second));
    }

    /// <summary>Urgent changes told so far.</summary>
    long Pushes => engine.Counters.Pushes;

    [Fact]
    public void What_is_not_urgent_waits_a_little_and_is_not_pushed()
    {
        Take(0, ("fact/os", "linux"));
        Take(1, ("fact/os", "linux"), ("check/cpu", Value(CheckState.Warning)));

        Assert.Null(engine.Self["check/cpu"]);
        Assert.Equal(start + TimeSpan.FromSeconds(1) + OwnState.Debounce, own.Due);
        Take(3, ("fact/os", "linux"), ("check/cpu", Value(CheckState.Warning)));
        Assert.Equal(Value(CheckState.Warning), engine.Self["check/cpu"]);
        Assert.Equal((0L, TimeSpan.MaxValue), (Pushes, own.Due));
    }

    [Theory]
    [InlineData("check/cpu", CheckState.Ok, CheckState.Critical)]
    [InlineData("service/web", CheckState.Warning, CheckState.Critical)]
    [InlineData("check/cpu", CheckState.Critical, CheckState.Ok)]
    public void What_becomes_critical_or_is_so_no_longer_is_pushed_at_once(string key, CheckState before, CheckState after)
    {
        Take(0, (key, Value(before)));
        var pushes = Pushes;

        Take(1, (key, Value(after)));

        Assert.Equal(Value(after), engine.Self[key]);
        Assert.Equal(pushes + 1, Pushes);
    }

    [Fact]
    public void A_new_group_is_pushed_and_one_that_goes_is_not()
    {
        Take(0, ("fact/os", "linux"));
        Take(1, ("fact/os", "linux"), ("group/redis", "1"));
        var pushes = Pushes;
        Take(2, ("fact/os", "linux"));
        Take(5, ("fact/os", "linux"));

        Assert.Equal((1L, 1L), (pushes, Pushes));
        Assert.Null(engine.Self["group/redis"]);
    }

    [Fact]
    public void A_check_that_flaps_does_not_cry_each_time()
    {
        var flapping = new CheckValue(CheckState.Critical, false, true, then, "").ToString();

        Assert.False(OwnState.IsUrgent("check/cpu", Value(CheckState.Ok), flapping));
        Assert.True(OwnState.IsUrgent("check/cpu", Value(CheckState.Ok), Value(CheckState.Critical)));
        Assert.False(OwnState.IsUrgent("check/cpu", Value(CheckState.Critical), Value(CheckState.Critical, "worse")));
    }

    [Fact]
    public void What_exceeds_a_bound_is_a_problem_and_never_an_old_truth()
    {
        var key = "check/" + new string('x', NodeStateLimits.MaxKey);
        Take(0, ("fact/location", "Lab 7"), (key, Value(CheckState.Ok)));
        Assert.Contains(own.Problems, p => p.Contains("bytes; use 1 to 256", StringComparison.Ordinal));

        Take(10, ("fact/location", new string('y', NodeStateLimits.MaxValue + 1)));
        Take(13, ("fact/location", new string('y', NodeStateLimits.MaxValue + 1)));

        Assert.Null(engine.Self["fact/location"]);
        Assert.Contains(own.Problems, p => p.Contains("fact/location", StringComparison.Ordinal));
        Take(20, ("fact/location", "Lab 8"));
        Take(23, ("fact/location", "Lab 8"));
        Assert.Equal("Lab 8", engine.Self["fact/location"]);
        Assert.Empty(own.Problems);
    }

    [Fact]
    public void A_full_node_tells_the_first_things_and_says_how_many_it_cannot()
    {
        var wanted = Enumerable.Range(0, 200).Select(i => ($"check/{i:D3}{new string('k', 200)}", Value(CheckState.Ok, new string('o', 200)))).ToArray();

        Take(0, wanted);

        Assert.True(engine.Self.Size <= NodeStateLimits.MaxNodeBytes);
        Assert.NotNull(engine.Self[wanted[0].Item1]);
        Assert.Contains(own.Problems, p => p.Contains("does not fit", StringComparison.Ordinal) || p.Contains("are not told", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("disk / is full")]
    [InlineData("")]
    [InlineData("ends with spaces  ")]
    public void A_value_reads_back(string output)
    {
        var value = new CheckValue(CheckState.Unknown, true, true, then, output);

        Assert.Equal(value with { Output = output.Trim() }, CheckValue.Parse(value.ToString()));
    }

    [Fact]
    public void A_long_output_ends_with_an_ellipsis_and_cuts_no_character()
    {
        var output = CheckValue.Parse(Value(CheckState.Ok, string.Concat(Enumerable.Repeat("😀", 100))))!.Value.Output;

        Assert.EndsWith("😀…", output);
        Assert.True(Encoding.UTF8.GetByteCount(output) <= CheckValue.MaxOutput);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x 1")]
    [InlineData("o")]
    [InlineData("o -1 text")]
    [InlineData("o 99999999999999999999")]
    [InlineData("o 253402300800")]
    public void What_is_no_value_is_none(string text) => Assert.Null(CheckValue.Parse(text));

    [Theory]
    [InlineData("alive", 'a')]
    [InlineData("failed", 'f')]
    [InlineData("left", 'l')]
    public void A_members_value_reads_back_and_says_first_whether_it_is_alive(string state, char letter)
    {
        var value = new MemberValue(state, then);

        Assert.Equal(letter, value.ToString()[0]);
        Assert.Equal(value, MemberValue.Parse(value.ToString()));
        Assert.Null(MemberValue.Parse("z 1"));
        Assert.Null(MemberValue.Parse("a"));
    }

    [Fact]
    public void A_difference_names_groups_and_checks_that_came_changed_and_went()
    {
        Take(0, ("group/a", "1"), ("group/b", "1"), ("check/cpu", Value(CheckState.Ok)), ("check/old", Value(CheckState.Ok)));
        var before = engine.Self;
        Take(5, ("group/b", "2"), ("group/c", "1"), ("check/cpu", Value(CheckState.Critical, "hot")), ("service/web", Value(CheckState.Ok)));

        Assert.Equal([("c", true), ("a", false)], NodeDifference.Groups(before, engine.Self));
        Assert.Equal(
            [
                new CheckDifference("cpu", "critical", "ok", "hot"), new CheckDifference("old", "gone", "ok", ""),
                new CheckDifference("service:web", "ok", null, ""),
            ], NodeDifference.Checks(before, engine.Self));
    }

    [Fact]
    public void A_generation_is_never_used_twice_whatever_the_clock_says()
    {
        var directory = Directory.CreateTempSubdirectory("opsbro-generation-").FullName;
        var path = Path.Join(directory, "generation");

        var first = new GenerationFile(path).Next(then);
        var second = new GenerationFile(path);
        var later = second.Next(then.AddDays(-1));
        second.Use(later + 50);
        var third = new GenerationFile(path).Next(then);
        File.WriteAllText(path, "nonsense");
        var broken = new GenerationFile(path);

        Assert.Equal(((ulong)then.ToUnixTimeSeconds(), first + 1, first + 52), (first, later, third));
        Assert.Equal(first, broken.Next(then));
        Assert.Contains(path, broken.Problem);
        Directory.Delete(directory, recursive: true);
    }
}
