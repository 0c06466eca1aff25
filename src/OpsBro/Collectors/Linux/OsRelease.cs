namespace OpsBro.Collectors.Linux;

/// <summary>What os-release(5) says of the distribution.</summary>
/// <param name="Id">One word: debian, ubuntu, rhel; <c>linux</c> when the file does not say.</param>
/// <param name="Name">In full.</param>
/// <param name="Version">For instance 22.04; empty on a rolling distribution.</param>
/// <param name="Codename">For instance bookworm; empty when there is none.</param>
internal sealed record OsRelease(string Id, string Name, string Version, string Codename)
{
    /// <summary>Reads the file. Grammar of a line: <c>KEY=value</c>, as a shell would read it; quotes are taken off.</summary>
    public static OsRelease Parse(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line[0] != '#') values[line[..equals].Trim()] = Plain(line[(equals + 1)..].Trim());
        }
        string Of(string key, string otherwise = "") => values.TryGetValue(key, out var value) && value.Length > 0 ? value : otherwise;
        return new OsRelease(
            Of("ID", "linux").ToLowerInvariant(), Of("PRETTY_NAME", Of("NAME", "Linux")), Of("VERSION_ID"), Of("VERSION_CODENAME"));
    }

    static string Plain(string value)
    {
        if (value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0]) value = value[1..^1];
        return value.Contains('\\', StringComparison.Ordinal)
            ? System.Text.RegularExpressions.Regex.Replace(value, @"\\(.)", "$1")
            : value;
    }
}
