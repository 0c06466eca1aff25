using System.Globalization;

namespace OpsBro.Core.Wire;

/// <summary>
/// Numbers as metrics are written, from bytes, without allocation:
/// <code>number = ["+" | "-"] (digits ["." [digits]] | "." digits) [("e" | "E") ["+" | "-"] digits]</code>
/// No <c>nan</c>, no <c>inf</c>, no hexadecimal, no thousands. Up to 2^53 with a power of ten up to 22 the result is one exact multiplication
/// or division away; the rest is the runtime's work. Both give the nearest double.
/// </summary>
public static class DecimalText
{
    /// <summary>The greatest power of ten that a double holds exactly.</summary>
    const int MaxExactPower = 22;

    const ulong MaxExactWhole = 1UL << 53;

    /// <summary>Digits that surely fit 64 bits.</summary>
    const int MaxDigits = 19;

    /// <summary>An exponent beyond this is out of range whatever the digits of a line are.</summary>
    const int MaxExponent = 100_000;

    static readonly double[] powers =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>Reads a text that is one number and nothing else; false for anything else, and for a number that no double can hold.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value) => TryRead(text, out value, out var used) && used == text.Length;

    /// <summary>Reads the number at the start of a text.</summary>
    /// <param name="text">Begins with a number; whatever comes after it is left.</param>
    /// <param name="value">The nearest double.</param>
    /// <param name="used">Bytes of the number.</param>
    /// <returns>False when there is none, or no double can hold it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out double value, out int used)
    {
        var at = 0;
        var isNegative = false;
        if (!text.IsEmpty && text[0] is (byte)'-' or (byte)'+') isNegative = text[at++] == (byte)'-';
        ulong whole = 0;
        var (digits, significant, power) = (0, 0, 0);
        for (; at < text.Length && Digit(text[at]) is var digit and <= 9; at++, digits++) Take(digit, ref whole, ref significant, ref power, 0);
        if (at < text.Length && text[at] == (byte)'.')
        {
            at++;
            for (; at < text.Length && Digit(text[at]) is var digit and <= 9; at++, digits++) Take(digit, ref whole, ref significant, ref power, 1);
        }
        (value, used) = (0, at);
        if (digits == 0) return false;
        power += Exponent(text, ref used);
        if (significant <= MaxDigits && whole <= MaxExactWhole && power is >= -MaxExactPower and <= MaxExactPower)
        {
            value = power < 0 ? whole / powers[-power] : whole * powers[power];
            if (isNegative) value = -value;
            return true;
        }
        return double.TryParse(text[..used], NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    static uint Digit(byte b) => (uint)(b - '0');

    static void Take(uint digit, ref ulong whole, ref int significant, ref int power, int behindPoint)
    {
        power -= behindPoint;
        if (significant == 0 && digit == 0) return;
        if (++significant <= MaxDigits) whole = (whole * 10) + digit;
    }

    /// <summary>The exponent, if there is a whole one; "1e" and "1e+" are a 1 with something behind it.</summary>
    static int Exponent(ReadOnlySpan<byte> text, ref int used)
    {
        var at = used;
        if (at >= text.Length || (text[at] | 0x20) != 'e') return 0;
        at++;
        var isNegative = false;
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+') isNegative = text[at++] == (byte)'-';
        var (exponent, start) = (0, at);
        for (; at < text.Length && Digit(text[at]) is var digit and <= 9; at++) exponent = Math.Min((exponent * 10) + (int)digit, MaxExponent);
        if (at == start) return 0;
        used = at;
        return isNegative ? -exponent : exponent;
    }
}
