using System.Buffers.Binary;
using System.Buffers.Text;

namespace OpsBro.Core.Dns;

/// <summary>An answer while it is written.</summary>
ref struct DnsAnswer(Span<byte> into, int limit)
{
    /// <summary>The message.</summary>
    public Span<byte> Into { get; } = into;

    /// <summary>Where the next record goes.</summary>
    public int At { get; private set; } = DnsLimits.Header;

    /// <summary>The question is in it.</summary>
    public bool HasQuestion { get; private set; }

    /// <summary>There was more than there is room for.</summary>
    public bool IsCut { get; set; }

    /// <summary>Counts of records.</summary>
    public int Answers { get; private set; }

    /// <summary>Records that say who is responsible.</summary>
    public int Authorities { get; private set; }

    /// <summary>Further records.</summary>
    public int Additionals { get; private set; }

    /// <summary>The question, byte for byte as it came: who mixed the case of its letters looks for it.</summary>
    public void Question(ReadOnlySpan<byte> message, int end)
    {
        message[DnsLimits.Header..end].CopyTo(Into[DnsLimits.Header..]);
        (At, HasQuestion) = (end, end > DnsLimits.Header);
    }

    /// <summary>Adds a record; with an age, it is TXT and gets one more text.</summary>
    public bool TryAdd(ReadOnlySpan<byte> record, long age)
    {
        const int Longest = 1 + 4 + 20;
        if (At + record.Length + (age < 0 ? 0 : Longest) > limit)
        {
            IsCut = true;
            return false;
        }
        var to = Into[At..];
        record.CopyTo(to);
        At += record.Length;
        Answers++;
        if (age < 0) return true;
        "age="u8.CopyTo(to[(record.Length + 1)..]);
        Utf8Formatter.TryFormat(age, to[(record.Length + 5)..], out var digits);
        to[record.Length] = (byte)(4 + digits);
        At += 5 + digits;
        BinaryPrimitives.WriteUInt16BigEndian(to[10..], (ushort)(record.Length - DnsRecordBytes.Head + 5 + digits));
        return true;
    }

    /// <summary>Adds a record whose owner is the question; its rest is given.</summary>
    public void Owned(ReadOnlySpan<byte> tail)
    {
        if (At + 2 + tail.Length > limit)
        {
            IsCut = true;
            return;
        }
        BinaryPrimitives.WriteUInt16BigEndian(Into[At..], DnsRecordBytes.Question);
        tail.CopyTo(Into[(At + 2)..]);
        At += 2 + tail.Length;
        Answers++;
    }

    /// <summary>Says that there is nothing, and for how long that holds: the SOA of a zone.</summary>
    /// <param name="zone">Whose SOA.</param>
    /// <param name="at">Where its name begins in the question's.</param>
    public void Authority(DnsZone zone, int at)
    {
        if (At + 2 + zone.Soa.Length > limit)
        {
            IsCut = true;
            return;
        }
        BinaryPrimitives.WriteUInt16BigEndian(Into[At..], (ushort)(0xC000 | (DnsLimits.Header + at)));
        zone.Soa.CopyTo(Into[(At + 2)..]);
        At += 2 + zone.Soa.Length;
        Authorities++;
    }

    /// <summary>Adds the addresses of a host; false when there is no room: they can be asked for, and nothing counts as cut.</summary>
    /// <param name="host">The host.</param>
    /// <param name="domainAt">Where the domain begins in the question's name.</param>
    public bool TryAddHost(DnsHost host, int domainAt)
    {
        foreach (var tail in host.Addresses)
        {
            if (At + host.OwnLength + 2 + tail.Length > limit) return false;
            host.Target.AsSpan(0, host.OwnLength).CopyTo(Into[At..]);
            BinaryPrimitives.WriteUInt16BigEndian(Into[(At + host.OwnLength)..], (ushort)(0xC000 | (DnsLimits.Header + domainAt)));
            tail.CopyTo(Into[(At + host.OwnLength + 2)..]);
            At += host.OwnLength + 2 + tail.Length;
            Additionals++;
        }
        return true;
    }
}
