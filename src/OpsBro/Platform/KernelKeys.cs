namespace OpsBro.Platform;

/// <summary>Names of the lines of a kernel text as keys: made once, then found again from their bytes without a string.</summary>
/// <param name="shape">Makes the key of a name.</param>
internal sealed class KernelKeys(Func<string, string> shape)
{
    /// <summary>Most names remembered; beyond it each is made anew. A kernel has some 200.</summary>
    public const int MaxNames = 4096;

    readonly Dictionary<string, string> keys = new(Utf8Names.Comparer);

    /// <summary>The key of a name.</summary>
    public string Of(ReadOnlySpan<byte> name)
    {
        var lookup = keys.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(name, out var key)) return key;
        var text = Utf8Names.Comparer.Create(name);
        key = shape(text);
        if (keys.Count < MaxNames) keys[text] = key;
        return key;
    }
}
