namespace OpsBro.Core.TimeSeries;

/// <summary>A pattern or tag expression that cannot be answered; the message is for whoever wrote it.</summary>
public sealed class PatternException(string message) : FormatException(message);
