using System.Text.RegularExpressions;
using OpsBro.Api;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Asking;

/// <summary>A name with tags, <c>disk.used;dc=x;host=a</c>, in its parts.</summary>
/// <param name="Canonical">With the tags in order.</param>
/// <param name="Tags">The tags in order, the name itself as <c>name</c> among them.</param>
internal sealed record TaggedName(string Canonical, IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>Longest time that an expression may take on one value.</summary>
    static readonly TimeSpan patience = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads one; null when a part is no <c>tag=value</c>.</summary>
    public static TaggedName? Parse(string text)
    {
        var parts = text.Split(';');
        if (parts[0].Length == 0) return null;
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.AsSpan(1))
        {
            var equal = part.IndexOf('=');
            if (equal < 1 || equal == part.Length - 1) return null;
            tags[part[..equal]] = part[(equal + 1)..];
        }
        var canonical = string.Concat([parts[0], .. tags.Where(tag => tag.Key != "name").Select(tag => $";{tag.Key}={tag.Value}")]);
        tags["name"] = parts[0];
        return new TaggedName(canonical, tags);
    }

    /// <summary>The names that have tags, parsed.</summary>
    public static IEnumerable<TaggedName> Among(IEnumerable<string> names)
    {
        foreach (var name in names)
            if (name.Contains(';') && Parse(name) is { } tagged) yield return tagged;
    }

    /// <summary>A test for all of these conditions.</summary>
    /// <exception cref="ApiProblem">400 when an expression is none, or all of them match what has no tags at all.</exception>
    public static Func<TaggedName, bool> Matcher(IReadOnlyList<string> expressions, bool mayBeEmpty = false)
    {
        if (expressions.Count == 0 && mayBeEmpty) return _ => true;
        return Matcher([.. expressions.Select(text => TagExpression.Parse(text)
            ?? throw ApiProblem.Bad($"\"{text}\" is no tag expression; write tag=value, tag!=value, tag=~regex or tag!=~regex"))]);
    }

    /// <summary>A test for all of these conditions.</summary>
    /// <exception cref="ApiProblem">400 when all of them match what has no tags at all.</exception>
    public static Func<TaggedName, bool> Matcher(IReadOnlyList<TagExpression> expressions)
    {
        var tests = expressions.Select(expression => (Expression: expression, Test: Test(expression))).ToList();
        if (!tests.Exists(test => !test.Test("")))
        {
            throw ApiProblem.Bad("at least one expression must not match the empty text, or every series without tags would be found; "
                + "add for instance name=~.");
        }
        return name => tests.TrueForAll(test => test.Test(name.Tags.GetValueOrDefault(test.Expression.Tag, "")));
    }

    static Func<string, bool> Test(TagExpression expression)
    {
        var value = expression.Value;
        switch (expression.Operator)
        {
            case TagOperator.Equal:
                return text => text == value;
            case TagOperator.NotEqual:
                return text => text != value;
            default:
                var regex = Pattern($"^(?:{value})");
                var isMatch = expression.Operator == TagOperator.Match;
                return text => IsMatch(regex, text) == isMatch;
        }
    }

    /// <summary>An expression that a caller wrote.</summary>
    /// <exception cref="ApiProblem">400 when it is none.</exception>
    public static Regex Pattern(string text)
    {
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant, patience);
        }
        catch (ArgumentException e)
        {
            throw ApiProblem.Bad($"\"{text}\" is no regular expression: {e.Message}");
        }
    }

    /// <summary>Whether the text matches.</summary>
    /// <exception cref="ApiProblem">422 when that takes too long.</exception>
    public static bool IsMatch(Regex regex, string text)
    {
        try
        {
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ApiProblem(422, $"the expression \"{regex}\" takes too long on \"{text}\"; write a simpler one");
        }
    }
}
