using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// Takes the points of OTLP metrics, a message ExportMetricsServiceRequest (opentelemetry-proto 1.x, metrics.proto). A metric's name is the
/// path; its attributes, and service.name and host.name of its resource, are tags:
/// <code>
/// gauge, sum              name
/// histogram               name.count, name.sum, name.min, name.max, name.bucket;le=bound (each counts all below it, as Prometheus does)
/// exponential histogram   the same; the bounds are those of its buckets
/// summary                 name.count, name.sum, name;quantile=q
/// </code>
/// What a point says about deltas is not changed: each number is kept as it came.
/// </summary>
internal sealed partial class OtlpReader(MetricStore store, MetricSource source)
{
    /// <summary>Buckets of one histogram.</summary>
    public const int MaxBuckets = 512;

    /// <summary>Bit of a point's flags: there is no number, the series ended.</summary>
    const long NoRecordedValue = 1;

    const string Damaged = "the body is no ExportMetricsServiceRequest: its fields do not end where they should";

    readonly SeriesNameWriter name = new(), resource = new(), tags = new();
    readonly ulong[] counts = new ulong[MaxBuckets], negatives = new ulong[MaxBuckets], bounds = new ulong[MaxBuckets];

    /// <summary>Takes a message; <see cref="IntakeResult.Problem"/> says what of it could not be taken.</summary>
    public IntakeResult Take(ReadOnlySpan<byte> message)
    {
        var result = new IntakeResult();
        var request = new ProtoReader(message);
        while (request.Next())
            if (request.Field == 1) TakeResource(request.Data, ref result);
        if (request.IsDamaged) result.Problem = Damaged;
        return result;
    }

    void TakeResource(ReadOnlySpan<byte> bytes, ref IntakeResult result)
    {
        resource.Clear();
        var metrics = new ProtoReader(bytes);
        while (metrics.Next())
        {
            if (metrics.Field != 1) continue;
            var attributes = new ProtoReader(metrics.Data);
            while (attributes.Next())
                if (attributes.Field == 1) Attribute(attributes.Data, isOfResource: true);
        }
        if (metrics.IsDamaged) result.Problem = Damaged;
        metrics = new ProtoReader(bytes);
        while (metrics.Next())
        {
            if (metrics.Field != 2) continue;
            var scope = new ProtoReader(metrics.Data);
            while (scope.Next())
                if (scope.Field == 2) TakeMetric(scope.Data, ref result);
            if (scope.IsDamaged) result.Problem = Damaged;
        }
    }

    void TakeMetric(ReadOnlySpan<byte> bytes, ref IntakeResult result)
    {
        name.Clear();
        var metric = new ProtoReader(bytes);
        while (metric.Next())
            if (metric.Field == 1) name.Path(metric.Data);
        if (metric.IsDamaged) result.Problem = Damaged;
        var path = name.Length;
        metric = new ProtoReader(bytes);
        while (metric.Next())
        {
            if (metric.Field is not (5 or 7 or 9 or 10 or 11)) continue;
            var points = new ProtoReader(metric.Data);
            while (points.Next())
            {
                if (points.Field != 1) continue;
                if (path == 0)
                {
                    result.Refused++;
                    result.Problem = "a metric has no name";
                    continue;
                }
                switch (metric.Field)
                {
                    case 9: TakeHistogram(points.Data, path, ref result); break;
                    case 10: TakeExponential(points.Data, path, ref result); break;
                    case 11: TakeSummary(points.Data, path, ref result); break;
                    default: TakeNumber(points.Data, path, ref result); break;
                }
            }
            if (points.IsDamaged) result.Problem = Damaged;
        }
    }

    void TakeNumber(ReadOnlySpan<byte> bytes, int path, ref IntakeResult result)
    {
        var (value, at, flags) = (double.NaN, 0UL, 0L);
        tags.Clear();
        var point = new ProtoReader(bytes);
        while (point.Next())
        {
            switch (point.Field)
            {
                case 7: Attribute(point.Data, isOfResource: false); break;
                case 3: at = point.Fixed64; break;
                case 4: value = point.Double; break;
                case 6: value = (long)point.Fixed64; break;
                case 8: flags = point.Int64; break;
            }
        }
        if (!IsWhole(point, flags, ref result)) return;
        if (!double.IsFinite(value)) result.Skipped++;
        else Put(path, ""u8, "", 0, at, value, ref result);
    }

    void TakeHistogram(ReadOnlySpan<byte> bytes, int path, ref IntakeResult result)
    {
        var numbers = new HistogramNumbers();
        var (buckets, limits) = (0, 0);
        tags.Clear();
        var point = new ProtoReader(bytes);
        while (point.Next())
        {
            switch (point.Field)
            {
                case 9: Attribute(point.Data, isOfResource: false); break;
                case 3: numbers.At = point.Fixed64; break;
                case 4: numbers.Count = point.Fixed64; break;
                case 5: numbers.Sum = point.Double; break;
                case 6: buckets = point.Eights(counts, buckets); break;
                case 7: limits = point.Eights(bounds, limits); break;
                case 10: numbers.Flags = point.Int64; break;
                case 11: numbers.Min = point.Double; break;
                case 12: numbers.Max = point.Double; break;
            }
        }
        if (!IsWhole(point, numbers.Flags, ref result)) return;
        if (buckets > MaxBuckets || (buckets > 0 && buckets != limits + 1))
        {
            result.Refused++;
            result.Problem = $"a histogram has {buckets} buckets and {limits} bounds; there is one bound less than buckets, and at most {MaxBuckets} buckets";
            return;
        }
        Put(path, numbers, ref result);
        double below = 0;
        for (var i = 0; i < buckets; i++)
        {
            below += counts[i];
            Put(path, ".bucket"u8, "le", i < limits ? BitConverter.UInt64BitsToDouble(bounds[i]) : double.PositiveInfinity, numbers.At, below, ref result);
        }
    }

    void TakeSummary(ReadOnlySpan<byte> bytes, int path, ref IntakeResult result)
    {
        var numbers = new HistogramNumbers();
        tags.Clear();
        var point = new ProtoReader(bytes);
        while (point.Next())
        {
            switch (point.Field)
            {
                case 7: Attribute(point.Data, isOfResource: false); break;
                case 3: numbers.At = point.Fixed64; break;
                case 4: numbers.Count = point.Fixed64; break;
                case 5: numbers.Sum = point.Double; break;
                case 8: numbers.Flags = point.Int64; break;
            }
        }
        if (!IsWhole(point, numbers.Flags, ref result)) return;
        Put(path, numbers, ref result);
        point = new ProtoReader(bytes);
        while (point.Next())
        {
            if (point.Field != 6) continue;
            var (quantile, value) = (0.0, 0.0);
            var pair = new ProtoReader(point.Data);
            while (pair.Next())
            {
                if (pair.Field == 1) quantile = pair.Double;
                else if (pair.Field == 2) value = pair.Double;
            }
            if (pair.IsDamaged) result.Problem = Damaged;
            else if (!double.IsFinite(value)) result.Skipped++;
            else Put(path, ""u8, "quantile", quantile, numbers.At, value, ref result);
        }
    }

    static bool IsWhole(ProtoReader point, long flags, ref IntakeResult result)
    {
        if (point.IsDamaged)
        {
            result.Refused++;
            result.Problem = "a data point is damaged";
        }
        else if ((flags & NoRecordedValue) != 0) result.Skipped++;
        else return true;
        return false;
    }

    void Put(int path, HistogramNumbers numbers, ref IntakeResult result)
    {
        Put(path, ".count"u8, "", 0, numbers.At, numbers.Count, ref result);
        if (numbers.Sum is { } sum && double.IsFinite(sum)) Put(path, ".sum"u8, "", 0, numbers.At, sum, ref result);
        if (numbers.Min is { } min && double.IsFinite(min)) Put(path, ".min"u8, "", 0, numbers.At, min, ref result);
        if (numbers.Max is { } max && double.IsFinite(max)) Put(path, ".max"u8, "", 0, numbers.At, max, ref result);
    }

    /// <summary>One number: the path, a suffix, the tags of the point and the resource, and one more tag when it has a name.</summary>
    void Put(int path, ReadOnlySpan<byte> suffix, string tag, double tagValue, ulong nanoseconds, double value, ref IntakeResult result)
    {
        name.Cut(path);
        name.Path(suffix);
        name.Raw(tags.Written);
        name.Raw(resource.Written);
        if (tag.Length > 0) name.Tag(tag == "le" ? "le"u8 : "quantile"u8, tagValue);
        IntakeNumbers.Add(store, source, name.Written, (long)(nanoseconds / 1_000_000_000), value, ref result);
    }

    /// <summary>Texts, numbers and booleans are tags; lists and maps are not. Of a resource only two, which say who it is.</summary>
    void Attribute(ReadOnlySpan<byte> bytes, bool isOfResource)
    {
        ReadOnlySpan<byte> key = default, any = default;
        var pair = new ProtoReader(bytes);
        while (pair.Next())
        {
            if (pair.Field == 1) key = pair.Data;
            else if (pair.Field == 2) any = pair.Data;
        }
        var isOrigin = key.SequenceEqual("service.name"u8) || key.SequenceEqual("host.name"u8);
        if (isOfResource && !isOrigin) return;
        // no tag may be there twice: what the resource says of itself counts
        if (!isOfResource && isOrigin && resource.Written.IndexOf(key) >= 0) return;
        var into = isOfResource ? resource : tags;
        var value = new ProtoReader(any);
        while (value.Next())
        {
            switch (value.Field)
            {
                case 1: into.Tag(key, value.Data); break;
                case 2: into.Tag(key, value.Int64 != 0 ? "true"u8 : "false"u8); break;
                case 3: into.Tag(key, value.Int64); break;
                case 4: into.Tag(key, value.Double); break;
            }
        }
    }
}

/// <summary>What histograms and summaries have in common.</summary>
internal record struct HistogramNumbers
{
    /// <summary>Unix nanoseconds.</summary>
    public ulong At { get; set; }

    /// <summary>How many there were.</summary>
    public ulong Count { get; set; }

    /// <summary>The bits of the point.</summary>
    public long Flags { get; set; }

    /// <summary>All added up; null when it is not told.</summary>
    public double? Sum { get; set; }

    /// <summary>The least; null when it is not told.</summary>
    public double? Min { get; set; }

    /// <summary>The greatest; null when it is not told.</summary>
    public double? Max { get; set; }
}
