using OpsBro.Config;

namespace OpsBro.Metrics;

/// <summary>Options as the newest configuration says, read once for each version of it. Safe for many threads.</summary>
/// <param name="config">The configuration.</param>
/// <param name="read">Makes the options of agent.yml.</param>
internal sealed class Latest<T>(ConfigStore config, Func<ConfigNode, T> read) where T : class
{
    volatile Tuple<Configuration, T>? known;

    /// <summary>The options of now.</summary>
    public T Value
    {
        get
        {
            var current = config.Current;
            if (known is { } last && ReferenceEquals(last.Item1, current)) return last.Item2;
            var value = read(current.Agent);
            known = Tuple.Create(current, value);
            return value;
        }
    }
}
