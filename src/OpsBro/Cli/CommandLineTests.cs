using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using OpsBro.Cli;

namespace OpsBro.Tests.Cli;

/// <summary>The whole command line, with every component.</summary>
public partial class CommandLineTests
{
    /// <summary>Verbs that do something, wait or stream. Any other verb reads, and has --json.</summary>
    static readonly string[] acting =
    [
        "agent start", "agent stop", "agent wait-initialized", "agent log follow", "agent parameters set", "agent parameters add",
        "agent parameters remove", "packs overload", "packs parameters set", "evaluator wait-eval-true", "collectors wait-ok",
        "detectors wait-group", "monitoring wait-ok", "completion",
        "gossip events add", "gossip events wait", "gossip leave", "gossip wait-members", "event", "leave",
        "gossip zone change", "gossip zone key import", "metrics export",
        "kv-store export", "kv-store import", "kv-store wait-exists", "kv-store wait-value",
    ];

    readonly StringWriter errors = new();
    readonly RootCommand root;

    public CommandLineTests() => root = CommandLine.Root(Components.Create(),
        new ApiClient(() => new ApiAddress("/nowhere/opsbro.sock", new Uri("http://opsbro/"), null)),
        new Terminal(TextWriter.Null, errors, isInteractive: false, hasColour: false));

    static IEnumerable<(string Path, Command Command)> Leaves(Command command, string path) => command.Subcommands.Count == 0
        ? [(path.Trim(), command)]
        : command.Subcommands.Where(c => !c.Hidden).SelectMany(c => Leaves(c, $"{path} {c.Name}"));

    [Fact]
    public void Every_reading_verb_has_json()
    {
        var leaves = Leaves(root, "").ToList();

        var without = leaves.Where(leaf => !leaf.Command.Options.Contains(Verb.Json)).Select(leaf => leaf.Path);

        Assert.Equal(acting.Order(), without.Order());
    }

    [Fact]
    public void Every_command_in_the_documentation_is_understood()
    {
        var pages = Directory.GetFiles(Repository.PathOf("docs"), "*.md").Append(Repository.PathOf("README.md")).Where(File.Exists);

        var commands = pages.SelectMany(page => CommandsOf(File.ReadAllText(page)).Select(command => (Page: Path.GetFileName(page), command))).ToList();
        var wrong = commands.Select(c => (c.Page, c.command, Parsed: root.Parse(Arguments(c.command), CommandLine.Parsing)))
            .Where(c => c.Parsed.Errors.Count > 0 && c.Parsed.CommandResult.Command.Subcommands.Count == 0)
            .Select(c => $"{c.Page}: {c.command}: {Refusal.Of(c.Parsed)}").ToList();

        Assert.Empty(wrong);
        Assert.True(commands.Count > 30, $"only {commands.Count} commands were found");
    }

    /// <summary>Lines of code blocks and spans of code that begin with <c>opsbro</c>, without prompt, remarks and what the shell does.</summary>
    static IEnumerable<string> CommandsOf(string page) =>
        CommandInPage().Matches(page).Select(match => match.Groups["command"].Value.TrimEnd());

    [GeneratedRegex("""(?:(?m:^(?:    )?(?:\$ |sudo )*)|`)(?<command>opsbro (?:"[^"\n]*"|'[^'\n]*'|(?!  | #|`|\||>|&|;)[^\n])+)""")]
    internal static partial Regex CommandInPage();

    static string[] Arguments(string command) =>
        [.. CommandLineParser.SplitCommandLine(command.Replace("[", "").Replace("]", "").Replace("…", "x")).Skip(1)];

    [Theory]
    [InlineData("bogus", "\"opsbro\" has no \"bogus\"; see opsbro --help")]
    [InlineData("colectors list", "\"opsbro\" has no \"colectors\" (did you mean \"collectors\"?); see opsbro --help")]
    [InlineData("collectors", "\"opsbro collectors\" needs a verb: list, state, show, run, wait-ok, history")]
    [InlineData("agent print", "\"opsbro agent print\" needs <what>; see opsbro agent print --help")]
    [InlineData("agent log show --level dbg", "--level is \"dbg\"; write debug, info, warning or error")]
    [InlineData("packs overload core.linux --to-level locl", "--to-level is \"locl\" (did you mean \"local\"?); write local, zone or global")]
    [InlineData("monitoring history --limit x", "--limit is \"x\"; write a whole number")]
    [InlineData("monitoring history --limit", "--limit needs a value; see opsbro monitoring history --help")]
    [InlineData("packs parameters set local.linux.x", "\"opsbro packs parameters set\" needs <value>; see opsbro packs parameters set --help")]
    [InlineData("collectors list --al", "\"opsbro collectors list\" has no \"--al\"; see opsbro collectors list --help")]
    public void A_wrong_command_line_is_refused_in_one_line(string line, string refusal) =>
        Assert.Equal(refusal, Refusal.Of(root.Parse(line)));

    [Theory]
    [InlineData("collectors ls")]
    [InlineData("collector list")]
    [InlineData("pack ls")]
    [InlineData("checks state --json")]
    [InlineData("agent log ls")]
    public void Words_that_people_try_first_are_understood(string line) => Assert.Empty(root.Parse(line).Errors);

    [Fact]
    public void Help_names_an_argument_and_never_asks_the_agent_for_names()
    {
        var help = new StringWriter();

        root.Parse("collectors --help").Invoke(new InvocationConfiguration { Output = help });

        Assert.Contains("show <name>", help.ToString());
        Assert.DoesNotContain("list, ls", help.ToString());
    }

    [Fact]
    public void Completion_offers_names_first_and_options_when_asked()
    {
        Assert.Equal(["log"], Words("opsbro agent l").Where(word => word.StartsWith("l", StringComparison.Ordinal)));
        Assert.Equal(["--json"], Words("opsbro collectors list --j"));
        Assert.Equal(["bash", "fish", "zsh"], Words("/usr/bin/opsbro completion ").Order());
        Assert.Empty(Words("opsbro collectors show x"));
    }

    IEnumerable<string> Words(string line) => Completion.Words(Completion.LineOf(root, ["[suggest]", line]));
}
