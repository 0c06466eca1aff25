using OpsBro.Collectors.Declared.Formats;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors.Declared;

/// <summary>
/// Runs a program and takes what it writes to stdout. No shell, a clean environment, a process group of its own that
/// ends with the timeout. An exit code other than 0 is a failure, explained by the first line of stderr.
/// </summary>
/// <param name="arguments">The program and its arguments.</param>
/// <param name="environment">Added to the clean environment: the place for secrets, which <c>ps</c> shows in
/// arguments.</param>
internal sealed class ProgramSource(
    IReadOnlyList<DeclaredText> arguments, IReadOnlyList<(string Name, DeclaredText Value)> environment) : ISource
{
    /// <summary>Largest output, in bytes; a larger one is refused, since half an answer misleads.</summary>
    public const int MaxOutput = 1024 * 1024;

    /// <summary>Characters of stderr that are shown.</summary>
    const int MaxShown = 200;

    /// <inheritdoc/>
    public string Summary => $"what {arguments[0].Source} prints";

    /// <inheritdoc/>
    public Answer Read(Value parameters, TimeSpan timeout, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var added = environment.Select(pair => (pair.Name, Value: pair.Value.Fill(parameters))).ToList();
        var start = new ProgramStart(
            [.. arguments.Select(argument => argument.Fill(parameters))],
            [.. ProgramStart.CleanEnvironment, .. added.Select(pair => $"{pair.Name}={pair.Value}")])
        {
            KeepsErrorsApart = true,
            MaxOutput = MaxOutput,
        };
        var where = start.Arguments[0];
        var result = ProcessGroup.Run(start, timeout);
        if (result.End != ProgramEnd.Exited) throw new IOException($"{where}: {result.Problem}");
        if (result.Code != 0)
            throw new IOException($"{where} ended with {result.Code}{Said(result, added.Select(pair => pair.Value))}");
        if (result.OutputBytes.Length + result.Dropped > MaxOutput)
            throw new IOException($"{where} printed more than {MaxOutput} bytes");
        return new(where, result.OutputBytes);
    }

    /// <summary>
    /// The first line of stderr. A program may repeat its password there: values of the environment are starred.
    /// </summary>
    static string Said(ProgramResult result, IEnumerable<string> values)
    {
        var said = result.Errors;
        foreach (var value in values.Where(value => value.Length > 0)) said = said.Replace(value, Secrets.Stars);
        said = FormatTree.Shown(said.AsSpan().Trim(), MaxShown);
        return said.Length == 0 ? " and said nothing on stderr" : $": {said}";
    }
}
