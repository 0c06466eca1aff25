using Google.Protobuf;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Metrics.Listeners;

namespace OpsBro.Tests.Metrics;

/// <summary>Stores in memory for the tests of what comes in.</summary>
static class IntakeStores
{
    /// <summary>A time of now, at a whole step, so that the store takes it.</summary>
    public static readonly long Now = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / MetricStore.BaseStep * MetricStore.BaseStep;

    /// <summary>An empty store.</summary>
    public static MetricStore Empty() => new(TimeProvider.System, new MetricJournal());

    /// <summary>Graphite's intake into an empty store.</summary>
    public static GraphiteIntake Graphite(out MetricStore store) =>
        new(store = Empty(), new GraphiteBook(TimeProvider.System), TimeProvider.System);

    /// <summary>The value of a series at a time; NaN when there is none.</summary>
    public static double At(this MetricStore store, string name, long at)
    {
        var from = at - MetricStore.BaseStep;
        var parts = name.Split(';');
        var found = parts.Length == 1
            ? store.Fetch(name, from, at, Aspect.Last)
            : store.FetchTagged([.. parts.Select((p, i) => TagExpression.Parse(i == 0 ? $"name={p}" : p)!)], from, at, Aspect.Last);
        return found.SingleOrDefault(s => s.Name == name)?.Values[^1] ?? double.NaN;
    }

    /// <summary>"name = value" of every series at a time.</summary>
    public static IEnumerable<string> All(this MetricStore store, long at) =>
        store.Names().Select(n => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{n} = {store.At(n, at)}"));
}

/// <summary>Protobuf messages by hand: fields one after the other.</summary>
static class Proto
{
    static byte[] Written(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true)) write(output);
        return bytes.ToArray();
    }

    public static byte[] Message(params byte[][] fields) => [.. fields.SelectMany(f => f)];

    public static byte[] In(int field, params byte[][] fields) => Written(o =>
    {
        o.WriteTag(field, WireFormat.WireType.LengthDelimited);
        o.WriteBytes(ByteString.CopyFrom(Message(fields)));
    });

    public static byte[] Text(int field, string text) => Written(o =>
    {
        o.WriteTag(field, WireFormat.WireType.LengthDelimited);
        o.WriteString(text);
    });

    public static byte[] Double(int field, double value) => Written(o =>
    {
        o.WriteTag(field, WireFormat.WireType.Fixed64);
        o.WriteDouble(value);
    });

    public static byte[] Fixed(int field, ulong value) => Written(o =>
    {
        o.WriteTag(field, WireFormat.WireType.Fixed64);
        o.WriteFixed64(value);
    });

    public static byte[] Int(int field, long value) => Written(o =>
    {
        o.WriteTag(field, WireFormat.WireType.Varint);
        o.WriteInt64(value);
    });

    public static byte[] SInt(int field, int value) => Written(o =>
    {
        o.WriteTag(field, WireFormat.WireType.Varint);
        o.WriteSInt32(value);
    });

    public static byte[] PackedFixed(int field, params ulong[] values) => In(field, [.. values.Select(BitConverter.GetBytes)]);

    public static byte[] PackedDoubles(int field, params double[] values) => In(field, [.. values.Select(BitConverter.GetBytes)]);

    public static byte[] PackedVarints(int field, params ulong[] values) => In(field, [.. values.Select(v => Written(o => o.WriteUInt64(v)))]);
}
