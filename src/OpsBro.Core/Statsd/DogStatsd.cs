using System.Buffers.Text;
using System.Text;

namespace OpsBro.Core.Statsd;

/// <summary>
/// Events and service checks of DogStatsD's datagram format.
/// </summary>
/// <remarks>
/// event = "_e{" title-bytes "," text-bytes "}:" title "|" text *("|" field)      a newline in the text is written \n
/// check = "_sc|" name "|" ("0" | "1" | "2" | "3") *("|" field)
/// field = "d:" seconds | "h:" host | "p:" ("normal" | "low") | "t:" ("error" | "warning" | "info" | "success") | "m:" message | "#" tags
/// </remarks>
static class DogStatsd
{
    /// <summary>Unknown status: the highest.</summary>
    const int MaxStatus = 3;

    /// <summary>True when the line is an event or a service check, good or bad.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, IStatsdSink sink)
    {
        if (line.StartsWith("_e{"u8))
        {
            if (ReadEvent(line[3..]) is { } happened) sink.Event(happened);
            else sink.Bad(line, StatsdFault.BadEvent);
            return true;
        }
        if (!line.StartsWith("_sc|"u8)) return false;
        if (ReadCheck(line[4..]) is { } check) sink.ServiceCheck(check);
        else sink.Bad(line, StatsdFault.BadServiceCheck);
        return true;
    }

    static StatsdEvent? ReadEvent(ReadOnlySpan<byte> rest)
    {
        if (!TryLength(ref rest, (byte)',', out var titleLength) || !TryLength(ref rest, (byte)'}', out var textLength)) return null;
        if (rest.IsEmpty || rest[0] != ':') return null;
        rest = rest[1..];
        // lengths are of the sender: compared without adding, which could overflow
        if (titleLength == 0 || titleLength >= rest.Length || rest[titleLength] != '|' || textLength > rest.Length - titleLength - 1) return null;
        var title = Text(rest[..titleLength]);
        rest = rest[(titleLength + 1)..];
        var text = Text(rest[..textLength]);
        rest = rest[textLength..];
        if (!rest.IsEmpty && rest[0] != '|') return null;
        return ReadFields(rest) is { } f ? new StatsdEvent(title, text, f.At, f.Host, f.Priority, f.AlertType, f.Tags) : null;
    }

    static bool TryLength(ref ReadOnlySpan<byte> rest, byte end, out int length)
    {
        if (!Utf8Parser.TryParse(rest, out length, out var used) || length < 0 || used >= rest.Length || rest[used] != end) return false;
        rest = rest[(used + 1)..];
        return true;
    }

    static StatsdServiceCheck? ReadCheck(ReadOnlySpan<byte> rest)
    {
        var bar = rest.IndexOf((byte)'|');
        if (bar < 1 || bar + 1 >= rest.Length || rest[bar + 1] - '0' is var status && status is < 0 or > MaxStatus) return null;
        var name = Text(rest[..bar]);
        rest = rest[(bar + 2)..];
        if (!rest.IsEmpty && rest[0] != '|') return null;
        return ReadFields(rest) is { } f ? new StatsdServiceCheck(name, status, f.At, f.Host, f.Message, f.Tags) : null;
    }

    static Fields? ReadFields(ReadOnlySpan<byte> rest)
    {
        var fields = new Fields();
        while (!rest.IsEmpty)
        {
            rest = rest[1..];
            // the message is the last field, and may hold bars
            var end = rest.StartsWith("m:"u8) ? -1 : rest.IndexOf((byte)'|');
            var field = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[end..];
            if (field.StartsWith("d:"u8))
            {
                if (!Utf8Parser.TryParse(field[2..], out long at, out var used) || used != field.Length - 2) return null;
                fields.At = at;
            }
            else if (field.StartsWith("h:"u8)) fields.Host = Text(field[2..]);
            else if (field.StartsWith("p:"u8)) fields.Priority = Text(field[2..]);
            else if (field.StartsWith("t:"u8)) fields.AlertType = Text(field[2..]);
            else if (field.StartsWith("m:"u8)) fields.Message = Text(field[2..]);
            else if (field.StartsWith("#"u8)) fields.Tags = [.. Text(field[1..]).Split(',', StringSplitOptions.RemoveEmptyEntries).Take(StatsdLimits.MaxTags)];
        }
        return fields.Priority is "normal" or "low" && fields.AlertType is "info" or "success" or "warning" or "error" ? fields : null;
    }

    static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes).Replace("\\n", "\n", StringComparison.Ordinal);
        return text.Length <= StatsdLimits.MaxText ? text : text[..StatsdLimits.MaxText];
    }

    sealed class Fields
    {
        public long? At;
        public string Host = "", Priority = "normal", AlertType = "info", Message = "";
        public IReadOnlyList<string> Tags = [];
    }
}
