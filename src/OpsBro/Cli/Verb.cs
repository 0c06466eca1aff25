using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;

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
        foreach (var verb in verbs)
        {
            noun.Add(verb);
            if (verb.Name == "list") noun.Add(Alias("ls", verb));
        }
        return noun;
    }

    /// <summary>Another word for a command, which works and is not shown.</summary>
    public static Command Alias(string name, Command command)
    {
        var alias = new Command(name, command.Description) { Hidden = true, Action = command.Action };
        foreach (var verb in command.Subcommands) alias.Add(verb);
        foreach (var argument in command.Arguments) alias.Add(argument);
        foreach (var option in command.Options) alias.Add(option);
        return alias;
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

    /// <summary>An argument that is one of a few words; another one is refused in one line.</summary>
    public static Argument<string> OneOf(string name, string description, params string[] words)
    {
        var argument = new Argument<string>(name) { Description = description, HelpName = name };
        argument.CompletionSources.Add(words);
        argument.Validators.Add(result => Refuse(result, name, words));
        return argument;
    }

    /// <summary>An option whose value is one of a few words.</summary>
    public static Option<string> OptionOf(string name, string description, params string[] words)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', words) };
        option.CompletionSources.Add(words);
        option.Validators.Add(result => Refuse(result, name, words));
        return option;
    }

    static void Refuse(SymbolResult result, string name, string[] words)
    {
        foreach (var token in result.Tokens)
            if (!words.Contains(token.Value))
            {
                result.AddError($"{name} is \"{token.Value}\"{Config.Spelling.Hint(token.Value, words)}; "
                    + $"write {string.Join(", ", words[..^1])} or {words[^1]}");
            }
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
            HelpName = name,   // without it, help asks the agent for names and prints hundreds
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
