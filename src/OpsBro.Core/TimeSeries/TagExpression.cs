namespace OpsBro.Core.TimeSeries;

/// <summary>How a tag is compared.</summary>
public enum TagOperator
{
    /// <summary><c>tag=value</c>; an empty value means that the tag is absent.</summary>
    Equal,
    /// <summary><c>tag!=value</c>; an empty value means that the tag is there.</summary>
    NotEqual,
    /// <summary><c>tag=~regex</c>, anchored at the start.</summary>
    Match,
    /// <summary><c>tag!=~regex</c>, anchored at the start.</summary>
    NotMatch,
}

/// <summary>One condition of <c>seriesByTag</c> and of <c>/tags/findSeries</c>.</summary>
/// <param name="Tag">The tag; <c>name</c> for the name itself.</param>
/// <param name="Operator">How it is compared.</param>
/// <param name="Value">With what.</param>
public sealed record TagExpression(string Tag, TagOperator Operator, string Value)
{
    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public string ToText() => Tag + Operator switch
    {
        TagOperator.Equal => "=",
        TagOperator.NotEqual => "!=",
        TagOperator.Match => "=~",
        _ => "!=~",
    } + Value;

    /// <summary>Reads one; null when it is none.</summary>
    public static TagExpression? Parse(string text)
    {
        var equal = text.IndexOf('=', StringComparison.Ordinal);
        if (equal < 1) return null;
        var isNegated = text[equal - 1] == '!';
        var tag = text[..(isNegated ? equal - 1 : equal)];
        var isPattern = equal + 1 < text.Length && text[equal + 1] == '~';
        if (tag.Length == 0) return null;
        var kind = (isNegated, isPattern) switch
        {
            (false, false) => TagOperator.Equal,
            (true, false) => TagOperator.NotEqual,
            (false, true) => TagOperator.Match,
            _ => TagOperator.NotMatch,
        };
        return new TagExpression(tag, kind, text[(equal + (isPattern ? 2 : 1))..]);
    }
}
