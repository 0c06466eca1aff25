using System.CommandLine;

namespace OpsBro.Cli;

/// <summary>
/// <c>opsbro completion bash|zsh|fish</c>: prints the script for the shell. The script asks the program itself
/// (<c>opsbro [suggest] "line"</c>), so names of running checks and groups are completed too.
/// </summary>
internal static class Completion
{
    const string bash = """
        # opsbro completion for bash: source <(opsbro completion bash)
        # names are never expanded by the shell, and may hold colons
        _opsbro() {
            local line="${COMP_LINE:0:COMP_POINT}" one word
            word="${line##*[[:space:]]}"
            COMPREPLY=()
            while IFS= read -r one; do
                [[ $one == "$word"* ]] && COMPREPLY+=("${one#"${word%"${word##*:}"}"}")
            done < <("$1" "[suggest]" "$line" 2>/dev/null)
        }
        complete -o default -F _opsbro opsbro
        """;

    const string zsh = """
        #compdef opsbro
        # opsbro completion for zsh: source <(opsbro completion zsh), or opsbro completion zsh > "${fpath[1]}/_opsbro"
        _opsbro() {
            local -a words_found
            words_found=("${(@f)$(${words[1]} "[suggest]" "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
            compadd -a words_found
        }
        if [ "$funcstack[1]" = "_opsbro" ]; then _opsbro "$@"; else compdef _opsbro opsbro; fi
        """;

    const string fish = """
        # opsbro completion for fish: opsbro completion fish > ~/.config/fish/completions/opsbro.fish
        function __opsbro_complete
            opsbro "[suggest]" (commandline -cp) 2>/dev/null
        end
        complete -f -c opsbro -a "(__opsbro_complete)"
        """;

    /// <summary>True when a completion script asks: <c>opsbro [suggest] "the line up to the cursor"</c>.</summary>
    public static bool IsAsked(string[] args) => args is ["[suggest]", _];

    /// <summary>The line as far as it is written, without the program's own name.</summary>
    public static ParseResult LineOf(RootCommand root, string[] args)
    {
        var line = args[1].TrimStart();
        var space = line.IndexOf(' ');
        return root.Parse(space < 0 ? "" : line[(space + 1)..]);
    }

    /// <summary>What may come next. Options are offered when one is begun, or when nothing else fits.</summary>
    public static IEnumerable<string> Words(ParseResult line)
    {
        var words = line.GetCompletions().Select(item => item.InsertText ?? item.Label).ToList();
        var names = words.Where(word => !word.StartsWith('-')).ToList();
        return names.Count > 0 ? names : words;
    }

    /// <summary>The verb.</summary>
    public static Command Verb(Terminal terminal)
    {
        var shell = Cli.Verb.OneOf("shell", "bash, zsh or fish.", "bash", "zsh", "fish");
        return Cli.Verb.Acting("completion", "Print the completion script for a shell.", (args, _) =>
        {
            terminal.Line(args.GetValue(shell) switch { "bash" => bash, "zsh" => zsh, _ => fish });
            return Task.FromResult(0);
        }, shell);
    }
}
