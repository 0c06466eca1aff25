using System.CommandLine;

namespace OpsBro.Cli;

/// <summary>
/// <c>opsbro completion bash|zsh|fish</c>: prints the script for the shell. The script asks the program itself
/// (<c>opsbro [suggest:N] "line"</c>), so names of running checks and groups are completed too.
/// </summary>
internal static class Completion
{
    const string bash = """
        # opsbro completion for bash: source <(opsbro completion bash)
        _opsbro() {
            local IFS=$'\n' word="${COMP_WORDS[COMP_CWORD]}"
            COMPREPLY=($(compgen -W "$(opsbro "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$word"))
        }
        complete -F _opsbro opsbro
        """;

    const string zsh = """
        #compdef opsbro
        # opsbro completion for zsh: opsbro completion zsh > "${fpath[1]}/_opsbro"
        _opsbro() {
            local -a words_found
            words_found=("${(@f)$(opsbro "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -- $words_found
        }
        compdef _opsbro opsbro
        """;

    const string fish = """
        # opsbro completion for fish: opsbro completion fish > ~/.config/fish/completions/opsbro.fish
        function __opsbro_complete
            opsbro "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null
        end
        complete -f -c opsbro -a "(__opsbro_complete)"
        """;

    /// <summary>The verb.</summary>
    public static Command Verb(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return Cli.Verb.Acting("completion", "Print the completion script for a shell.", (args, _) =>
        {
            terminal.Line(args.GetValue(shell) switch { "bash" => bash, "zsh" => zsh, _ => fish });
            return Task.FromResult(0);
        }, shell);
    }
}
