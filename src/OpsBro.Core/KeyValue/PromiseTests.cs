using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>What a copy that has promised takes: messages by hand, as only a race of two coordinators would send them.</summary>
public class PromiseTests
{
    /// <summary>Nobody else asked for a promise.</summary>
    public const int None = 0;

    /// <summary>Another coordinator was promised more while the record was on its way.</summary>
    public const int Given = 1;

    /// <summary>That promise is so old that it has become one of the whole partition.</summary>
    public const int Old = 2;

    /// <summary>A compare-and-set whose copy has promised, and is sent the record now; with the third node's name.</summary>
    static (KeyValueRig Owner, KeyValueRig Copy, string Other, byte[] Asked, byte[] Record) Promised()
    {
        var net = KeyValueNet.Of("a", "b", "c");
        var owners = net["a"].Engine.Owners("k");
        var (owner, copy) = (net[owners[0]], net[owners[1]]);
        owner.Submit(new() { Verb = KeyValueVerb.Put, Key = "k", Value = "v"u8.ToArray(), Expected = 0 });
        owner.Obey();
        var asked = Last(owner, MessageKind.Promise, copy.Name);
        Hear(copy, owner.Name, asked);
        Hear(owner, copy.Name, Last(copy, MessageKind.Promised, owner.Name));
        return (owner, copy, owners[2], asked, Last(owner, MessageKind.Replicate, copy.Name));
    }

    static KeyValueEngine.KeptStatus SaidTo(KeyValueRig owner, KeyValueRig copy)
    {
        var kept = new KeyValueReader(Last(copy, MessageKind.Kept, owner.Name));
        MessageHead.Read(ref kept, out _);
        kept.Number();
        return (KeyValueEngine.KeptStatus)kept.Byte();
    }

    [Theory, InlineData(None), InlineData(Given), InlineData(Old)]
    public void A_record_below_a_promise_is_refused_though_it_replaces_all_that_is_there(int promise)
    {
        var (owner, copy, other, asked, record) = Promised();

        if (promise != None)
        {
            Hear(copy, other, Higher(asked));
            var reader = new KeyValueReader(Last(copy, MessageKind.Promised, other));
            MessageHead.Read(ref reader, out _);
            reader.Number();
            Assert.True(reader.Flag());
        }
        if (promise == Old) copy.Pass(KeyValueLimits.KeepPromise + TimeSpan.FromSeconds(1));
        Hear(copy, owner.Name, record);

        Assert.Equal(promise == None ? KeyValueEngine.KeptStatus.Kept : KeyValueEngine.KeptStatus.Refused, SaidTo(owner, copy));
    }

    [Theory, InlineData(None), InlineData(Given), InlineData(Old)]
    public void What_a_reader_found_is_not_taken_below_a_promise_either(int promise)
    {
        var (owner, copy, other, asked, record) = Promised();

        if (promise != None) Hear(copy, other, Higher(asked));
        if (promise == Old) copy.Pass(KeyValueLimits.KeepPromise + TimeSpan.FromSeconds(1));
        Hear(copy, owner.Name, OfReader(record));

        Assert.Equal(promise == None ? KeyValueEngine.KeptStatus.Kept : KeyValueEngine.KeptStatus.Promised, SaidTo(owner, copy));
    }

    [Theory, InlineData(3), InlineData(4)]
    public void What_was_read_is_not_overtaken_by_what_a_dead_coordinator_wrote_before_on_its_own_disk(int members)
    {
        var net = KeyValueNet.Of([.. "abcd".Select(letter => $"{letter}").Take(members)]);
        var owners = net["a"].Engine.Owners("k");
        var (one, other, third) = (net[owners[0]], net[owners[1]], net[owners[2]]);
        var version = net.Put(one.Name, "k", "before", expected: 0).Entry!.Version;
        WriteAlone(one, third, version, "first");
        one.Pass(KeyValueLimits.Patience);   // it gives up
        one.Sent.Clear();
        net.Down.Add(one.Name);
        net.Tell();
        net.Pass(3);
        WriteAlone(other, third, version, "second");
        net.Down.Add(other.Name);
        net.Down.Remove(one.Name);
        net.Tell();
        net.Pass(12);

        var read = net.Rigs.Where(rig => rig != other).Select(rig => KeyValueRig.Text(net.Get(rig.Name, "k"))).ToArray();
        net.Down.Clear();
        net.Tell();
        net.Pass(12);

        Assert.All(read, value => Assert.Equal("first", value));
        Assert.All(net.Rigs, rig => Assert.Equal("first", KeyValueRig.Text(net.Get(rig.Name, "k"))));
    }

    /// <summary>A compare and set that the third copy promises, and that gets to no disk but the coordinator's.</summary>
    static void WriteAlone(KeyValueRig coordinator, KeyValueRig third, long version, string value)
    {
        coordinator.Submit(new() { Verb = KeyValueVerb.Put, Key = "k", Value = System.Text.Encoding.UTF8.GetBytes(value), Expected = version });
        coordinator.Obey();
        Hear(third, coordinator.Name, Last(coordinator, MessageKind.Promise, third.Name));
        Hear(coordinator, third.Name, Last(third, MessageKind.Promised, coordinator.Name));
        Assert.Contains(coordinator.Sent, sent => sent.Message[1] == (byte)MessageKind.Replicate);
        coordinator.Sent.Clear();
        third.Sent.Clear();
    }

    /// <summary>The same record as a reader would send it.</summary>
    static byte[] OfReader(byte[] replicate)
    {
        var reader = new KeyValueReader(replicate);
        var head = MessageHead.Read(ref reader, out var kind);
        var (number, isStrict, key) = (reader.Number(), reader.Flag(), reader.Text(KeyValueLimits.MaxKey));
        Assert.True(isStrict);
        var writer = new KeyValueWriter();
        reader.Count(1);
        var record = KeyRecord.Read(ref reader)!;
        head.Write(writer, kind);
        writer.Number(number);
        writer.Flag(false);
        writer.Text(key);
        writer.Count(1);
        record.Write(writer);
        return writer.ToArray();
    }

    static void Hear(KeyValueRig rig, string from, byte[] message)
    {
        rig.Engine.Receive(from, message, rig.Now);
        rig.Obey();
    }

    static byte[] Last(KeyValueRig rig, MessageKind kind, string to) => rig.Sent.Last(sent => sent.To == to && sent.Message[1] == (byte)kind).Message;

    /// <summary>The same question with a higher ballot.</summary>
    static byte[] Higher(byte[] promise)
    {
        var reader = new KeyValueReader(promise);
        var head = MessageHead.Read(ref reader, out var kind);
        var (number, ballot, key) = (reader.Number(), reader.Number(), reader.Text(KeyValueLimits.MaxKey));
        var writer = new KeyValueWriter();
        head.Write(writer, kind);
        writer.Number(number + 1);
        writer.Number(ballot + 1);
        writer.Text(key);
        return writer.ToArray();
    }
}
