using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Asking;

/// <summary><c>/v1/metrics/export</c>: every kept number of a time as lines, streamed series by series, for another program.</summary>
internal sealed class MetricExport(MetricAsk ask, TimeProvider time)
{
    /// <summary>Bytes that are put together before they are sent.</summary>
    const int PartBytes = 256 * 1024;

    /// <summary>Maps the route.</summary>
    public void MapTo(ApiRoutes api) => api.Raw("GET", "/v1/metrics/export", "Every number of a time, one a line.", Right.Read, Export, query:
    [
        ("pattern", "* ? [a-c] {x,y}; what names a branch takes all below it", "*.loadaverage"),
        ("format", "form of the answer", Kind.OneOf("ndjson", "csv", "graphite", "prometheus").ElseFirst),
        ("from", "start", Kind.Time.Else("-1h"), "-1h"), ("until", "end", Kind.Time.Else("now"), "now"),
    ]).Gives("application/x-ndjson").Gives("text/csv").Gives("text/plain");

    async Task Export(HttpContext context)
    {
        var request = await AskRequest.Read(context);
        var format = request.Text("format") ?? "ndjson";
        var (contentType, write) = format switch
        {
            "ndjson" => ("application/x-ndjson", (Action<SeriesSlice, IBufferWriter<byte>>)Ndjson),
            "csv" => ("text/csv; charset=utf-8", Csv),
            "graphite" => ("text/plain; charset=utf-8", Graphite),
            "prometheus" => (PrometheusPage.ContentType, Prometheus),
            _ => throw ApiProblem.Bad($"format is \"{format}\"; write ndjson, csv, graphite or prometheus"),
        };
        var (from, until) = MetricRoutes.Span(request, time);
        var names = await ask.Names(context.RequestAborted, request.Text("pattern") ?? "");
        Reply.SayUnanswered(context, names.Unanswered);
        context.Response.ContentType = contentType;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        using var buffer = new PooledBuffer(PartBytes + (PartBytes / 4));
        if (format == "csv") buffer.Write("name,time,value\n"u8);
        await foreach (var slice in ask.Each(names.Answer, from, until, context.RequestAborted))
        {
            write(slice, buffer);
            if (buffer.Written.Length < PartBytes) continue;
            await context.Response.BodyWriter.WriteAsync(buffer.Written, context.RequestAborted);
            buffer.Clear();
        }
        await context.Response.BodyWriter.WriteAsync(buffer.Written, context.RequestAborted);
    }

    static void Ndjson(SeriesSlice slice, IBufferWriter<byte> to)
    {
        using var head = new PooledBuffer(slice.Name.Length + 32);
        head.Write("{\"name\":"u8);
        RenderWriter.Text(slice.Name, head);
        head.Write(",\"time\":"u8);
        Lines(slice, to, head.Written.Span, ",\"value\":"u8, "}\n"u8, isTimeFirst: true);
    }

    static void Csv(SeriesSlice slice, IBufferWriter<byte> to)
    {
        var name = slice.Name.AsSpan().IndexOfAny("\",\r\n") < 0 ? slice.Name : $"\"{slice.Name.Replace("\"", "\"\"")}\"";
        Lines(slice, to, Encoding.UTF8.GetBytes(name + ","), ","u8, "\n"u8, isTimeFirst: true);
    }

    static void Graphite(SeriesSlice slice, IBufferWriter<byte> to) =>
        Lines(slice, to, Encoding.UTF8.GetBytes(slice.Name + " "), " "u8, "\n"u8, isTimeFirst: false);

    /// <summary>The text format with times: dots become underscores, tags labels.</summary>
    static void Prometheus(SeriesSlice slice, IBufferWriter<byte> to)
    {
        var tags = TaggedName.Parse(slice.Name)?.Tags ?? new Dictionary<string, string> { ["name"] = slice.Name };
        var text = new StringBuilder();
        foreach (var c in tags["name"]) text.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or ':' ? c : '_');
        if (char.IsAsciiDigit(text[0])) text.Insert(0, '_');
        var labels = tags.Where(tag => tag.Key != "name").Select(tag => $"{LabelOf(tag.Key)}=\"{OwnCounters.Escape(tag.Value)}\"").ToList();
        if (labels.Count > 0) text.Append('{').AppendJoin(',', labels).Append('}');
        Lines(slice, to, Encoding.UTF8.GetBytes(text.Append(' ').ToString()), " "u8, "000\n"u8, isTimeFirst: false);
    }

    static string LabelOf(string tag)
    {
        var label = string.Concat(tag.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return char.IsAsciiDigit(label[0]) ? "_" + label : label;
    }

    static void Lines(
        SeriesSlice slice, IBufferWriter<byte> to, ReadOnlySpan<byte> before, ReadOnlySpan<byte> between, ReadOnlySpan<byte> after, bool isTimeFirst)
    {
        const int longestTime = 20;
        var decimals = 0;
        for (var i = 0; i < slice.Values.Length; i++)
        {
            var value = slice.Values[i];
            if (!double.IsFinite(value)) continue;
            var span = to.GetSpan(before.Length + between.Length + after.Length + longestTime + NumberText.MaxLength);
            before.CopyTo(span);
            var length = before.Length;
            if (!isTimeFirst) length += NumberText.Write(value, span[length..], ref decimals);
            else length += Time(slice, i, span[length..]);
            between.CopyTo(span[length..]);
            length += between.Length;
            if (!isTimeFirst) length += Time(slice, i, span[length..]);
            else length += NumberText.Write(value, span[length..], ref decimals);
            after.CopyTo(span[length..]);
            to.Advance(length + after.Length);
        }
    }

    static int Time(SeriesSlice slice, int index, Span<byte> to)
    {
        (slice.Start + ((long)index * slice.Step)).TryFormat(to, out var length, default, CultureInfo.InvariantCulture);
        return length;
    }
}
