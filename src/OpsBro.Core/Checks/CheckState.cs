namespace OpsBro.Core.Checks;

/// <summary>How a check is. The numbers of the first four are the exit codes of the plugin guidelines.</summary>
public enum CheckState
{
    /// <summary>Well.</summary>
    Ok = 0,
    /// <summary>Look at it.</summary>
    Warning = 1,
    /// <summary>Broken.</summary>
    Critical = 2,
    /// <summary>It could not be found out: data is missing, a rule or a plugin failed.</summary>
    Unknown = 3,
    /// <summary>Has not run yet.</summary>
    Pending = 4,
}

/// <summary>The words for states.</summary>
public static class CheckStates
{
    /// <summary>The word of JSON, history and rules: lower case.</summary>
    public static string Word(this CheckState state) => state switch
    {
        CheckState.Ok => "ok",
        CheckState.Warning => "warning",
        CheckState.Critical => "critical",
        CheckState.Unknown => "unknown",
        _ => "pending",
    };

    /// <summary>The state of a word; pending for any other.</summary>
    public static CheckState Of(string word) => word switch
    {
        "ok" => CheckState.Ok,
        "warning" => CheckState.Warning,
        "critical" => CheckState.Critical,
        "unknown" => CheckState.Unknown,
        _ => CheckState.Pending,
    };

    /// <summary>The number of the original's records, where pending is 3 too.</summary>
    public static int LegacyId(this CheckState state) => state == CheckState.Pending ? (int)CheckState.Unknown : (int)state;

    /// <summary>True for warning, critical and unknown.</summary>
    public static bool IsProblem(this CheckState state) => state is CheckState.Warning or CheckState.Critical or CheckState.Unknown;

    /// <summary>Rank for lists of the worst first: critical, unknown, warning, pending, ok.</summary>
    public static int Severity(this CheckState state) => state switch
    {
        CheckState.Critical => 4,
        CheckState.Unknown => 3,
        CheckState.Warning => 2,
        CheckState.Pending => 1,
        _ => 0,
    };
}
