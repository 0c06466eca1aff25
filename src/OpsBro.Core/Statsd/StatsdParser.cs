namespace OpsBro.Core.Statsd;

/// <summary>
/// Reads packets of statsd as its reference daemon does (npm package statsd 0.9), with what DogStatsD adds. Lines are parted by newlines,
/// empty ones do not count.
/// </summary>
/// <remarks>
/// line   = name values ["|#" tags] *("|" field)      name may be anything without a colon
/// values = 1*( ":" value *(":" value) "|" type *("|" field) )      several values may share a type (DogStatsD 1.1)
/// field  = "@" rate | "T" seconds | "c:" container | "e:" external | "card:" cardinality      of which only the rate means something here
/// type   = "c" | "g" | "ms" | "h" | "d" | "s"; any other is a counter, as the daemon has it
/// </remarks>
public static class StatsdParser
{
    /// <summary>Reads one packet, and tells the sink what is in it.</summary>
    /// <returns>Lines that were not empty.</returns>
    public static int Read(ReadOnlySpan<byte> packet, IStatsdSink sink)
    {
        var lines = 0;
        while (!packet.IsEmpty)
        {
            var end = packet.IndexOf((byte)'\n');
            var line = end < 0 ? packet : packet[..end];
            packet = end < 0 ? default : packet[(end + 1)..];
            if (line.IsEmpty) continue;
            lines++;
            if (!TryQuick(line, sink)) ReadLine(line, sink);
        }
        return lines;
    }

    /// <summary>Nearly every line: one plain number, a type, perhaps a rate, perhaps tags. False: nothing was told, it needs the long way.</summary>
    static bool TryQuick(ReadOnlySpan<byte> line, IStatsdSink sink)
    {
        // a bar before the colon is part of the name, or begins the tags
        var colon = line.IndexOfAny((byte)':', (byte)'|');
        if (colon < 1 || line[colon] == '|' || line.Length - colon < 4) return false;
        var name = line[..colon];
        var at = colon + 1;
        var isSigned = line[at] is (byte)'-' or (byte)'+';
        var isNegative = line[at] == '-';
        if (isSigned) at++;
        if (!StatsdNumber.TryReadPlain(line, ref at, out var value)) return false;
        var valueEnd = at;
        if (line.Length - at < 2 || line[at++] != '|') return false;
        StatsdKind kind;
        switch (line[at++])
        {
            case (byte)'c':
                kind = StatsdKind.Counter;
                break;
            case (byte)'g':
                kind = StatsdKind.Gauge;
                break;
            case (byte)'s':
                kind = StatsdKind.Set;
                break;
            case (byte)'m' when !isNegative && at < line.Length && line[at] == 's':
                kind = StatsdKind.Timer;
                at++;
                break;
            case (byte)'h' or (byte)'d':
                kind = StatsdKind.Timer;
                break;
            default:
                return false;
        }
        var rate = 1.0;
        if (at + 2 < line.Length && line[at] == '|' && line[at + 1] == '@')
        {
            at += 2;
            if (!StatsdNumber.TryReadPlain(line, ref at, out rate) || rate <= 0 || !double.IsFinite(1 / rate)) return false;
        }
        ReadOnlySpan<byte> tags = default;
        if (at < line.Length)
        {
            if (at + 1 >= line.Length || line[at] != '|' || line[at + 1] != '#') return false;
            tags = line[(at + 2)..];
            if (tags.Contains((byte)'|')) return false;
        }
        if (kind == StatsdKind.Set) sink.Member(name, tags, line[(colon + 1)..valueEnd]);
        else sink.Value(name, tags, kind, isNegative ? -value : value, rate, isSigned);
        return true;
    }

    static void ReadLine(ReadOnlySpan<byte> line, IStatsdSink sink)
    {
        if (line[0] == '_' && DogStatsd.TryRead(line, sink)) return;
        var mark = line.IndexOf("|#"u8);
        var body = mark < 0 ? line : line[..mark];
        var tags = mark < 0 ? default : line[(mark + 2)..];
        var rate = 1.0;
        if (tags.IndexOf((byte)'|') is >= 0 and var more)
        {
            if (!TryReadFields(tags[more..], ref rate))
            {
                sink.Bad(line, StatsdFault.BadRate);
                return;
            }
            tags = tags[..more];
        }
        var colon = body.IndexOf((byte)':');
        if (colon < 0)
        {
            sink.Bad(line, StatsdFault.NoValue);
            return;
        }
        new ValueReader(line, body[..colon], tags, rate, sink).Read(body[(colon + 1)..]);
    }

    /// <summary>What follows the tags: DogStatsD may put the rate there.</summary>
    static bool TryReadFields(ReadOnlySpan<byte> fields, ref double rate)
    {
        while (!fields.IsEmpty)
        {
            fields = fields[1..];
            var end = fields.IndexOf((byte)'|');
            var field = end < 0 ? fields : fields[..end];
            fields = end < 0 ? default : fields[end..];
            if (!field.IsEmpty && field[0] == '@' && !StatsdNumber.TryReadRate(field[1..], out rate)) return false;
        }
        return true;
    }

    /// <summary>The values of one line.</summary>
    readonly ref struct ValueReader(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, double lineRate, IStatsdSink sink)
    {
        readonly ReadOnlySpan<byte> line = line, name = name, tags = tags;

        public void Read(ReadOnlySpan<byte> rest)
        {
            while (true)
            {
                var bar = rest.IndexOf((byte)'|');
                if (bar < 0)
                {
                    // no type follows any more
                    for (var pieces = 1 + rest.Count((byte)':'); pieces > 0; pieces--) sink.Bad(line, StatsdFault.NoValue);
                    return;
                }
                var values = rest[..bar];
                var at = bar + 1;
                var type = Part(rest, ref at);
                var rate = lineRate;
                var isRateGood = TryReadRate(rest, ref at, ref rate);
                if (isRateGood) Take(values, type, rate);
                else sink.Bad(line, StatsdFault.BadRate);
                if (at >= rest.Length) return;
                rest = rest[(at + 1)..];
            }
        }

        /// <summary>Up to the next bar or colon.</summary>
        static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> rest, scoped ref int at)
        {
            var end = rest[at..].IndexOfAny((byte)'|', (byte)':');
            var part = end < 0 ? rest[at..] : rest.Slice(at, end);
            at += part.Length;
            return part;
        }

        /// <summary>The fields after a type. The daemon wants the first of them to be the rate, and looks at no further one.</summary>
        static bool TryReadRate(ReadOnlySpan<byte> rest, scoped ref int at, scoped ref double rate)
        {
            var (isFirst, isGood) = (true, true);
            while (at < rest.Length && rest[at] == '|')
            {
                at++;
                var field = rest[at..];
                if (field.StartsWith("c:"u8) || field.StartsWith("e:"u8) || field.StartsWith("card:"u8))
                {
                    var end = field.IndexOf((byte)'|');
                    at = end < 0 ? rest.Length : at + end;
                    continue;
                }
                field = Part(rest, ref at);
                if (field.Length > 1 && field[0] == 'T' && !field[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9')) continue;
                if (isFirst) isGood = !field.IsEmpty && field[0] == '@' && StatsdNumber.TryReadRate(field[1..], out rate);
                isFirst = false;
            }
            return isGood;
        }

        void Take(ReadOnlySpan<byte> values, ReadOnlySpan<byte> type, double rate)
        {
            if (type.SequenceEqual("s"u8))
            {
                // a member may hold colons, an address of IPv6 for instance
                sink.Member(name, tags, values.IsEmpty ? "0"u8 : values);
                return;
            }
            while (true)
            {
                var colon = values.IndexOf((byte)':');
                One(colon < 0 ? values : values[..colon], type, rate);
                if (colon < 0) return;
                values = values[(colon + 1)..];
            }
        }

        void One(ReadOnlySpan<byte> text, ReadOnlySpan<byte> type, double rate)
        {
            if (!StatsdNumber.TryRead(text, out var value))
            {
                sink.Bad(line, StatsdFault.NotANumber);
                return;
            }
            // as the daemon: the type is looked at before the blanks around it are taken off
            if (type.SequenceEqual("ms"u8) && value < 0)
            {
                sink.Bad(line, StatsdFault.NegativeTime);
                return;
            }
            type = StatsdText.Trim(type);
            if (type.SequenceEqual("s"u8)) sink.Member(name, tags, text);
            else sink.Value(name, tags, KindOf(type), value, rate, text[0] is (byte)'-' or (byte)'+');
        }

        static StatsdKind KindOf(ReadOnlySpan<byte> type) =>
            type.SequenceEqual("ms"u8) || type.SequenceEqual("h"u8) || type.SequenceEqual("d"u8) ? StatsdKind.Timer
            : type.SequenceEqual("g"u8) ? StatsdKind.Gauge
            : StatsdKind.Counter;
    }
}
