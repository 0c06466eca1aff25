using System.CommandLine;
using System.CommandLine.Help;
using OpsBro.Agent;
using OpsBro.Config;

namespace OpsBro.Cli;

/// <summary>
/// The command line: nouns and verbs of every component. Exit codes: 0 done, 1 the agent cannot be reached,
/// 2 the call is wrong or what was asked for failed. Some verbs have further ones and say so.
/// </summary>
internal static class CommandLine
{
    static readonly Option<string?> config = new("--config")
    { Description = "Directory of the configuration (OPSBRO_CONFIG; /etc/opsbro).", Recursive = true, HelpName = "DIR" };

    static readonly Option<string?> data = new("--data")
    { Description = "Directory of the agent's own files and socket (OPSBRO_DATA; /var/lib/opsbro).", Recursive = true, HelpName = "DIR" };

    static readonly Option<string?> address = new("--addr")
    {
        Description = "Talk to this agent over HTTP instead of the socket (OPSBRO_ADDR), for instance http://127.0.0.1:6768.",
        Recursive = true,
        HelpName = "URL",
    };

    static readonly Option<bool> noColour = new("--no-color") { Description = "No colours (NO_COLOR).", Recursive = true };

    static readonly Option<bool> debug = new("--debug") { Description = "Show where an error comes from.", Recursive = true };

    /// <summary>Words that people try first.</summary>
    static readonly (string Word, string Noun)[] aliases =
    [
        ("collector", "collectors"), ("detector", "detectors"), ("pack", "packs"), ("checks", "monitoring"), ("check", "monitoring"),
        ("kv", "kv-store"),
    ];

    /// <summary>How words are read: @FILE is a value of some verbs, not a file of arguments.</summary>
    public static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line.</summary>
    public static async Task<int> Run(string[] args, IReadOnlyList<IComponent> components)
    {
        ParseResult? parsed = null;
        var terminal = new Terminal(noColour: args.Contains("--no-color"));
        var api = new ApiClient(() => AddressOf(parsed!));
        var root = Root(components, api, terminal);
        if (Completion.IsAsked(args))
        {
            parsed = Completion.LineOf(root, args);
            foreach (var word in Completion.Words(parsed)) terminal.Line(word);
            return 0;
        }
        parsed = root.Parse(args switch
        {
            [] => ["--help"],
            ["help", .. var rest] => [.. rest, "--help"],
            _ => args,
        }, Parsing);
        if (parsed.Errors.Count > 0)
        {
            terminal.Note($"error: {Refusal.Of(parsed)}");
            return 2;
        }
        terminal.Json = parsed.GetValue(Verb.Json);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Output,
                Error = TextWriter.Null,
            });
        }
        catch (CliError e)
        {
            terminal.Note($"error: {e.Message}");
            if (parsed.GetValue(debug)) terminal.Note(e.ToString());
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return 130;   // Ctrl-C, as a shell reports it
        }
        catch (Exception e) when (!parsed.GetValue(debug) && e is IOException or UnauthorizedAccessException)
        {
            terminal.Note($"error: {e.Message}");
            return 2;
        }
    }

    /// <summary>The directories that a parsed command line, the environment and the user mean.</summary>
    public static AgentOptions OptionsOf(ParseResult parsed) =>
        AgentPlaces.Choose(parsed.GetValue(config), parsed.GetValue(data), Environment.GetEnvironmentVariable);

    /// <summary>True when the agent of this host is meant, false with <c>--addr</c> or <c>OPSBRO_ADDR</c>.</summary>
    public static bool IsLocal(ParseResult parsed) => string.IsNullOrEmpty(AddressText(parsed));

    static string? AddressText(ParseResult parsed) => parsed.GetValue(address) ?? Environment.GetEnvironmentVariable("OPSBRO_ADDR");

    static ApiAddress AddressOf(ParseResult parsed)
    {
        if (AddressText(parsed) is not { Length: > 0 } text)
            return new ApiAddress(AgentPlaces.WithSocket(OptionsOf(parsed)).Socket, new Uri("http://opsbro/"), null);
        if (!text.Contains("://", StringComparison.Ordinal)) text = "http://" + text;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new CliError(2, $"\"{text}\" is no address of an agent; write for instance http://127.0.0.1:6768");
        var issuers = Environment.GetEnvironmentVariable("OPSBRO_CACERT");
        return new ApiAddress(null, url, Token()) { Issuers = string.IsNullOrEmpty(issuers) ? null : issuers };
    }

    static string? Token()
    {
        if (Environment.GetEnvironmentVariable("OPSBRO_TOKEN_FILE") is { Length: > 0 } file)
        {
            try
            {
                return File.ReadAllText(file).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CliError(2, $"OPSBRO_TOKEN_FILE: {e.Message}");
            }
        }
        return Environment.GetEnvironmentVariable("OPSBRO_TOKEN") is { Length: > 0 } token ? token : null;
    }

    /// <summary>Every noun and verb.</summary>
    public static RootCommand Root(IReadOnlyList<IComponent> components, ApiClient api, Terminal terminal)
    {
        var root = new RootCommand("OpsBro: one agent per host that finds out what the host is, measures it and judges it.")
            { config, data, address, noColour, debug };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Aliases.Clear();   // -? and /h are words of another system
        help.Aliases.Add("-h");
        foreach (var component in components)
            foreach (var verb in component.Verbs(api, terminal)) root.Add(verb);
        root.Subcommands.Single(noun => noun.Name == "agent").Add(AgentStart.Verb(components, terminal));
        root.Subcommands.Single(noun => noun.Name == "config").Add(ConfigVerbs.Check(components, terminal));
        root.Add(Verb.Reading("version", "Print the version.", (_, _) =>
        {
            if (terminal.Json) terminal.PrintJson(new Dictionary<string, string> { ["version"] = Product.Version }, Api.ApiJson.Default.DictionaryStringString);
            else terminal.Line($"opsbro {Product.Version}");
            return Task.FromResult(0);
        }));
        root.Add(Completion.Verb(terminal));
        foreach (var (word, noun) in aliases) root.Add(Verb.Alias(word, root.Subcommands.Single(command => command.Name == noun)));
        return root;
    }
}
