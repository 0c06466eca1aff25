using OpsBro.Config;
using OpsBro.Core.Checks;

namespace OpsBro.Checks;

/// <summary>A check as its file defines it. Immutable; a reload keeps the instance of a check that did not change.</summary>
/// <param name="Source">The object of the configuration.</param>
internal sealed record CheckDefinition(ConfigObject Source)
{
    /// <summary>Shortest interval, also that of retries.</summary>
    public static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest interval.</summary>
    public static readonly TimeSpan MostInterval = TimeSpan.FromDays(366);

    /// <summary>Most attempts before a state is hard.</summary>
    public const int MostAttempts = 100;

    /// <summary>Unique and stable over restarts: <c>linux/cpu</c>; <c>service:…</c> for the check of a service.</summary>
    public string Id => IsService ? $"service:{Source.Id}" : Source.Id;

    /// <summary>What people type.</summary>
    public string Name => Source.Name;

    /// <summary>What people read.</summary>
    public required string DisplayName { get; init; }

    /// <summary>True for the check of a <c>service:</c> object.</summary>
    public bool IsService => Source.Kind == "service";

    /// <summary>Runs only on agents that have this group; <c>*</c> for all.</summary>
    public string IfGroup { get; init; } = "*";

    /// <summary>For people.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Names of the handlers to tell of changes.</summary>
    public IReadOnlyList<string> Handlers { get; init; } = [];

    /// <summary>How results are judged, and when it runs.</summary>
    public required CheckRules Rules { get; init; }

    /// <summary>What is run.</summary>
    public required ICheckKind Kind { get; init; }

    /// <summary>Longest time a script may take.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>The keys of the check itself: those of the object, or of its <c>check:</c> for a service.</summary>
    public required ConfigNode Body { get; init; }
}

/// <summary>What a check runs: an <see cref="ExpressionCheck"/> or a <see cref="ScriptCheck"/>.</summary>
internal interface ICheckKind
{
    /// <summary>The word in JSON.</summary>
    string Word { get; }
}
