using System.Buffers.Binary;

namespace OpsBro.Metrics.Storing;

/// <summary>
/// Some points of the journal, one after the other, as they lie in a row of its file:
/// <code>
/// point  = head [series] [time] value
/// head   = bits 0-1: series is 0 the one after the last point's, 1 the last point's, 2 written
///          bit 2: time is 0 the last point's, 1 written;  bits 3-5: value is 0 whole, 1 hundredths, 2 ten-thousandths, 3 single, 4 double
///          bit 6: 1 for the store alone, not for those who pass numbers on
/// series = varint;  time = zigzag varint, seconds after the last point's;  whole, hundredths, ten-thousandths = zigzag varint
/// single, double = IEEE 754, little endian
/// </code>
/// Before the first point stand series -1 and time 0. A common point is three to five bytes.
/// </summary>
internal sealed class JournalBatch
{
    /// <summary>Points of one batch: a follower that reads a page decodes at most so many in vain.</summary>
    public const int MaxPoints = 8192;

    /// <summary>Longest point: head, series, time, value.</summary>
    const int MaxPoint = 1 + 5 + 10 + 10;

    /// <summary>Whole numbers beyond it are not all doubles.</summary>
    const double MaxWhole = 1L << 53;

    const int SeriesNext = 0, SeriesSame = 1, SeriesWritten = 2, TimeWritten = 1 << 2;
    const int Detail = 1 << 6, Heads = 1 << 7;
    const int Whole = 0, Hundredths = 1 << 3, TenThousandths = 2 << 3, Single = 3 << 3, Double = 4 << 3, ValueMask = 7 << 3;

    byte[] bytes = new byte[256];
    int length, lastSeries = -1;
    long lastAt;

    /// <summary>An empty batch.</summary>
    /// <param name="first">Position of its first point.</param>
    public JournalBatch(long first) => First = first;

    /// <summary>Position of the first point.</summary>
    public long First { get; set; }

    /// <summary>Points so far.</summary>
    public int Count { get; private set; }

    /// <summary>Position after the last point.</summary>
    public long End => First + Count;

    /// <summary>It takes no more.</summary>
    public bool IsFull => Count >= MaxPoints;

    /// <summary>What lies in the file.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    /// <summary>A copy of the bytes, to be stored.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    /// <summary>Empties it, to be filled again.</summary>
    public void Begin(long first)
    {
        First = first;
        (length, lastSeries, lastAt, Count) = (0, -1, 0, 0);
    }

    /// <summary>Adds a point; not when it is full.</summary>
    public void Add(int series, long at, double value, bool isDetail = false)
    {
        if (bytes.Length - length < MaxPoint) Array.Resize(ref bytes, bytes.Length * 2);
        var span = bytes.AsSpan(length);
        var head = isDetail ? Detail : 0;
        var i = 1;
        if (series == lastSeries) head |= SeriesSame;
        else if (series != lastSeries + 1)
        {
            head |= SeriesWritten;
            i += Varint.Write(span[i..], (ulong)(uint)series);
        }
        if (at != lastAt)
        {
            head |= TimeWritten;
            i += Varint.Write(span[i..], Varint.Zigzag(at - lastAt));
        }
        if (IsScaled(value, 1, out var whole))
        {
            i += Varint.Write(span[i..], Varint.Zigzag(whole));
        }
        else if (IsScaled(value, 100, out whole))
        {
            head |= Hundredths;
            i += Varint.Write(span[i..], Varint.Zigzag(whole));
        }
        else if (IsScaled(value, 10_000, out whole))
        {
            head |= TenThousandths;
            i += Varint.Write(span[i..], Varint.Zigzag(whole));
        }
        else if ((float)value == value && !IsMinusZero(value))
        {
            head |= Single;
            BinaryPrimitives.WriteSingleLittleEndian(span[i..], (float)value);
            i += 4;
        }
        else
        {
            head |= Double;
            BinaryPrimitives.WriteDoubleLittleEndian(span[i..], value);
            i += 8;
        }
        span[0] = (byte)head;
        length += i;
        Count++;
        (lastSeries, lastAt) = (series, at);
    }

    static bool IsMinusZero(double value) => value == 0 && double.IsNegative(value);

    /// <summary>True when the number of scaled parts says the value to the last bit.</summary>
    static bool IsScaled(double value, double scale, out long whole)
    {
        var scaled = Math.Round(value * scale);
        whole = 0;
        if (!(Math.Abs(scaled) < MaxWhole)) return false;
        whole = (long)scaled;
        return whole / scale == value && !IsMinusZero(value);
    }

    /// <summary>Reads the points of a batch in order.</summary>
    public ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        readonly ReadOnlySpan<byte> bytes = bytes;
        int at;

        /// <summary>The bytes are no batch from here on.</summary>
        public bool IsDamaged { get; set; }

        /// <summary>Series of the point: the journal's own number.</summary>
        public int Series { get; set; } = -1;

        /// <summary>Unix seconds of the point.</summary>
        public long At { get; set; }

        /// <summary>The number.</summary>
        public double Value { get; set; }

        /// <summary>It is for the store alone.</summary>
        public bool IsDetail { get; set; }

        /// <summary>Goes to the next point; false at the end and where the bytes are damaged.</summary>
        public bool Next()
        {
            if (at >= bytes.Length || IsDamaged) return false;
            IsDamaged = !Point();
            return !IsDamaged;
        }

        bool Point()
        {
            var head = bytes[at++];
            ulong number;
            switch (head & 3)
            {
                case SeriesNext when Series < int.MaxValue:
                    Series++;
                    break;
                case SeriesSame when Series >= 0:
                    break;
                case SeriesWritten when Varint.TryRead(bytes, ref at, out number) && number <= int.MaxValue:
                    Series = (int)number;
                    break;
                default:
                    return false;
            }
            if ((head & TimeWritten) != 0)
            {
                if (!Varint.TryRead(bytes, ref at, out number)) return false;
                At = unchecked(At + Varint.Unzigzag(number));
            }
            IsDetail = (head & Detail) != 0;
            return head < Heads && ReadValue(head & ValueMask);
        }

        bool ReadValue(int kind)
        {
            if (kind is Single or Double)
            {
                var size = kind == Single ? 4 : 8;
                if (bytes.Length - at < size) return false;
                Value = kind == Single
                    ? BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]) : BinaryPrimitives.ReadDoubleLittleEndian(bytes[at..]);
                at += size;
                return double.IsFinite(Value);
            }
            if (kind > Double || !Varint.TryRead(bytes, ref at, out var number)) return false;
            var scale = kind switch { Whole => 1.0, Hundredths => 100.0, _ => 10_000.0 };
            Value = Varint.Unzigzag(number) / scale;
            return true;
        }
    }
}
