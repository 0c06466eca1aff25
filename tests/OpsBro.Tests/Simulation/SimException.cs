namespace OpsBro.Tests.Simulation;

/// <summary>A property does not hold in a simulated run; the message has the seed.</summary>
sealed class SimException(string message) : Exception(message);
