namespace OpsBro.Config;

/// <summary>One object of the configuration: <c>check: {…}</c>, <c>detector: {…}</c>, <c>collector: {…}</c> and so on.</summary>
/// <param name="Kind">The singular of the top-level key: <c>check</c>, <c>detector</c>, …</param>
/// <param name="Id">Unique among its kind and stable over restarts: <c>pack/name</c> for an object of a pack, else the path below the
/// configuration directory without <c>.yml</c>, followed by <c>/name</c> when the object has a name that is not the file's.</param>
/// <param name="Name">What people see and type: the object's <c>id</c> or <c>name</c>, else the file's.</param>
/// <param name="Body">The map below the key, overrides of higher levels already applied.</param>
/// <param name="Pack">The pack it belongs to; null for a file in the configuration directory itself.</param>
internal sealed record ConfigObject(string Kind, string Id, string Name, ConfigNode Body, Pack? Pack)
{
    /// <summary>True when nothing that the object means has changed: neither its own keys nor its pack's parameters.</summary>
    public bool SaysTheSameAs(ConfigObject other) =>
        Kind == other.Kind && Id == other.Id && Name == other.Name && Body.SaysTheSameAs(other.Body)
        && Pack?.Signature == other.Pack?.Signature;
}
