using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Gossip;
using OpsBro.Gossip.Keys;

namespace OpsBro.Tests.Gossip;

public class KeyChangeTests
{
    static readonly byte[] k1 = Key(1), k2 = Key(2), k3 = Key(3), k4 = Key(4);

    static byte[] Key(byte fill)
    {
        var key = new byte[32];
        Array.Fill(key, fill);
        return key;
    }

    static string Print(byte[] key) => GossipKey.Fingerprint(key);

    [Fact]
    public async Task All_members_get_the_new_key_and_the_two_before_it_stay()
    {
        var cluster = new Members(3, k3, k2, k1);

        var outcome = await cluster.Rotate(k4);

        Assert.True(outcome.IsDone, outcome.Text);
        Assert.Equal((Print(k3), $"key {Print(k3)} → {Print(k4)} on 3 members"), (outcome.Before, outcome.Text));
        Assert.Equal([Print(k1)], outcome.Removed);
        Assert.All(cluster.Rings.Values, ring => Assert.Equal([k4, k3, k2], ring));
    }

    [Fact]
    public async Task A_failed_member_stops_it_before_anything_is_changed_unless_it_is_forced()
    {
        var cluster = new Members(3, k1);
        cluster.Status["n3"] = MemberStatus.Failed;

        var outcome = await cluster.Rotate(k2);
        var forced = await cluster.Rotate(k2, force: true);

        Assert.False(outcome.IsDone);
        Assert.StartsWith("no key was changed: n3 failed", outcome.Text);
        Assert.True(forced.IsDone, forced.Text);
        Assert.Equal([k1], cluster.Rings["n3"]);
    }

    [Fact]
    public async Task A_member_that_fails_half_way_is_not_passed_over()
    {
        var cluster = new Members(3, k1);
        cluster.Before = command =>
        {
            if (command == KeyCommand.Install) cluster.Status["n3"] = MemberStatus.Failed;
        };

        var outcome = await cluster.Rotate(k2);

        Assert.False(outcome.IsDone);
        Assert.Contains("could not be installed everywhere (no answer from n3)", outcome.Text);
        Assert.All(cluster.Rings.Values, ring => Assert.Equal([k1], ring));
    }

    [Fact]
    public async Task A_silent_member_at_the_list_stops_it_and_one_lost_answer_does_not()
    {
        var silent = new Members(3, k1);
        silent.Deaf["n2"] = 100;
        var lossy = new Members(3, k1);
        lossy.Deaf["n2"] = 2;

        var stopped = await silent.Rotate(k2);
        var done = await lossy.Rotate(k2);

        Assert.Equal("no key was changed: no answer from n2", stopped.Text);
        Assert.True(done.IsDone, done.Text);
    }

    [Fact]
    public async Task A_member_that_cannot_install_is_named_and_the_new_key_taken_out_again()
    {
        var cluster = new Members(3, k1);
        cluster.Refuses = (name, command, _) => name == "n2" && command == KeyCommand.Install ? "there are 32 keys already; remove one first" : "";

        var outcome = await cluster.Rotate(k2);

        Assert.False(outcome.IsDone);
        Assert.Contains("n2: there are 32 keys already; remove one first", outcome.Text);
        Assert.Contains($"{Print(k1)} stays in use", outcome.Text);
        Assert.All(cluster.Rings.Values, ring => Assert.Equal([k1], ring));
    }

    [Fact]
    public async Task When_one_cannot_use_the_new_key_all_go_back()
    {
        var cluster = new Members(3, k1);
        cluster.Refuses = (name, command, key) =>
            name == "n3" && command == KeyCommand.Use && key.AsSpan().SequenceEqual(k2) ? "the key is not installed; install it first" : "";

        var outcome = await cluster.Rotate(k2);

        Assert.False(outcome.IsDone);
        Assert.Contains($"n3: the key is not installed; install it first); all use {Print(k1)} again", outcome.Text);
        Assert.All(cluster.Rings.Values, ring => Assert.Equal([k1], ring));
    }

    [Fact]
    public async Task One_that_does_not_confirm_the_use_still_reads_all_and_nothing_is_removed()
    {
        var cluster = new Members(3, k3, k2, k1);
        cluster.Before = command =>
        {
            if (command == KeyCommand.Use) cluster.Deaf["n3"] = 100;
        };

        var outcome = await cluster.Rotate(k4);

        Assert.False(outcome.IsDone);
        Assert.Contains($"no answer from n3: they have it and read all others, and still send with {Print(k3)}", outcome.Text);
        Assert.Equal([k3, k2, k1, k4], cluster.Rings["n3"]);
        Assert.Equal([k4, k3, k2, k1], cluster.Rings["n1"]);
    }

    [Fact]
    public async Task What_an_earlier_change_left_half_done_is_mended_first()
    {
        var cluster = new Members(3, k1);
        cluster.Rings["n1"] = [k2, k1];
        cluster.Rings["n2"] = [k2, k1];

        var outcome = await cluster.Rotate(k3);

        Assert.True(outcome.IsDone, outcome.Text);
        Assert.Equal(Print(k2), outcome.Before);
        Assert.All(cluster.Rings.Values, ring => Assert.Equal([k3, k2, k1], ring));
    }

    /// <summary>Members with keyrings, as seen from n1, which answers its own questions.</summary>
    sealed class Members
    {
        public Members(int count, params byte[][] keys)
        {
            for (var i = 1; i <= count; i++)
            {
                Rings[$"n{i}"] = [.. keys];
                Status[$"n{i}"] = MemberStatus.Alive;
            }
        }

        public Dictionary<string, List<byte[]>> Rings { get; } = [];

        public Dictionary<string, MemberStatus> Status { get; } = [];

        /// <summary>How many questions a member does not hear.</summary>
        public Dictionary<string, int> Deaf { get; } = [];

        public Func<string, KeyCommand, byte[], string> Refuses { get; set; } = (_, _, _) => "";

        public Action<KeyCommand> Before { get; set; } = _ => { };

        public Task<RotationOutcome> Rotate(byte[] next, bool force = false) =>
            new KeyChange(new KeyQuestions(Ask, () => Task.FromResult<IReadOnlyList<Member>>([.. Status.Select(s => Picture(s.Key, s.Value))])))
                .Rotate(next, [.. Rings["n1"]], force);

        static Member Picture(string name, MemberStatus status) =>
            new(name, default, [], status, false, default, 1, 1, default, null);

        Task<(string?, KeysNews?)> Ask(KeyCommand command, byte[] key)
        {
            Before(command);
            var (keys, primaries) = (new Dictionary<string, int>(), new Dictionary<string, int>());
            var (messages, from) = (new Dictionary<string, string>(), new List<string>());
            foreach (var (name, ring) in Rings)
            {
                if (Status[name] != MemberStatus.Alive) continue;
                if (Deaf.TryGetValue(name, out var left) && left > 0)
                {
                    Deaf[name] = left - 1;
                    continue;
                }
                from.Add(name);
                using var real = new Keyring(ring);
                var refusal = Refuses(name, command, key);
                var isDone = refusal.Length == 0 && command switch
                {
                    KeyCommand.Install => real.TryInstall(key),
                    KeyCommand.Use => real.TryUse(key),
                    KeyCommand.Remove => real.TryRemove(key),
                    _ => true,
                };
                if (!isDone) messages[name] = refusal.Length > 0 ? refusal : "no";
                Rings[name] = [.. Enumerable.Range(0, real.Count).Select(i => real[i].ToArray())];
                if (command != KeyCommand.List) continue;
                foreach (var one in ring) keys[Convert.ToBase64String(one)] = keys.GetValueOrDefault(Convert.ToBase64String(one)) + 1;
                primaries[Convert.ToBase64String(ring[0])] = primaries.GetValueOrDefault(Convert.ToBase64String(ring[0])) + 1;
            }
            return Task.FromResult<(string?, KeysNews?)>((null,
                new KeysNews(1, command, Rings.Count, from.Count, messages.Count, keys, primaries, messages, from)));
        }
    }
}
