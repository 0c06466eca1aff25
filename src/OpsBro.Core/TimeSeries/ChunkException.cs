namespace OpsBro.Core.TimeSeries;

/// <summary>Bytes that are no chunk, or a damaged one.</summary>
public sealed class ChunkException(string message) : FormatException(message);
