using System.CommandLine;
using System.CommandLine.Completions;

namespace OpsBro.Cli;

/// <summary>How slices declare their verbs: nouns hold verbs, every reading verb has <c>--json</c>.</summary>
internal static class Verb
{
    /// <summary>Longest time a <c>wait-*</c> verb waits unless told otherwise, in seconds.</summary>
    public const int DefaultTimeoutSeconds = 30;

    /// <summary>The <c>--json</c> option; one for all verbs, so that it is spelt once.</summary>
    public static readonly Option<bool> Json = new("--json") { Description = "Print the API's answer as JSON." };

    /// <summary>The <c>--timeout</c> option of the verbs that wait.</summary>
    public static readonly Option<string> Timeout = new("--timeout")
    {
        Description = "How long to wait, for instance 30 or 2m.",
        DefaultValueFactory = _ => $"{DefaultTimeoutSeconds}s",
    };

    /// <summary>The value of <c>--timeout</c>.</summary>
    /// <exception cref="CliError">It is not a duration.</exception>
    public static TimeSpan TimeoutOf(ParseResult args) =>
        Config.Durations.TryParse(args.GetValue(Timeout)!, out var timeout)
            ? timeout
            : throw new CliError(2, $"--timeout is \"{args.GetValue(Timeout)}\"; write for instance 30 or 2m");

    /// <summary>A noun with its verbs.</summary>
    public static Command Noun(string name, string description, params Command[] verbs)
    {
        var noun = new Command(name, description);
        foreach (var verb in verbs) noun.Add(verb);
        return noun;
    }

    /// <summary>A reading verb: it has <c>--json</c>.</summary>
    public static Command Reading(string name, string description, Func<ParseResult, CancellationToken, Task<int>> action, params Symbol[] symbols)
    {
        var verb = Acting(name, description, action, symbols);
        verb.Add(Json);
        return verb;
    }

    /// <summary>A verb that does something.</summary>
    public static Command Acting(string name, string description, Func<ParseResult, CancellationToken, Task<int>> action, params Symbol[] symbols)
    {
        var verb = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) verb.Add(argument);
            else verb.Add((Option)symbol);
        }
        verb.SetAction(action);
        return verb;
    }

    /// <summary>A verb that waits: it has <c>--timeout</c>, and exits 0 or 2.</summary>
    public static Command Waiting(string name, string description, Func<ParseResult, CancellationToken, Task<int>> action, params Symbol[] symbols)
    {
        var verb = Acting(name, description, action, symbols);
        verb.Add(Timeout);
        return verb;
    }

    /// <summary>An argument whose completion asks the running agent for names; silent when there is none.</summary>
    /// <param name="name">The argument's name.</param>
    /// <param name="description">For help.</param>
    /// <param name="names">Asks the agent.</param>
    /// <param name="isOptional">True when it may be left out.</param>
    public static Argument<string?> Name(string name, string description, Func<CancellationToken, Task<IEnumerable<string>>> names, bool isOptional = false)
    {
        var argument = new Argument<string?>(name)
        {
            Description = description,
            Arity = isOptional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        };
        argument.CompletionSources.Add(_ =>
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
            try
            {
                return names(patience.Token).GetAwaiter().GetResult().Select(n => new CompletionItem(n));
            }
            catch (Exception e) when (e is CliError or OperationCanceledException)
            {
                return [];   // completion never prints: without an agent there are no live names
            }
        });
        return argument;
    }
}
