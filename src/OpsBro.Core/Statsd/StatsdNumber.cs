using System.Globalization;
using System.Numerics;

namespace OpsBro.Core.Statsd;

/// <summary>
/// Numbers as the reference daemon reads them, which is JavaScript's <c>Number(text)</c> (ECMA-262, StringToNumber): white space around
/// it does not count, blanks alone are zero, and <c>0x</c>, <c>0o</c>, <c>0b</c> are known. What is not finite is no number here.
/// </summary>
/// <remarks>
/// number  = blanks [ decimal | "0x" hex | "0o" octal | "0b" binary ] blanks
/// decimal = ["+" | "-"] ( digits ["." [digits]] | "." digits ) [("e" | "E") ["+" | "-"] digits]
/// </remarks>
public static class StatsdNumber
{
    /// <summary>Up to here each whole number is a double.</summary>
    const ulong LargestExact = 1ul << 53;

    /// <summary>Digits that cannot overflow.</summary>
    const int SafeDigits = 19;

    /// <summary>Powers of ten that are doubles exactly.</summary>
    static readonly double[] powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>
    /// Reads a plain decimal at <paramref name="at"/>, as far as it goes: digits with at most one point, not longer than a double holds
    /// exactly. Such a mantissa divided by such a power of ten is rounded once, thus right.
    /// </summary>
    /// <returns>False when there is none, or one that needs <see cref="TryRead"/>; then <paramref name="at"/> means nothing.</returns>
    public static bool TryReadPlain(ReadOnlySpan<byte> text, ref int at, out double value)
    {
        var mantissa = 0ul;
        var start = at;
        value = 0;
        uint digit;
        while ((uint)at < (uint)text.Length && (digit = (uint)text[at] - '0') <= 9)
        {
            mantissa = (mantissa * 10) + digit;
            at++;
        }
        var digits = at - start;
        if (digits == 0 || digits > SafeDigits) return false;
        if ((uint)at >= (uint)text.Length || text[at] != '.')
        {
            value = mantissa;
            return mantissa <= LargestExact;
        }
        var point = ++at;
        while ((uint)at < (uint)text.Length && (digit = (uint)text[at] - '0') <= 9)
        {
            mantissa = (mantissa * 10) + digit;
            at++;
        }
        var places = at - point;
        if (digits + places > SafeDigits || mantissa > LargestExact) return false;
        value = mantissa / powers[places];
        return true;
    }

    /// <summary>Reads a whole text; false when it is empty, no number, or not finite.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        if (text.IsEmpty) return false;
        text = StatsdText.Trim(text);
        if (text.IsEmpty) return true;   // blanks are zero
        if (text.Length > 2 && text[0] == '0' && BitsOf(text[1]) is > 0 and var bits) return TryReadBits(text[2..], bits, out value);
        return IsDecimal(text)
            && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }

    static int BitsOf(byte letter) => (letter | 0x20) switch { 'x' => 4, 'o' => 3, 'b' => 1, _ => 0 };

    static bool TryReadBits(ReadOnlySpan<byte> digits, int bits, out double value)
    {
        value = 0;
        var number = 0ul;
        foreach (var digit in digits)
        {
            var low = digit is >= (byte)'0' and <= (byte)'9' ? digit - '0' : (digit | 0x20) is >= 'a' and <= 'f' and var letter ? letter - 'a' + 10 : 99;
            if (low >= 1 << bits || BitOperations.LeadingZeroCount(number) < bits) return false;
            number = (number << bits) | (uint)low;
        }
        value = number;
        return true;
    }

    static bool IsDecimal(ReadOnlySpan<byte> text)
    {
        var at = text[0] is (byte)'+' or (byte)'-' ? 1 : 0;
        var whole = Digits(text, ref at);
        var places = 0;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            places = Digits(text, ref at);
        }
        if (whole + places == 0) return false;
        if (at == text.Length) return true;
        if ((text[at] | 0x20) != 'e') return false;
        at++;
        if (at < text.Length && text[at] is (byte)'+' or (byte)'-') at++;
        return Digits(text, ref at) > 0 && at == text.Length;
    }

    static int Digits(ReadOnlySpan<byte> text, ref int at)
    {
        var start = at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9') at++;
        return at - start;
    }

    /// <summary>
    /// A sample rate after its <c>@</c>. The daemon wants a number and then takes only the digits and points that it begins with.
    /// </summary>
    public static bool TryReadRate(ReadOnlySpan<byte> text, out double rate)
    {
        rate = 0;
        if (text.IsEmpty || text[0] == '-' || !TryRead(text, out _)) return false;
        var end = 0;
        while (end < text.Length && text[end] is (>= (byte)'0' and <= (byte)'9') or (byte)'.') end++;
        return TryRead(text[..end], out rate) && rate > 0 && double.IsFinite(1 / rate);
    }

    /// <summary>How JavaScript writes a number, for names that hold one: no exponent below 10^21, and down to 10^-6.</summary>
    public static string Text(double value)
    {
        var magnitude = Math.Abs(value);
        if (magnitude is 0 or (>= 1e-6 and < 1e21))
        {
            // the shortest digits that give the same double, which both write; only the point may stand elsewhere
            var text = value.ToString("R", CultureInfo.InvariantCulture);
            return text.Contains('E', StringComparison.Ordinal) ? ((decimal)value).ToString(CultureInfo.InvariantCulture) : text;
        }
        return value.ToString("R", CultureInfo.InvariantCulture).Replace("E-0", "e-", StringComparison.Ordinal).Replace('E', 'e');
    }
}
