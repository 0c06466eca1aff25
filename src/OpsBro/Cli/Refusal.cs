using System.CommandLine;
using System.CommandLine.Parsing;
using OpsBro.Config;

namespace OpsBro.Cli;

/// <summary>Says in one line what is wrong with a command line, and what to do.</summary>
internal static class Refusal
{
    /// <summary>The line, for a command line that has errors.</summary>
    public static string Of(ParseResult parsed)
    {
        var (command, path) = (parsed.CommandResult.Command, PathOf(parsed));
        var verbs = command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name).ToList();
        if (parsed.UnmatchedTokens.FirstOrDefault() is { } word)
        {
            var known = verbs.Concat(command.Options.Where(option => !option.Hidden).Select(option => option.Name));
            return $"\"{path}\" has no \"{word}\"{Spelling.Hint(word, known)}; see {path} --help";
        }
        if (verbs.Count > 0) return $"\"{path}\" needs a verb: {string.Join(", ", verbs)}";
        var missing = command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0
            && parsed.GetResult(argument) is null or { Tokens.Count: 0 }).Select(argument => $"<{argument.Name}>").ToList();
        if (missing.Count > 0) return $"\"{path}\" needs {string.Join(" and ", missing)}; see {path} --help";
        return parsed.Errors[0] switch
        {
            { SymbolResult: OptionResult { Tokens.Count: 0 } result } => $"{result.Option.Name} needs a value; see {path} --help",
            { SymbolResult: OptionResult { Option: Option<int> or Option<int?>, Tokens: [var token, ..] } result } =>
                $"{result.Option.Name} is \"{token.Value}\"; write a whole number",
            var error => error.Message.Contains("; ", StringComparison.Ordinal) ? error.Message : $"{error.Message.TrimEnd('.')}; see {path} --help",
        };
    }

    static string PathOf(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
            if (at is CommandResult command)
                names.Insert(0, command.Parent is null ? "opsbro" : command.Command.Name);
        return string.Join(' ', names);
    }
}
