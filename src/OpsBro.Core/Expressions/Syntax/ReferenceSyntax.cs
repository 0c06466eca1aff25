namespace OpsBro.Core.Expressions;

/// <summary>Finds and cuts <c>{{root.path||default}}</c> and the old <c>{root.path||default}</c>.</summary>
static class ReferenceSyntax
{
    /// <summary>What rules may refer to.</summary>
    public static readonly string[] Roots = ["collector", "parameters", "variables", "configuration"];

    /// <summary>
    /// Finds the reference that begins at <paramref name="at"/>. Double braces need a name and a dot behind them, so that a wrong root is
    /// an error that names it; single ones need one of the roots, else they are a dict or a set.
    /// </summary>
    public static bool TryFind(string rule, int at, int end, bool mustClose, out Range inside, out int after)
    {
        (inside, after) = (default, at);
        var isDouble = at + 1 < end && rule[at + 1] == '{';
        var first = at + (isDouble ? 2 : 1);
        var root = RootAt(rule, first, end);
        if (root.Length == 0 || (!isDouble && !Roots.Contains(root.ToString()))) return false;
        var close = Close(rule, first, end, isDouble);
        if (close < 0)
        {
            if (!mustClose || !Roots.Contains(root.ToString())) return false;
            throw new ExpressionException(ErrorKind.Syntax, $"the reference that begins here has no closing {(isDouble ? "}}" : "}")}", at);
        }
        (inside, after) = (first..close, close + (isDouble ? 2 : 1));
        return true;
    }

    /// <summary>The name before the first dot; empty when there is none.</summary>
    static ReadOnlySpan<char> RootAt(string rule, int first, int end)
    {
        while (first < end && rule[first] == ' ') first++;
        var i = first;
        while (i < end && (char.IsAsciiLetterOrDigit(rule[i]) || rule[i] == '_')) i++;
        return i < end && i > first && rule[i] == '.' ? rule.AsSpan(first, i - first) : [];
    }

    static int Close(string rule, int first, int end, bool isDouble)
    {
        var depth = 0;
        for (var i = first; i < end; i++)
        {
            if (rule[i] == '{') depth++;
            else if (rule[i] == '}' && depth > 0) depth--;
            else if (rule[i] == '}' && (!isDouble || (i + 1 < end && rule[i + 1] == '}'))) return i;
        }
        return -1;
    }

    /// <summary>The references that a path means: one, or for parameters and configuration the alternatives of <c>a|b</c>.</summary>
    /// <exception cref="ExpressionException">NameError: the root is not known. SyntaxError: a key is empty.</exception>
    public static Reference[] Parse(string path, int position)
    {
        path = path.Trim();
        var dot = path.IndexOf('.');
        var root = path[..dot];
        if (!Roots.Contains(root))
        {
            throw new ExpressionException(ErrorKind.Name,
                $"there is nothing to refer to under \"{root}\"{Spelling.Hint(root, Roots)}; there are {string.Join(", ", Roots)}",
                    position);
        }
        string[] alternatives = root is "parameters" or "configuration" ? path[(dot + 1)..].Split('|') : [path[(dot + 1)..]];
        return [.. alternatives.Select(alternative => One(root, alternative.Trim(), position))];
    }

    static Reference One(string root, string keys, int position)
    {
        if (keys.StartsWith(root + ".", StringComparison.Ordinal)) keys = keys[(root.Length + 1)..];
        var path = keys.Split('.');
        if (path.Any(key => key.Length == 0))
            throw new ExpressionException(ErrorKind.Syntax, $"{root}.{keys} has an empty key; write a name between two dots", position);
        return new Reference(root, [.. path.Select(Value.Key)], $"{root}.{keys}", position);
    }
}
