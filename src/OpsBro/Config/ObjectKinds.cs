namespace OpsBro.Config;

/// <summary>The words that may stand at the top of a file.</summary>
internal static class ObjectKinds
{
    /// <summary>Kinds of which there are many; the plural holds a list of them, or a map from names to them.</summary>
    public static IReadOnlyList<string> Many { get; } =
    [
        "check", "detector", "collector", "generator", "compliance", "installor", "handler", "zone", "service", "dashboard", "tutorial",
    ];

    /// <summary>Kinds of which there is one on an agent: a listener or an export with its settings.</summary>
    public static IReadOnlyList<string> Single { get; } = ["dns", "statsd", "graphite", "websocket", "shinken", "gossip"];

    /// <summary>Each word and the kind it stands for.</summary>
    public static IReadOnlyDictionary<string, string> Words { get; } = MakeWords();

    /// <summary>True when <c>enabled: false</c> takes an object of this kind out; the others read that key themselves.</summary>
    public static bool CanBeSwitchedOff(string kind) => kind is not "handler" && Many.Contains(kind);

    static Dictionary<string, string> MakeWords()
    {
        var words = new Dictionary<string, string>();
        foreach (var kind in Many) (words[kind], words[kind + "s"]) = (kind, kind);
        foreach (var kind in Single) words[kind] = kind;
        return words;
    }
}
