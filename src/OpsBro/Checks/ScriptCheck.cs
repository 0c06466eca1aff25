using System.Globalization;
using OpsBro.Core.Checks;
using OpsBro.Platform;

namespace OpsBro.Checks;

/// <summary>A check that runs a monitoring plugin: any program that follows the plugin guidelines.</summary>
/// <param name="words">The program and its arguments, with macros.</param>
/// <param name="macros">Where macros look.</param>
/// <param name="environment">The whole environment of the program.</param>
internal sealed class ScriptCheck(IReadOnlyList<MacroText> words, MacroSource macros, Func<IReadOnlyList<string>> environment) : ICheckKind
{
    /// <inheritdoc/>
    public string Word => "script";

    /// <summary>The names of each macro, alternatives together.</summary>
    public IEnumerable<string[]> Macros => words.SelectMany(w => w.Macros);

    /// <summary>What to start, with the macros' values of now; null when one has none.</summary>
    public ProgramStart? Prepare(out string problem)
    {
        problem = "";
        var arguments = new string[words.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            if (words[i].Render(macros.Find, out var missing) is not { } argument)
            {
                problem = MacroSource.Missing(missing);
                return null;
            }
            arguments[i] = argument;
        }
        return new ProgramStart(arguments, environment());
    }

    /// <summary>What the plugin's end means.</summary>
    /// <param name="ended">How it ended.</param>
    /// <param name="values">Its performance data.</param>
    public static CheckResult Judge(ProgramResult ended, out IReadOnlyList<PerfValue> values)
    {
        var output = PluginOutput.Parse(ended.Output);
        values = output.Values;
        var text = output.Text.Length > 0 ? output.Text : "the plugin printed nothing";
        var more = output.LongText;
        if (ended.Dropped > 0)
            more = string.Create(CultureInfo.InvariantCulture, $"{more}\n({ended.Dropped} bytes of output were left out)").TrimStart('\n');
        return (ended.End, ended.Code) switch
        {
            (ProgramEnd.Exited, >= 0 and <= (int)CheckState.Unknown) => new CheckResult((CheckState)ended.Code, text) { LongOutput = more },
            (ProgramEnd.Exited, _) => Unknown($"exit code {ended.Code} is not one of a plugin (0 to 3): {text}", more),
            (ProgramEnd.NotStarted, _) => Unknown(ended.Problem, ""),
            _ => Unknown(output.Text.Length > 0 ? $"{ended.Problem}; it had printed: {output.Text}" : ended.Problem, more),
        };
    }

    static CheckResult Unknown(string text, string more) => new(CheckState.Unknown, text) { LongOutput = more };
}
