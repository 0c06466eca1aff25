using System.Text.RegularExpressions;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Regular expressions of targets: Python's way of writing them, limited in time.</summary>
static partial class Patterns
{
    /// <summary>The expression of an argument.</summary>
    /// <exception cref="GraphiteException">It is none.</exception>
    public static Regex Of(FunctionCall call, string pattern)
    {
        try
        {
            var here = pattern.Replace("(?P<", "(?<", StringComparison.Ordinal).Replace(@"\Z", @"\z", StringComparison.Ordinal);
            return new Regex(here, RegexOptions.CultureInvariant, GraphiteLimits.PatternTime);
        }
        catch (ArgumentException fault)
        {
            throw call.Refusal($"\"{pattern}\" is no regular expression: {fault.Message}");
        }
    }

    /// <summary>Whether it is found anywhere in a name.</summary>
    public static bool IsFound(FunctionCall call, Regex regex, string name) => Run(call, () => regex.IsMatch(name));

    /// <summary>All that is found replaced; <c>\1</c> stands for the first group.</summary>
    public static string Replaced(FunctionCall call, Regex regex, string name, string replacement) =>
        Run(call, () => regex.Replace(name, match => Group().Replace(replacement, g => g.Groups[1].Success
            ? match.Groups[g.Groups[1].Value].Value : match.Groups[g.Groups[2].Value].Value)));

    static T Run<T>(FunctionCall call, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (RegexMatchTimeoutException)
        {
            throw call.Refusal($"the pattern takes longer than {GraphiteLimits.PatternTime.TotalMilliseconds} ms on one name; write a simpler one");
        }
    }

    [GeneratedRegex(@"\\(\d{1,2})|\\g<(\w+)>")]
    private static partial Regex Group();
}
