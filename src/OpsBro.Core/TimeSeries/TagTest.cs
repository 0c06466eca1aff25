using System.Text;
using System.Text.RegularExpressions;

namespace OpsBro.Core.TimeSeries;

/// <summary>A tag expression made ready for many series. A series without the tag counts as one whose value is empty.</summary>
sealed class TagTest
{
    readonly TagOperator kind;
    readonly Regex? regex;

    /// <summary>Makes it ready.</summary>
    /// <exception cref="PatternException">Its regex is none, or one that could take very long.</exception>
    public TagTest(TagExpression expression)
    {
        (kind, Tag, Value) = (expression.Operator, Encoding.UTF8.GetBytes(expression.Tag), Encoding.UTF8.GetBytes(expression.Value));
        IsName = expression.Tag == "name";
        if (kind is TagOperator.Match or TagOperator.NotMatch) regex = RegexOf(expression.Value);
        FitsAbsence = FitsValue([]);
    }

    /// <summary>The tag.</summary>
    public byte[] Tag { get; }

    /// <summary>What it is compared with.</summary>
    public byte[] Value { get; }

    /// <summary>It is about the name.</summary>
    public bool IsName { get; }

    /// <summary>It asks for one value.</summary>
    public bool IsEqual => kind == TagOperator.Equal;

    /// <summary>It fits a series that does not have the tag.</summary>
    public bool FitsAbsence { get; }

    /// <summary>True when a series with this canonical name fits.</summary>
    public bool Fits(ReadOnlySpan<byte> name) => FitsValue(SeriesName.TagValue(name, Tag));

    /// <summary>True when a value fits.</summary>
    public bool FitsValue(ReadOnlySpan<byte> value) => kind switch
    {
        TagOperator.Equal => value.SequenceEqual(Value),
        TagOperator.NotEqual => !value.SequenceEqual(Value),
        TagOperator.Match => IsMatch(value),
        _ => !IsMatch(value),
    };

    bool IsMatch(ReadOnlySpan<byte> value)
    {
        Span<char> text = stackalloc char[SeriesName.MaxBytes];
        return regex!.IsMatch(text[..Encoding.UTF8.GetChars(value, text)]);
    }

    static Regex RegexOf(string text)
    {
        try
        {
            // whoever asks writes it: without backtracking its time grows with the length of the name only
            return new Regex($"^(?:{text})", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new PatternException($"\"{text}\" is not a regex that can be used here: {e.Message}");
        }
    }
}
