using System.Buffers;
using System.Text;
using Google.Protobuf;
using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Exporters;

/// <summary>Points as a Prometheus remote write request, packed by Snappy: the samples of one series together, in order of time.</summary>
/// <remarks>
/// <code>
/// WriteRequest { repeated TimeSeries timeseries = 1 }      Label { string name = 1, string value = 2 }
/// TimeSeries { repeated Label labels = 1, repeated Sample samples = 2 }      Sample { double value = 1, int64 timestamp = 2 }
/// https://prometheus.io/docs/concepts/remote_write_spec/ (0.1.0): labels sorted by name, samples by time, one value a time
/// </code>
/// </remarks>
internal sealed class RemoteWriteEncoder : IEncoder
{
    const uint SeriesTag = (1 << 3) | 2, LabelTag = (1 << 3) | 2, SampleTag = (2 << 3) | 2;
    const uint NameTag = (1 << 3) | 2, TextTag = (2 << 3) | 2, ValueTag = (1 << 3) | 1, TimeTag = 2 << 3;
    const string NameLabel = "__name__";

    readonly SinkOptions options;
    readonly SeriesCache<Prepared> series;
    readonly List<Prepared> touched = [];
    int[] next = [];
    long[] order = [];
    byte[] plain = [];
    int round;

    /// <summary>An encoder for one sink.</summary>
    public RemoteWriteEncoder(SinkOptions options)
    {
        this.options = options;
        series = new(Prepare);
    }

    /// <summary>One series: its labels as bytes, and its points of the present page, linked by their numbers.</summary>
    sealed class Prepared(ByteString[] labels)
    {
        public readonly ByteString[] Labels = labels;
        public readonly int LabelsLength = labels.Sum(label => 1 + CodedOutputStream.ComputeBytesSize(label));
        public int Round, First, Last, Count, Length;
        public bool IsInOrder;
    }

    /// <inheritdoc/>
    public Encoded Encode(IReadOnlyList<JournalPoint> points, int from, int count, ArrayBufferWriter<byte> output)
    {
        var filtered = Group(points, from, count);
        if (touched.Count == 0) return new Encoded(0, filtered, 0);
        var size = 0;
        foreach (var one in touched)
        {
            if (!one.IsInOrder) Sort(one, points, from);
            size += 1 + CodedOutputStream.ComputeLengthSize(Measure(one, points, from)) + one.Length;
        }
        if (plain.Length < size) plain = new byte[size + (size / 4)];
        var stream = new CodedOutputStream(plain);
        var samples = 0;
        foreach (var one in touched)
        {
            Write(stream, one, points, from);
            samples += one.Count;
        }
        var packed = output.GetSpan(Snappy.MaxEncoded(size));
        output.Advance(Snappy.Encode(plain.AsSpan(0, size), packed));
        return new Encoded(samples, filtered, count - filtered - samples);
    }

    /// <summary>Puts the points of each series together.</summary>
    /// <returns>Points that this sink does not want.</returns>
    int Group(IReadOnlyList<JournalPoint> points, int from, int count)
    {
        if (next.Length < count) next = new int[count];
        touched.Clear();
        round++;
        var filtered = 0;
        for (var i = 0; i < count; i++)
        {
            var point = points[from + i];
            if (series.Of(point.Name) is not { } one)
            {
                filtered++;
                continue;
            }
            next[i] = -1;
            if (one.Round != round)
            {
                (one.Round, one.First, one.Last, one.Count, one.IsInOrder) = (round, i, i, 1, true);
                touched.Add(one);
                continue;
            }
            one.IsInOrder &= point.At > points[from + one.Last].At;
            next[one.Last] = i;
            one.Last = i;
            one.Count++;
        }
        return filtered;
    }

    /// <summary>Brings the points of one series into the order of time; of several in one second the one taken in last stays.</summary>
    void Sort(Prepared one, IReadOnlyList<JournalPoint> points, int from)
    {
        if (order.Length < one.Count) order = new long[Math.Max(one.Count, next.Length)];
        var all = order.AsSpan(0, one.Count);
        for (int i = one.First, n = 0; i >= 0; i = next[i]) all[n++] = i;
        all.Sort((a, b) => points[from + (int)a].At.CompareTo(points[from + (int)b].At) is not 0 and var byTime ? byTime : a.CompareTo(b));
        var last = -1;
        one.Count = 0;
        foreach (int i in all)
        {
            if (last >= 0 && points[from + i].At == points[from + last].At)
            {
                // the place of the one before becomes this one's: it is the newer word for the same moment
                if (one.Count == 1) one.First = i;
                else next[(int)order[one.Count - 2]] = i;
            }
            else
            {
                if (last < 0) one.First = i;
                else next[last] = i;
                one.Count++;
            }
            order[one.Count - 1] = i;
            next[i] = -1;
            last = i;
        }
    }

    int Measure(Prepared one, IReadOnlyList<JournalPoint> points, int from)
    {
        one.Length = one.LabelsLength;
        for (var i = one.First; i >= 0; i = next[i]) one.Length += 2 + SampleLength(points[from + i].At);
        return one.Length;
    }

    /// <summary>A sample without its tag and length, which are one byte each.</summary>
    static int SampleLength(long at) => 1 + sizeof(double) + 1 + CodedOutputStream.ComputeInt64Size(at * 1000);

    void Write(CodedOutputStream stream, Prepared one, IReadOnlyList<JournalPoint> points, int from)
    {
        stream.WriteRawTag((byte)SeriesTag);
        stream.WriteLength(one.Length);
        foreach (var label in one.Labels)
        {
            stream.WriteRawTag((byte)LabelTag);
            stream.WriteBytes(label);
        }
        for (var i = one.First; i >= 0; i = next[i])
        {
            var point = points[from + i];
            stream.WriteRawTag((byte)SampleTag);
            stream.WriteLength(SampleLength(point.At));
            stream.WriteRawTag((byte)ValueTag);
            stream.WriteDouble(point.Value);
            stream.WriteRawTag((byte)TimeTag);
            stream.WriteInt64(point.At * 1000);
        }
    }

    Prepared? Prepare(SeriesName name)
    {
        if (!options.Filter.Takes(name)) return null;
        var labels = new List<KeyValuePair<string, string>> { new(NameLabel, MetricName(options.Prefix + name.Name)) };
        foreach (var (key, value) in name.With(options.Tags))
        {
            // two tags may become one label: Prometheus refuses that, so the second gets a longer name
            var label = options.KeepsNames ? key : LabelName(key);
            while (labels.Exists(l => l.Key == label)) label += "_";
            labels.Add(new(label, value));
        }
        labels.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return new Prepared([.. labels.Select(label => Label(label.Key, label.Value))]);
    }

    static ByteString Label(string name, string value)
    {
        var bytes = new byte[2 + CodedOutputStream.ComputeStringSize(name) + CodedOutputStream.ComputeStringSize(value)];
        var stream = new CodedOutputStream(bytes);
        stream.WriteRawTag((byte)NameTag);
        stream.WriteString(name);
        stream.WriteRawTag((byte)TextTag);
        stream.WriteString(value);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    string MetricName(string name) => options.KeepsNames ? name : Sanitised(name, ':');

    static string LabelName(string key) => Sanitised(key, '_');

    /// <summary>Letters, digits and underscores, and one more character; no digit first.</summary>
    static string Sanitised(string name, char also)
    {
        var text = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) text.Append('_');
        foreach (var c in name) text.Append(char.IsAsciiLetterOrDigit(c) || c == also ? c : '_');
        return text.ToString();
    }
}
