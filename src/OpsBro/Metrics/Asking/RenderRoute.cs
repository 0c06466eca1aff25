using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Core.Graphite;

namespace OpsBro.Metrics.Asking;

/// <summary><c>/render</c>: the values of targets as JSON, CSV or lines, written while the next series are still being formatted.</summary>
internal sealed class RenderRoute(Rendering rendering)
{
    /// <summary>Points that make a part of the answer: about 400 kB of JSON.</summary>
    const int PartPoints = 16_384;

    /// <summary>Bytes that a point of JSON takes in most answers.</summary>
    const int UsualPoint = 24;

    /// <summary>Parts that are formatted ahead of the network.</summary>
    const int MaxAhead = 4;

    /// <summary>Maps the routes.</summary>
    public void MapTo(ApiRoutes api)
    {
        foreach (var method in new[] { "GET", "POST" })
        {
            var route = api.Foreign(method, "/render", "The values of Graphite targets, as Grafana asks for them.", Right.Read, Reply.Of(Render),
                ("target", "patterns of names, or functions of them", Kind.Text.Repeated, "*.loadaverage.load1"),
                ("from", "start", Kind.Time.Else("-1d"), "-1h"), ("until", "end", Kind.Time.Else("now"), "now"),
                ("tz", "zone of days and of CSV", Kind.Text.Else("UTC"), "UTC"), ("format", "form of the answer", Kind.OneOf("json", "csv", "raw").ElseFirst),
                ("maxDataPoints", "most points a series", Kind.Number(1.., null), "800"), ("noNullPoints", "leave out steps without a value", Kind.Flag),
                ("xFilesFactor", "least part of points that makes a value, 0 to 1", "0.5"));
            route.Gives("application/json", Schemas.Render).Gives("text/csv").Gives("text/plain").Fails(422, Schemas.TooMuch).Fails(503, Schemas.Busy);
            if (method == "POST") route.OrForm();
        }
    }

    async Task Render(HttpContext context, AskRequest request)
    {
        var format = request.Text("format") ?? (request.Flag("rawData") ? "raw" : "json");
        if (format is not ("json" or "csv" or "raw"))
        {
            throw ApiProblem.Bad(format is "png" or "svg" or "pdf" or "pickle" or "msgpack" or "dygraph" or "rickshaw"
                ? $"format {format} is not made here; ask for json, csv or raw, and let Grafana draw"
                : $"format is \"{format}\"; write json, csv or raw");
        }
        var rendered = await rendering.Of(request, "maxDataPoints", context.RequestAborted);
        Reply.SayUnanswered(context, rendered.Unanswered);
        context.Response.Headers.CacheControl = "no-store";
        var leaveNulls = format != "json" || !request.Flag("noNullPoints");
        if (!leaveNulls) rendered = rendered with { Series = [.. rendered.Series.Where(series => Array.Exists(series.Values, double.IsFinite))] };
        await Write(context, rendered, format, leaveNulls);
    }

    /// <summary>Writes an answer: whole when it is short, else part by part, each formatted while the one before is sent.</summary>
    static async Task Write(HttpContext context, Rendered rendered, string format, bool leaveNulls)
    {
        var parts = Parts(rendered.Series);
        var (contentType, before, after) = format switch
        {
            "csv" => ("text/csv", "", ""),
            "raw" => ("text/plain", "", ""),
            _ => ("application/json", "[", "]"),
        };
        void Format(Range part, PooledBuffer to)
        {
            var isFirst = part.Start.Value == 0;
            if (isFirst) to.Write(Encoding.ASCII.GetBytes(before));
            foreach (var series in rendered.Series.Take(part))
            {
                if (format == "csv") Csv(series, rendered.Zone, to);
                else if (format == "raw") Raw(series, to);
                else
                {
                    if (!isFirst) to.Write(","u8);
                    isFirst = false;
                    RenderWriter.Series(series.Name, series.Tags, series.Start, series.Step, series.Values, leaveNulls, to);
                }
            }
            if (part.End.Value == rendered.Series.Count) to.Write(Encoding.ASCII.GetBytes(after));
        }
        if (parts.Count == 1)
        {
            using var whole = Formatted(parts[0]);
            await Reply.Body(context, whole.Written, contentType);
            return;
        }
        context.Response.ContentType = contentType;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await using var compressed = Reply.Compressed(context);
        var ahead = new Queue<Task<PooledBuffer>>();
        try
        {
            for (var next = 0; next < parts.Count || ahead.Count > 0;)
            {
                for (; next < parts.Count && ahead.Count < MaxAhead; next++)
                {
                    var part = parts[next];
                    ahead.Enqueue(Task.Run(() => Formatted(part)));
                }
                using var ready = await ahead.Dequeue();
                if (compressed is null) await context.Response.BodyWriter.WriteAsync(ready.Written, context.RequestAborted);
                else await compressed.WriteAsync(ready.Written, context.RequestAborted);
            }
        }
        finally
        {
            // the caller has gone: what is still being formatted gives its memory back
            foreach (var late in ahead) (await late).Dispose();
        }

        PooledBuffer Formatted(Range part)
        {
            var points = rendered.Series.Take(part).Sum(series => (long)series.Values.Length + 16);
            var buffer = new PooledBuffer((int)Math.Min(points * UsualPoint, Array.MaxLength / 2));
            Format(part, buffer);
            return buffer;
        }
    }

    /// <summary>Ranges of series with some <see cref="PartPoints"/> points each; one range for an answer without series.</summary>
    static List<Range> Parts(IReadOnlyList<Series> series)
    {
        List<Range> parts = [];
        var (first, points) = (0, 0L);
        for (var i = 0; i < series.Count; i++)
        {
            points += series[i].Values.Length + 16;
            if (points < PartPoints && i < series.Count - 1) continue;
            parts.Add(first..(i + 1));
            (first, points) = (i + 1, 0);
        }
        if (parts.Count == 0) parts.Add(0..0);
        return parts;
    }

    static void Csv(Series series, TimeZoneInfo zone, IBufferWriter<byte> to)
    {
        var name = series.Name.AsSpan().IndexOfAny("\",\r\n") < 0 ? series.Name : $"\"{series.Name.Replace("\"", "\"\"")}\"";
        var head = Encoding.UTF8.GetBytes(name + ",");
        var decimals = 0;
        for (var i = 0; i < series.Values.Length; i++)
        {
            to.Write(head);
            var at = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(series.Start + ((long)i * series.Step)), zone);
            var span = to.GetSpan(NumberText.MaxLength + 32);
            at.TryFormat(span, out var length, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
            span[length++] = (byte)',';
            if (double.IsFinite(series.Values[i])) length += NumberText.Write(series.Values[i], span[length..], ref decimals);
            span[length++] = (byte)'\r';
            span[length++] = (byte)'\n';
            to.Advance(length);
        }
    }

    static void Raw(Series series, IBufferWriter<byte> to)
    {
        var end = series.Start + ((long)series.Step * series.Values.Length);
        to.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{series.Name},{series.Start},{end},{series.Step}|")));
        var decimals = 0;
        for (var i = 0; i < series.Values.Length; i++)
        {
            var span = to.GetSpan(NumberText.MaxLength + 8);
            var length = 0;
            if (i > 0) span[length++] = (byte)',';
            if (double.IsFinite(series.Values[i]))
            {
                length += NumberText.Write(series.Values[i], span[length..], ref decimals);
            }
            else
            {
                "None"u8.CopyTo(span[length..]);
                length += 4;
            }
            to.Advance(length);
        }
        to.Write("\n"u8);
    }
}
