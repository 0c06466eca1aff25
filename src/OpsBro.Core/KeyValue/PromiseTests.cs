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

    [Theory, InlineData(None), InlineData(Given), InlineData(Old)]
    public void A_record_below_a_promise_is_refused_though_it_replaces_all_that_is_there(int promise)
    {
        var net = KeyValueNet.Of("a", "b", "c");
        var owners = net["a"].Engine.Owners("k");
        var (owner, copy) = (net[owners[0]], net[owners[1]]);
        owner.Submit(new() { Verb = KeyValueVerb.Put, Key = "k", Value = "v"u8.ToArray(), Expected = 0 });
        owner.Obey();
        var asked = Last(owner, MessageKind.Promise, copy.Name);
        Hear(copy, owner.Name, asked);
        Hear(owner, copy.Name, Last(copy, MessageKind.Promised, owner.Name));
        var record = Last(owner, MessageKind.Replicate, copy.Name);

        if (promise != None)
        {
            Hear(copy, owners[2], Higher(asked));
            var reader = new KeyValueReader(Last(copy, MessageKind.Promised, owners[2]));
            MessageHead.Read(ref reader, out _);
            reader.Number();
            Assert.True(reader.Flag());
        }
        if (promise == Old) copy.Pass(KeyValueLimits.KeepPromise + TimeSpan.FromSeconds(1));
        Hear(copy, owner.Name, record);

        var kept = new KeyValueReader(Last(copy, MessageKind.Kept, owner.Name));
        MessageHead.Read(ref kept, out _);
        kept.Number();
        Assert.Equal(promise == None ? KeyValueEngine.KeptStatus.Kept : KeyValueEngine.KeptStatus.Refused, (KeyValueEngine.KeptStatus)kept.Byte());
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
