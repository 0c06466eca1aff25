using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace OpsBro.Metrics.Asking;

/// <summary>
/// A float in the shortest digits that read back as the same float, as Python's repr writes it: <c>1.0</c>, <c>0.1</c>, <c>1e+16</c>,
/// <c>1.5e-07</c>. Most numbers of a host are whole or have few decimals: those are written without the general algorithm.
/// </summary>
internal static class NumberText
{
    /// <summary>Longest text, in bytes: sign, 17 digits, point, four more zeros or exponent.</summary>
    public const int MaxLength = 32;

    /// <summary>Decimals that the quick way tries.</summary>
    const int MaxDecimals = 6;

    /// <summary>Up to fifteen digits name one float only, so the first that fits is the shortest.</summary>
    const double MaxScaled = 1e15;

    static ReadOnlySpan<double> Powers => [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

    /// <summary>Writes one.</summary>
    /// <param name="value">A finite number.</param>
    /// <param name="to">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="decimals">Decimals of the number before, which the next one often has too; 0 for the first.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(double value, Span<byte> to, ref int decimals)
    {
        var magnitude = Math.Abs(value);
        if (magnitude >= MaxScaled || (magnitude < 1e-4 && magnitude > 0)) return WriteAny(value, to);
        var length = 0;
        if (double.IsNegative(value)) to[length++] = (byte)'-';
        var whole = (long)magnitude;
        if (whole == magnitude)
        {
            length += WriteWhole((ulong)whole, to[length..]);
            to[length] = (byte)'.';
            to[length + 1] = (byte)'0';
            return length + 2;
        }
        if (!TryScale(magnitude, decimals, out var digits))
        {
            var found = 0;
            for (var i = 1; i <= MaxDecimals && found == 0; i++)
            {
                if (i != decimals && TryScale(magnitude, i, out digits)) found = i;
            }
            if (found == 0) return WriteAny(value, to);
            decimals = found;
        }
        var places = decimals;
        while (digits % 10 == 0)
        {
            digits /= 10;
            places--;
        }
        var scale = (ulong)Powers[places];
        length += WriteWhole(digits / scale, to[length..]);
        to[length++] = (byte)'.';
        var fraction = digits % scale;
        for (var i = places - 1; i >= 0; i--)
        {
            to[length + i] = (byte)('0' + (fraction % 10));
            fraction /= 10;
        }
        return length + places;
    }

    /// <summary>Both the digits and the power of ten are whole floats, so their quotient is what a reader of the text gets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TryScale(double magnitude, int decimals, out ulong digits)
    {
        digits = 0;
        if (decimals == 0) return false;
        var scale = Powers[decimals];
        var scaled = magnitude * scale;
        if (scaled >= MaxScaled) return false;
        var rounded = Math.Round(scaled);
        if (Math.Abs(scaled - rounded) > 1e-3 || rounded / scale != magnitude) return false;
        digits = (ulong)rounded;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int WriteWhole(ulong value, Span<byte> to)
    {
        if (value < 10)
        {
            to[0] = (byte)('0' + value);
            return 1;
        }
        Utf8Formatter.TryFormat(value, to, out var written);
        return written;
    }

    /// <summary>Any float: .NET finds the digits, and they are laid out as Python does.</summary>
    static int WriteAny(double value, Span<byte> to)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        text = text[..length];
        var at = 0;
        if (text[0] == '-')
        {
            to[at++] = (byte)'-';
            text = text[1..];
        }
        Span<byte> digits = stackalloc byte[MaxLength];
        var (count, exponent) = Digits(text, digits);
        digits = digits[..count];
        return at + (exponent is < -4 or >= 16 ? Scientific(digits, exponent, to[at..]) : Plain(digits, exponent, to[at..]));
    }

    /// <summary>The significant digits, and the power of ten of the first one.</summary>
    static (int Count, int Exponent) Digits(ReadOnlySpan<byte> text, Span<byte> digits)
    {
        var exponent = 0;
        if (text.IndexOf((byte)'E') is >= 0 and var e)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }
        var point = text.IndexOf((byte)'.');
        exponent += (point < 0 ? text.Length : point) - 1;
        var count = 0;
        foreach (var digit in text)
        {
            if (digit == '.') continue;
            if (count == 0 && digit == '0') exponent--;
            else digits[count++] = digit;
        }
        while (count > 1 && digits[count - 1] == '0') count--;
        return (count, exponent);
    }

    static int Scientific(ReadOnlySpan<byte> digits, int exponent, Span<byte> to)
    {
        var at = 0;
        to[at++] = digits[0];
        if (digits.Length > 1)
        {
            to[at++] = (byte)'.';
            digits[1..].CopyTo(to[at..]);
            at += digits.Length - 1;
        }
        to[at++] = (byte)'e';
        to[at++] = (byte)(exponent < 0 ? '-' : '+');
        var power = Math.Abs(exponent);
        if (power < 10) to[at++] = (byte)'0';
        Utf8Formatter.TryFormat(power, to[at..], out var written);
        return at + written;
    }

    static int Plain(ReadOnlySpan<byte> digits, int exponent, Span<byte> to)
    {
        if (exponent < 0)
        {
            to[0] = (byte)'0';
            to[1] = (byte)'.';
            to.Slice(2, -exponent - 1).Fill((byte)'0');
            digits.CopyTo(to[(1 - exponent)..]);
            return 1 - exponent + digits.Length;
        }
        var whole = exponent + 1;
        if (digits.Length <= whole)
        {
            digits.CopyTo(to);
            to[digits.Length..whole].Fill((byte)'0');
            to[whole] = (byte)'.';
            to[whole + 1] = (byte)'0';
            return whole + 2;
        }
        digits[..whole].CopyTo(to);
        to[whole] = (byte)'.';
        digits[whole..].CopyTo(to[(whole + 1)..]);
        return digits.Length + 1;
    }

    /// <summary>The same as text: <c>inf</c>, <c>-inf</c> and <c>nan</c> are words.</summary>
    public static string Text(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        Span<byte> bytes = stackalloc byte[MaxLength];
        var decimals = 0;
        return Encoding.ASCII.GetString(bytes[..Write(value, bytes, ref decimals)]);
    }
}
