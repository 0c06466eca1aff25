namespace OpsBro.Config;

/// <summary>The configuration as one immutable picture; a reload publishes the next one.</summary>
internal sealed record Configuration(
    int Version, ConfigNode Agent, IReadOnlyList<ConfigObject> Objects, IReadOnlyList<Pack> Packs, IReadOnlyList<Problem> Problems)
{
    /// <summary>The objects of one kind.</summary>
    public IEnumerable<ConfigObject> Of(string kind) => Objects.Where(o => o.Kind == kind);
}

/// <summary>Holds the current <see cref="Configuration"/>. Loops compare its version at each tick and take over what changed.</summary>
internal sealed class ConfigStore(Configuration first)
{
    volatile Configuration current = first;

    /// <summary>The newest configuration.</summary>
    public Configuration Current => current;

    /// <summary>Makes <paramref name="next"/> the current one.</summary>
    public void Publish(Configuration next) => current = next;
}
