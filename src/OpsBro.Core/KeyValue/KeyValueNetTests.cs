using System.Text;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>A few engines that hear each other at once; tests/OpsBro.Tests/Simulation/KeyValue has the networks and disks that fail.</summary>
sealed class KeyValueNet
{
    public List<KeyValueRig> Rigs { get; } = [];

    /// <summary>Who does not run.</summary>
    public HashSet<string> Down { get; } = [];

    /// <summary>Every message that was sent, for fuzzing.</summary>
    public List<byte[]> Heard { get; } = [];

    public KeyValueRig this[string name] => Rigs.Single(rig => rig.Name == name);

    public static KeyValueNet Of(params string[] names)
    {
        var net = new KeyValueNet();
        foreach (var name in names) net.Rigs.Add(KeyValueRig.Started(name));
        net.Tell();
        net.Pass(15);
        return net;
    }

    /// <summary>All hear who is a member and who is alive.</summary>
    public void Tell(params string[] left)
    {
        var members = Rigs.Select(rig => new KeyValueMember(rig.Name, $"id of {rig.Name}",
            left.Contains(rig.Name) ? MemberStanding.Left : Down.Contains(rig.Name) ? MemberStanding.Failed : MemberStanding.Alive, "")).ToList();
        foreach (var rig in Rigs)
            if (!Down.Contains(rig.Name)) rig.Engine.Members(members, rig.Now);
        Deliver();
    }

    public void Deliver()
    {
        for (var isQuiet = false; !isQuiet;)
        {
            isQuiet = true;
            foreach (var rig in Rigs)
            {
                rig.Obey();
                var sent = rig.Sent.ToArray();
                rig.Sent.Clear();
                foreach (var (to, message) in sent)
                {
                    Heard.Add(message);
                    isQuiet = false;
                    if (Down.Contains(to) || Down.Contains(rig.Name)) continue;
                    this[to].Engine.Receive(rig.Name, message, this[to].Now);
                }
            }
        }
    }

    public void Pass(int seconds)
    {
        for (var i = 0; i < 2 * seconds; i++)
        {
            foreach (var rig in Rigs)
                if (!Down.Contains(rig.Name)) rig.Pass(TimeSpan.FromMilliseconds(500));
            Deliver();
        }
    }

    public KeyValueResult Do(string at, KeyValueOperation operation)
    {
        var id = this[at].Submit(operation);
        Deliver();
        for (var i = 0; i < 6 && !this[at].Answers.ContainsKey(id); i++) Pass(1);
        return this[at].Answers[id];
    }

    public KeyValueResult Put(string at, string key, string value, long? expected = null, Acknowledgement acknowledgement = Acknowledgement.Quorum) =>
        Do(at, new()
        {
            Verb = KeyValueVerb.Put,
            Key = key,
            Value = Encoding.UTF8.GetBytes(value),
            Expected = expected,
            Acknowledgement = acknowledgement,
        });

    public KeyValueResult Get(string at, string key, Consistency consistency = Consistency.Quorum) =>
        Do(at, new() { Verb = KeyValueVerb.Get, Key = key, Consistency = consistency });
}

/// <summary>Three engines and more, without faults of the network.</summary>
public class KeyValueNetTests
{
    [Theory, InlineData(Acknowledgement.Quorum, 1), InlineData(Acknowledgement.One, 2), InlineData(Acknowledgement.All, 0)]
    public void Copies_that_no_answer_waits_for_may_come_later(Acknowledgement acknowledgement, int later)
    {
        var net = KeyValueNet.Of("a", "b", "c");
        var owner = net["a"].Engine.Owners("k")[0];
        foreach (var rig in net.Rigs) (rig.Patient, rig.Hurries) = (0, 0);

        Assert.Equal(KeyValueStatus.Ok, net.Put(owner, "k", "v", acknowledgement: acknowledgement).Status);

        Assert.Equal(later, net[owner].Patient);
        Assert.Equal(later, net.Rigs.Where(rig => rig.Name != owner).Sum(rig => rig.Patient));            // so may what they say
        Assert.Equal(2 - later, net.Rigs.Count(rig => rig.Name != owner && rig.Hurries > 0));             // and their disks
        Assert.True(net[owner].Hurries > 0);
        foreach (var rig in net.Rigs) Assert.Equal("v", KeyValueRig.Text(rig.Get("k", Consistency.Local)));
    }

    [Theory, InlineData(1), InlineData(2)]
    public void A_copy_that_could_have_waited_counts_when_the_other_one_is_silent(int silent)
    {
        var net = KeyValueNet.Of("a", "b", "c");
        var owners = net["a"].Engine.Owners("k");
        net.Down.Add(owners[silent]);   // nobody knows that yet

        var put = net.Put(owners[0], "k", "v");

        Assert.Equal((KeyValueStatus.Ok, 2), (put.Status, put.Copies));
        Assert.Equal("v", KeyValueRig.Text(net[owners[3 - silent]].Get("k", Consistency.Local)));
    }

    [Fact]
    public void What_was_written_anywhere_is_read_everywhere()
    {
        var net = KeyValueNet.Of("a", "b", "c", "d");
        for (var i = 0; i < 40; i++) Assert.Equal(KeyValueStatus.Ok, net.Put(net.Rigs[i % 4].Name, $"k/{i:00}", $"v{i}").Status);

        foreach (var rig in net.Rigs)
        {
            for (var i = 0; i < 40; i++) Assert.Equal($"v{i}", KeyValueRig.Text(net.Get(rig.Name, $"k/{i:00}")));
            var list = net.Do(rig.Name, new() { Verb = KeyValueVerb.List, Key = "k/", WithValues = true, Limit = 100 });
            Assert.Equal(Enumerable.Range(0, 40).Select(i => $"v{i}"), list.Entries.Select(e => Encoding.UTF8.GetString(e.Value.Span)));
            Assert.True(rig.Engine.Statistics.IsSettled);
        }
        Assert.Equal(120, net.Rigs.Sum(rig => rig.Engine.Statistics.Keys));   // three copies of each
    }

    [Fact]
    public void With_one_of_three_away_all_goes_on_and_with_two_nothing_is_promised()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        net.Put("a", "k", "1");
        net.Down.Add("b");
        net.Tell();
        net.Pass(12);

        Assert.Equal(KeyValueStatus.Ok, net.Put("a", "k", "2").Status);
        Assert.Equal("2", KeyValueRig.Text(net.Get("c", "k")));
        Assert.Equal(KeyValueStatus.Unavailable, net.Put("a", "k", "3", acknowledgement: Acknowledgement.All).Status);
        net.Down.Add("c");
        net.Tell();
        Assert.Equal(KeyValueStatus.Unavailable, net.Put("a", "k", "4").Status);
        Assert.Equal(KeyValueStatus.Unavailable, net.Get("a", "k").Status);
        Assert.Equal(KeyValueStatus.Unavailable, net.Put("a", "k", "4", expected: 0).Status);
        Assert.Equal("2", KeyValueRig.Text(net.Get("a", "k", Consistency.Local)));
        Assert.Equal(KeyValueStatus.Ok, net.Put("a", "k", "5", acknowledgement: Acknowledgement.One).Status);

        net.Down.Clear();
        net.Tell();
        net.Pass(15);
        Assert.All(net.Rigs, rig => Assert.Equal("5", KeyValueRig.Text(net.Get(rig.Name, "k", Consistency.Local))));
    }

    [Fact]
    public void A_member_that_joins_takes_its_share_and_those_that_need_not_keep_it_drop_theirs()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        for (var i = 0; i < 60; i++) net.Put("a", $"k{i}", "v");
        net.Rigs.Add(KeyValueRig.Started("d"));
        net["d"].Now = net["a"].Now;
        net.Tell();
        net.Pass(25);

        Assert.All(net.Rigs, rig => Assert.True(rig.Engine.Statistics is { IsSettled: true, HeldForOthers: 0 }));
        Assert.Equal(180, net.Rigs.Sum(rig => rig.Engine.Statistics.Keys));
        Assert.InRange(net["d"].Engine.Statistics.Keys, 20, 60);
        for (var i = 0; i < 60; i++) Assert.Equal(KeyValueStatus.Ok, net.Get("d", $"k{i}").Status);
    }

    [Fact]
    public void What_was_stored_without_a_member_is_handed_over_when_one_appears()
    {
        var net = new KeyValueNet();
        net.Rigs.Add(KeyValueRig.Started("a"));
        net.Rigs.Add(KeyValueRig.Started("m"));
        net["a"].Put("k", "v");
        List<KeyValueMember> members = [new("m", "id of m", MemberStanding.Alive, "")];

        foreach (var rig in net.Rigs) rig.Engine.Members(members, rig.Now);
        net.Pass(25);

        Assert.Equal(0, net["a"].Engine.Statistics.Keys);
        Assert.Equal("v", KeyValueRig.Text(net.Get("m", "k", Consistency.Local)));
        Assert.Equal("v", KeyValueRig.Text(net.Get("a", "k")));
    }

    [Fact]
    public void A_watcher_hears_of_each_change_once_wherever_it_was_made()
    {
        var net = KeyValueNet.Of("a", "b", "c", "d");
        net["d"].Engine.Watch(["app/"], net["d"].Now);
        net.Deliver();
        net["d"].Changes.Clear();

        for (var i = 0; i < 20; i++) net.Put("a", $"app/{i:00}", "v");
        net.Put("a", "app/00", "w");

        var changes = net["d"].Changes.Where(c => c.Key.StartsWith("app/", StringComparison.Ordinal)).ToList();
        Assert.Equal(21, changes.Count);
        Assert.Equal(2, changes.Count(c => c.Key == "app/00"));
    }

    [Fact]
    public void A_row_that_was_spoiled_comes_back_from_the_others_and_is_not_taken_for_removed()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        var keys = Enumerable.Range(0, 10_000).Select(i => $"k{i}").Where(key => Ring.PartitionOf(Ring.HashOf(key)) == 7).Take(6).ToArray();
        foreach (var key in keys) net.Put("a", key, "v");
        net.Pass(3);   // the vectors are on disk
        var owner = net[net["a"].Engine.Owners(keys[0])[0]];
        owner.Disk[(StoredTable.Entry, keys[2])] = owner.Disk[(StoredTable.Entry, keys[2])][..10];

        owner.Start();
        net.Tell();
        net.Pass(25);

        Assert.Equal(1, owner.Engine.Statistics.Counters["bad_rows"]);
        foreach (var rig in net.Rigs)
            foreach (var key in keys) Assert.Equal("v", KeyValueRig.Text(net.Get(rig.Name, key, Consistency.Local)));
    }

    [Fact]
    public void A_node_whose_disk_was_set_back_does_not_write_under_numbers_that_the_others_know()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        net.Put("a", "k", "1");
        var owner = net[net["a"].Engine.Owners("k")[0]];
        var copy = owner.Disk.ToDictionary();
        owner.Start();
        net.Tell();
        net.Pass(3);
        net.Put("a", "k", "2");
        owner.Disk.Clear();
        foreach (var (row, data) in copy) owner.Disk[row] = data;

        owner.Start();
        net.Tell();
        net.Pass(3);
        var put = net.Put("a", "k", "3");

        Assert.Equal(KeyValueStatus.Ok, put.Status);
        foreach (var rig in net.Rigs) Assert.Equal("3", KeyValueRig.Text(net.Get(rig.Name, "k", Consistency.Local)));
        Assert.Equal(1, owner.Engine.Statistics.Counters["set_back"]);
    }

    [Fact]
    public void A_folder_whose_name_is_as_long_as_a_key_is_listed_past_on_all_nodes()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        net.Put("a", "z", "v");

        var list = net.Do("a", new() { Verb = KeyValueVerb.List, Key = "", After = new string('f', KeyValueLimits.MaxKey) + char.MaxValue });

        Assert.Equal(["z"], list.Entries.Select(e => e.Key));
    }

    [Fact]
    public void A_node_that_has_not_all_its_keys_yet_says_of_none_that_it_is_not_there()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        for (var i = 0; i < 40; i++) net.Put("a", $"k{i}", "v");
        net.Rigs.Add(KeyValueRig.Started("d"));
        net["d"].Now = net["a"].Now;
        List<KeyValueMember> members = [.. net.Rigs.Select(rig => new KeyValueMember(rig.Name, $"id of {rig.Name}", MemberStanding.Alive, ""))];
        net["d"].Engine.Members(members, net["d"].Now);
        var own = Enumerable.Range(0, 40).Select(i => $"k{i}").First(key => net["d"].Engine.Owners(key)[0] == "d");

        var local = net["d"].Get(own, Consistency.Local);
        var owner = net["d"].Submit(new() { Verb = KeyValueVerb.Get, Key = own, Consistency = Consistency.Owner });
        Assert.Equal(KeyValueStatus.Unavailable, local.Status);
        net.Tell();
        net.Pass(3);

        Assert.Equal("v", KeyValueRig.Text(net["d"].Answers[owner]));
        Assert.Equal("v", KeyValueRig.Text(net.Get("d", own, Consistency.Local)));
    }

    [Fact]
    public void Watches_that_come_and_go_are_told_to_the_others_when_they_want_more()
    {
        var net = KeyValueNet.Of("a", "b");
        int Told(params string[] prefixes)
        {
            net["a"].Engine.Watch(prefixes, net["a"].Now);
            var told = net["a"].Sent.Count(sent => sent.Message[1] == (byte)MessageKind.Watch);
            net.Deliver();
            return told;
        }

        Assert.Equal([1, 0, 1, 0, 0, 1], [Told("app/"), Told("app/", "app/x"), Told("app/", "b"), Told("app/"), Told(), Told("app/")]);
    }

    [Fact]
    public void A_member_that_tells_of_impossible_keys_and_versions_is_not_believed()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        net["a"].Engine.Watch(["k"], net["a"].Now);
        net.Put("b", "k-mark", "v");
        var records = net.Heard.First(message => message[1] == (byte)MessageKind.Replicate).ToArray();
        records[records.AsSpan().IndexOf("k-mark"u8) + 1] = 0x1b;
        var change = new KeyValueWriter();
        new MessageHead(1, 2, 3, true, false, false, false).Write(change, MessageKind.Change);
        change.Text("k-later");
        change.Number(HybridClock.Of(net["a"].Now.UnixMilliseconds) * 2);
        change.Byte(0);
        change.Text("b");

        var before = net["a"].Engine.Statistics.Counters["malformed"];
        net["a"].Engine.Receive("b", records, net["a"].Now);
        net["a"].Engine.Receive("b", change.ToArray(), net["a"].Now);
        net.Deliver();
        var put = net.Put("b", "k-later", "v");

        Assert.Equal(before + 1, net["a"].Engine.Statistics.Counters["malformed"]);
        Assert.Equal(["k-later", "k-mark"], net["a"].Engine.LocalEntries("").Select(e => e.Key));
        Assert.Equal(put.Entry!.Version, Assert.Single(net["a"].Changes, c => c.Key == "k-later").Version);
    }

    [Fact]
    public void Compare_and_set_decides_once_among_nodes()
    {
        var net = KeyValueNet.Of("a", "b", "c");

        var ids = net.Rigs.Select(rig => rig.Submit(new() { Verb = KeyValueVerb.Put, Key = "lock", Value = new byte[] { 1 }, Expected = 0 })).ToList();
        net.Deliver();
        net.Pass(3);

        Assert.Equal(1, net.Rigs.Zip(ids).Count(pair => pair.First.Answers[pair.Second].Status == KeyValueStatus.Ok));
        Assert.Equal(2, net.Rigs.Zip(ids).Count(pair => pair.First.Answers[pair.Second].Status == KeyValueStatus.Conflict));
    }
}
