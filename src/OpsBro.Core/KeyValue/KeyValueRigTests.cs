using System.Text;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>One engine with a disk that obeys at once or when told, for tests of the engine beside the code.</summary>
sealed class KeyValueRig : IKeyValueOutput
{
    public Dictionary<(StoredTable, string), byte[]> Disk { get; } = [];

    public Queue<(long Ticket, StoredRow[] Rows)> Waiting { get; } = new();

    public Dictionary<ulong, KeyValueResult> Answers { get; } = [];

    public List<KeyChange> Changes { get; } = [];

    public List<(string To, byte[] Message)> Sent { get; } = [];

    public KeyValueEngine Engine { get; set; } = null!;

    public string Name { get; init; } = "a";

    public bool IsDiskSlow { get; set; }

    public long MaxStore { get; init; } = KeyValueLimits.DefaultStore;

    public Moment Now { get; set; } = new(TimeSpan.Zero, 1_700_000_000_000);

    ulong id;

    public static KeyValueRig Started(string name = "a", long maxStore = KeyValueLimits.DefaultStore)
    {
        var rig = new KeyValueRig { Name = name, MaxStore = maxStore };
        rig.Start();
        return rig;
    }

    public void Start(bool waits = true)
    {
        Waiting.Clear();
        var settings = new KeyValueSettings { Name = Name, Id = $"id of {Name}", FreshStoreId = Ring.HashOf(Name), Seed = 1, MaxStore = MaxStore };
        Engine = new KeyValueEngine(settings, this, [.. Disk.Select(row => new StoredRow(row.Key.Item1, row.Key.Item2, row.Value))], Now);
        Settle();
        if (waits) Pass(KeyValueLimits.Alone);   // until then it looks for others
    }

    public void Pass(TimeSpan time)
    {
        Now = new Moment(Now.Monotonic + time, Now.UnixMilliseconds + (long)time.TotalMilliseconds);
        Engine.Tick(Now);
        Settle();
    }

    /// <summary>The disk does all it was asked.</summary>
    public void Obey()
    {
        while (Waiting.TryDequeue(out var write))
        {
            foreach (var (table, name, data) in write.Rows)
                if (data is null) Disk.Remove((table, name));
                else Disk[(table, name)] = data;
            Engine.Persisted(write.Ticket, Now);
        }
    }

    void Settle()
    {
        if (!IsDiskSlow) Obey();
    }

    public ulong Submit(KeyValueOperation operation)
    {
        Engine.Submit(++id, operation, Now);
        Settle();
        return id;
    }

    public KeyValueResult Do(KeyValueOperation operation) => Answers[Submit(operation)];

    public KeyValueResult Put(string key, string value, long? expected = null, long timeToLive = 0) => Do(new KeyValueOperation
    {
        Verb = KeyValueVerb.Put,
        Key = key,
        Value = Encoding.UTF8.GetBytes(value),
        Expected = expected,
        TimeToLive = timeToLive,
    });

    public KeyValueResult Delete(string key, long? expected = null) => Do(new KeyValueOperation { Verb = KeyValueVerb.Delete, Key = key, Expected = expected });

    public KeyValueResult Get(string key, Consistency consistency = Consistency.Quorum) =>
        Do(new KeyValueOperation { Verb = KeyValueVerb.Get, Key = key, Consistency = consistency });

    public static string Text(KeyValueResult result) => Encoding.UTF8.GetString(result.Entry!.Value.Span);

    /// <summary>Messages that could wait, and times that the disk could not.</summary>
    public int Patient { get; set; }

    public int Hurries { get; set; }

    public void Send(string member, ReadOnlyMemory<byte> message, bool canWait)
    {
        if (canWait) Patient++;
        Sent.Add((member, message.ToArray()));
    }

    public void Persist(long ticket, IReadOnlyList<StoredRow> rows) => Waiting.Enqueue((ticket, [.. rows]));

    public void Hurry() => Hurries++;

    public void Answer(ulong id, KeyValueResult result) => Answers.Add(id, result);

    public void Changed(in KeyChange change) => Changes.Add(change);
}
