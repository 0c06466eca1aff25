using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace OpsBro.Metrics.Asking;

/// <summary>
/// The JSON of one series of <c>/render</c>, in UTF-8, without a string or an object a point: a day of a hundred series is twenty
/// megabytes, and its text costs more than its numbers.
/// </summary>
internal static class RenderWriter
{
    /// <summary>Longest point: <c>[,],</c>, the number and the time.</summary>
    const int MaxPoint = NumberText.MaxLength + 24;

    /// <summary>Points between two looks whether the buffer has room.</summary>
    const int Batch = 512;

    /// <summary>Digits of the time that are counted up in place.</summary>
    const long LowDigits = 10_000;

    /// <summary>Writes <c>{"target":…,"tags":{…},"datapoints":[[value,time],…]}</c>.</summary>
    /// <param name="name">What the series is called in the answer.</param>
    /// <param name="tags">Its tags.</param>
    /// <param name="start">Time of the first value, Unix seconds.</param>
    /// <param name="step">Seconds from one value to the next.</param>
    /// <param name="values">The values.</param>
    /// <param name="leaveNulls">False to leave out the steps without a value.</param>
    /// <param name="to">Where.</param>
    public static void Series(
        string name, IEnumerable<KeyValuePair<string, string>> tags, long start, int step, ReadOnlySpan<double> values, bool leaveNulls, IBufferWriter<byte> to)
    {
        to.Write("{\"target\":"u8);
        Text(name, to);
        to.Write(",\"tags\":{"u8);
        var isFirst = true;
        foreach (var (tag, value) in tags)
        {
            if (!isFirst) to.Write(","u8);
            isFirst = false;
            Text(tag, to);
            to.Write(":"u8);
            Text(value, to);
        }
        to.Write("},\"datapoints\":["u8);
        Points(start, step, values, leaveNulls, to);
        to.Write("]}"u8);
    }

    /// <summary>Writes <c>[value,time],…</c> without a comma at the end.</summary>
    public static void Points(long start, int step, ReadOnlySpan<double> values, bool leaveNulls, IBufferWriter<byte> to)
    {
        var (time, decimals, isFirst) = (start, 0, true);
        Span<byte> clock = stackalloc byte[24];
        var clockLength = 0;
        var low = LowDigits;
        for (var i = 0; i < values.Length;)
        {
            var buffer = to.GetSpan(Batch * MaxPoint);
            var at = 0;
            for (var end = Math.Min(values.Length, i + Batch); i < end; i++, time += step, low += step)
            {
                var value = values[i];
                var isNumber = double.IsFinite(value);
                if (!isNumber && !leaveNulls) continue;
                if (low >= LowDigits || clockLength == 0)
                {
                    Utf8Formatter.TryFormat(time, clock, out clockLength);
                    low = time >= LowDigits ? time % LowDigits : LowDigits;
                }
                else
                {
                    var rest = (uint)low;
                    for (var digit = clockLength - 1; digit >= clockLength - 4; digit--)
                    {
                        clock[digit] = (byte)('0' + (rest % 10));
                        rest /= 10;
                    }
                }
                if (!isFirst) buffer[at++] = (byte)',';
                isFirst = false;
                buffer[at++] = (byte)'[';
                if (isNumber)
                {
                    at += NumberText.Write(value, buffer[at..], ref decimals);
                }
                else
                {
                    "null"u8.CopyTo(buffer[at..]);
                    at += 4;
                }
                buffer[at++] = (byte)',';
                clock[..clockLength].CopyTo(buffer[at..]);
                at += clockLength;
                buffer[at++] = (byte)']';
            }
            to.Advance(at);
        }
    }

    /// <summary>A JSON text; plain ones are copied.</summary>
    public static void Text(string text, IBufferWriter<byte> to)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 && text.AsSpan().IndexOfAny("\"\\<>&'+`") < 0)
        {
            var span = to.GetSpan(text.Length + 2);
            span[0] = (byte)'"';
            Encoding.ASCII.GetBytes(text, span[1..]);
            span[text.Length + 1] = (byte)'"';
            to.Advance(text.Length + 2);
            return;
        }
        to.Write("\""u8);
        to.Write(JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        to.Write("\""u8);
    }
}
