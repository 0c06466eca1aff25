using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Applications;

/// <summary>
/// Reads the answer of redis' INFO: <c>key:value</c> lines below <c># Section</c> lines (redis.io/docs/commands/info).
/// Numbers become numbers; <c>keys=1,expires=0</c> becomes a dict; the repeated key <c>module</c> becomes a dict by
/// module name.
/// </summary>
internal static class RedisInfo
{
    /// <summary>
    /// Identifiers that may look like a number (40 hexadecimal digits can read as 5e12…): always text.
    /// </summary>
    static readonly HashSet<string> texts =
        ["run_id", "redis_build_id", "redis_git_sha1", "master_replid", "master_replid2", "redis_version"];

    /// <summary>The whole tree.</summary>
    /// <exception cref="FormatException">No line is <c>key:value</c>.</exception>
    public static DictValue Read(string info)
    {
        var tree = new DictValue();
        var modules = new DictValue();
        foreach (var range in info.AsSpan().Split('\n'))
        {
            var line = info.AsSpan()[range].TrimEnd('\r');
            var colon = line.IndexOf(':');
            if (colon <= 0 || line[0] == '#') continue;
            var key = TypedText.Key(line[..colon]);
            var value = line[(colon + 1)..];
            if (texts.Contains(key)) tree[key] = Value.Of(value.ToString());
            else if (TryPairs(value, out var pairs) is false) tree[key] = TypedText.Read(value);
            else if (key == "module" && pairs.TryGet("name", out var name)) modules[name] = Value.Of(pairs);
            else tree[key] = Value.Of(pairs);
        }
        if (tree.Count == 0) throw new FormatException("the answer to INFO holds no \"key:value\" line");
        if (modules.Count > 0) tree["module"] = Value.Of(modules);
        return tree;
    }

    /// <summary>
    /// Reads <c>k=v,k=v</c>; commas in square brackets belong to the value. False when a part has no <c>=</c>.
    /// </summary>
    static bool TryPairs(ReadOnlySpan<char> text, out DictValue pairs)
    {
        pairs = new DictValue();
        while (!text.IsEmpty)
        {
            var end = EndOfPart(text);
            var equals = text[..end].IndexOf('=');
            if (equals <= 0) return false;
            pairs[TypedText.Key(text[..equals])] = TypedText.Read(text[(equals + 1)..end]);
            text = end == text.Length ? [] : text[(end + 1)..];
        }
        return pairs.Count > 0;
    }

    static int EndOfPart(ReadOnlySpan<char> text)
    {
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '[') depth++;
            else if (text[i] == ']') depth--;
            else if (text[i] == ',' && depth <= 0) return i;
        }
        return text.Length;
    }
}
