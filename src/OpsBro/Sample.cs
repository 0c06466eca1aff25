namespace OpsBro;

/// <summary>One measured number on its way to the store and the exports: <c>Feed&lt;Sample&gt;</c>.</summary>
/// <param name="Name">Dotted, lower case, without the host: <c>cpustats.cpu_all.%user</c>.</param>
/// <param name="Value">The number, in the unit that the collector documents.</param>
/// <param name="At">When it was measured, UTC.</param>
internal readonly record struct Sample(string Name, double Value, DateTimeOffset At);
