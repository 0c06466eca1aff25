namespace OpsBro.Config;

/// <summary>One object of the configuration: <c>check: {…}</c>, <c>detector: {…}</c>, <c>collector: {…}</c> and so on.</summary>
/// <param name="Kind">The top-level key: <c>check</c>, <c>detector</c>, …</param>
/// <param name="Id">Unique and stable over restarts: <c>pack/name</c> for an object of a pack, else the path below the configuration
/// directory without <c>.yml</c>.</param>
/// <param name="Name">What people see and type: the object's <c>name</c>, else the file's.</param>
/// <param name="Body">The map below the key, overrides of higher levels already applied.</param>
/// <param name="Pack">The pack it belongs to; null for a file in the configuration directory itself.</param>
internal sealed record ConfigObject(string Kind, string Id, string Name, ConfigNode Body, Pack? Pack);

/// <summary>A pack: a directory of objects that belong together, with the parameters its rules read.</summary>
/// <param name="Name">The directory's name.</param>
/// <param name="Level">The highest level that it exists on: core, global, zone or local.</param>
/// <param name="Directory">Absolute path of that level's copy.</param>
/// <param name="Parameters">Effective parameters as a dict, what <c>{{parameters.x}}</c> reads.</param>
internal sealed record Pack(string Name, string Level, string Directory, Core.Expressions.Value Parameters);
