using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace OpsBro.Core.Dns;

/// <summary>A record as people read it.</summary>
/// <param name="Name">Its owner, with a dot at the end.</param>
/// <param name="Type">Its type.</param>
/// <param name="Class">Its class.</param>
/// <param name="Ttl">Seconds.</param>
/// <param name="Data">Its data as zone files write it.</param>
public sealed record DnsRecord(string Name, DnsType Type, ushort Class, uint Ttl, string Data);

/// <summary>A whole message, for people and tests; the server itself never makes one.</summary>
/// <param name="Header">The header.</param>
/// <param name="Question">The name asked for, with a dot at the end; empty without a question.</param>
/// <param name="Type">The type asked for.</param>
/// <param name="Class">The class asked for.</param>
/// <param name="Answers">The answers.</param>
/// <param name="Authorities">Who is responsible.</param>
/// <param name="Additionals">Further records; EDNS is among them.</param>
public sealed record DnsMessage(
    DnsHeader Header, string Question, DnsType Type, ushort Class, IReadOnlyList<DnsRecord> Answers, IReadOnlyList<DnsRecord> Authorities,
    IReadOnlyList<DnsRecord> Additionals)
{
    /// <summary>The whole rcode, with what EDNS adds to it.</summary>
    public DnsRcode Rcode => (DnsRcode)(Header.Rcode
        | (Additionals.FirstOrDefault(r => r.Type == DnsType.Opt) is { } opt ? (int)(opt.Ttl >> 24) << 4 : 0));

    /// <summary>Reads one; null when it cannot be read. Answers may be many: as many as fit into the message.</summary>
    public static DnsMessage? TryRead(ReadOnlySpan<byte> message)
    {
        if (!DnsHeader.TryRead(message, out var header) || header.Questions > 1) return null;
        var reader = new DnsReader(message);
        Span<byte> name = stackalloc byte[DnsLimits.MaxName];
        var question = "";
        DnsType type = default;
        ushort @class = 0;
        if (header.Questions == 1)
        {
            if (!reader.TryName(name, out var length) || !reader.TryQuestion(out type, out @class)) return null;
            question = DnsNames.Text(name[..length]);
        }
        return Read(message, ref reader, header.Answers) is { } answers && Read(message, ref reader, header.Authorities) is { } authorities
            && Read(message, ref reader, header.Additionals) is { } additionals
                ? new DnsMessage(header, question, type, @class, answers, authorities, additionals)
                : null;
    }

    static List<DnsRecord>? Read(ReadOnlySpan<byte> message, ref DnsReader reader, int count)
    {
        var records = new List<DnsRecord>();
        Span<byte> name = stackalloc byte[DnsLimits.MaxName];
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryName(name, out var length) || !reader.TryRecord(out var head)) return null;
            if (Data(message, head) is not { } data) return null;
            records.Add(new DnsRecord(DnsNames.Text(name[..length]), head.Type, head.Class, head.Ttl, data));
        }
        return records;
    }

    static string? Data(ReadOnlySpan<byte> message, DnsRecordHead head)
    {
        var data = message.Slice(head.DataAt, head.DataLength);
        var end = head.DataAt + head.DataLength;
        var isInternet = head.Class == DnsLimits.InternetClass;   // these are something else in other classes
        switch (head.Type)
        {
            case DnsType.A when isInternet && data.Length == 4:
            case DnsType.Aaaa when isInternet && data.Length == 16:
                return new IPAddress(data).ToString();
            case DnsType.Ns or DnsType.Cname or DnsType.Ptr:
                return Name(message, head.DataAt, end, out _);
            case DnsType.Mx when data.Length > 2:
                return Joined(Numbers16(data, 1), Name(message, head.DataAt + 2, end, out _));
            case DnsType.Srv when isInternet && data.Length > 6:
                return Joined(Numbers16(data, 3), Name(message, head.DataAt + 6, end, out _));
            case DnsType.Soa:
                if (Name(message, head.DataAt, end, out var at) is not { } server || Name(message, at, end, out at) is not { } mailbox) return null;
                if (end - at != 20) return null;
                var numbers = new uint[5];
                for (var i = 0; i < numbers.Length; i++) numbers[i] = BinaryPrimitives.ReadUInt32BigEndian(message[(at + (4 * i))..]);
                return string.Create(CultureInfo.InvariantCulture, $"{server} {mailbox} {string.Join(' ', numbers)}");
            case DnsType.Txt or DnsType.Hinfo:
                return Texts(data);
            default:
                return string.Create(CultureInfo.InvariantCulture, $"\\# {data.Length}{(data.IsEmpty ? "" : " ")}{Convert.ToHexString(data)}");
        }
    }

    static string? Joined(string numbers, string? name) => name is null ? null : $"{numbers} {name}";

    static string Numbers16(ReadOnlySpan<byte> data, int count)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++)
            text.Append(i > 0 ? " " : "").Append(CultureInfo.InvariantCulture, $"{BinaryPrimitives.ReadUInt16BigEndian(data[(2 * i)..])}");
        return text.ToString();
    }

    static string? Name(ReadOnlySpan<byte> message, int at, int end, out int after)
    {
        Span<byte> name = stackalloc byte[DnsLimits.MaxName];
        var reader = new DnsReader(message, at);
        var isRead = reader.TryName(name, out var length) && reader.At <= end;
        after = reader.At;
        return isRead ? DnsNames.Text(name[..length]) : null;
    }

    static string? Texts(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        while (!data.IsEmpty)
        {
            var length = data[0];
            if (length >= data.Length) return null;
            text.Append(text.Length > 0 ? " \"" : "\"");
            foreach (var c in Encoding.UTF8.GetString(data.Slice(1, length)))
            {
                if (c is '"' or '\\') text.Append('\\').Append(c);
                else text.Append(char.IsControl(c) ? '?' : c);
            }
            text.Append('"');
            data = data[(length + 1)..];
        }
        return text.ToString();
    }
}

/// <summary>The words of types and rcodes.</summary>
public static class DnsWords
{
    /// <summary>The types that have a word, with it.</summary>
    public static IReadOnlyList<(DnsType Type, string Word)> Types { get; } =
    [
        (DnsType.A, "A"), (DnsType.Aaaa, "AAAA"), (DnsType.Srv, "SRV"), (DnsType.Txt, "TXT"), (DnsType.Ptr, "PTR"), (DnsType.Soa, "SOA"),
        (DnsType.Ns, "NS"), (DnsType.Any, "ANY"), (DnsType.Cname, "CNAME"), (DnsType.Mx, "MX"), (DnsType.Hinfo, "HINFO"), (DnsType.Opt, "OPT"),
        (DnsType.Axfr, "AXFR"), (DnsType.Ixfr, "IXFR"),
    ];

    /// <summary>A type in a word; <c>TYPE65</c> for one that has none.</summary>
    public static string Word(this DnsType type)
    {
        foreach (var (known, word) in Types)
            if (known == type) return word;
        return string.Create(CultureInfo.InvariantCulture, $"TYPE{(int)type}");
    }

    /// <summary>The type of a word; null when there is none.</summary>
    public static DnsType? TypeOf(string word)
    {
        foreach (var (type, known) in Types)
            if (string.Equals(known, word, StringComparison.OrdinalIgnoreCase)) return type;
        return word.StartsWith("TYPE", StringComparison.OrdinalIgnoreCase)
            && ushort.TryParse(word.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (DnsType)number : null;
    }

    /// <summary>An rcode in a word, as dig prints it.</summary>
    public static string Word(this DnsRcode rcode) => rcode switch
    {
        DnsRcode.NoError => "NOERROR",
        DnsRcode.FormErr => "FORMERR",
        DnsRcode.ServFail => "SERVFAIL",
        DnsRcode.NxDomain => "NXDOMAIN",
        DnsRcode.NotImp => "NOTIMP",
        DnsRcode.Refused => "REFUSED",
        DnsRcode.BadVers => "BADVERS",
        DnsRcode.BadCookie => "BADCOOKIE",
        _ => string.Create(CultureInfo.InvariantCulture, $"RCODE{(int)rcode}"),
    };
}
