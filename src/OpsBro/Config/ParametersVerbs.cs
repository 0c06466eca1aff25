using System.CommandLine;
using OpsBro.Cli;
using OpsBro.Config.Editing;

namespace OpsBro.Config;

/// <summary><c>agent parameters show|get|set|add|remove</c>: the settings in agent.yml, edited with comments and order kept.</summary>
internal static class ParametersVerbs
{
    static readonly string[] lists = ["groups", "seeds"];

    /// <summary>The noun with its verbs.</summary>
    public static Command Create(ApiClient api, Terminal terminal) =>
        Verb.Noun("parameters", "The settings in agent.yml.",
            Show(terminal), Get(terminal), Set(api, terminal),
            Change("add", "Add a value to groups or seeds; a running agent takes it over at once.", "ADD", YamlEdit.Add, api, terminal),
            Change("remove", "Take a value out of groups or seeds; likewise.", "REMOVE", YamlEdit.Remove, api, terminal));

    static string FileOf(AgentOptions options) => Path.Join(options.ConfigDirectory, "agent.yml");

    static ConfigView ViewOf(ParseResult args, string? key)
    {
        var options = CommandLine.OptionsOf(args);
        var settings = ConfigLoader.Load(options) with { Objects = [], Packs = [], SwitchedOff = [] };
        return ConfigViewBuilder.View(settings, options.ConfigDirectory, key);
    }

    static Command Show(Terminal terminal) =>
        Verb.Reading("show", "Every setting of the agent with the file it comes from.", (args, _) =>
        {
            var view = ViewOf(args, null);
            if (terminal.Json) terminal.PrintJson(view, ConfigJson.Default.ConfigView);
            else terminal.Table(["KEY", "VALUE", "FROM"], view.Entries.Select(e => new[] { e.Key, e.Value, terminal.Paint(Tone.Dim, e.Origin) }));
            return Task.FromResult(0);
        });

    static Command Get(Terminal terminal)
    {
        var key = KeyArgument();
        return Verb.Reading("get", "Print one setting.", (args, _) =>
        {
            var wanted = args.GetValue(key)!;
            var view = ViewOf(args, wanted);
            if (view.Entries.Length == 0)
                throw new CliError(2, $"\"{wanted}\" is not set{Spelling.Hint(wanted, AgentSettings.Keys)}; see opsbro agent parameters show");
            if (terminal.Json) terminal.PrintJson(view, ConfigJson.Default.ConfigView);
            else foreach (var entry in view.Entries) terminal.Line(entry.Key == wanted ? entry.Value : $"{entry.Key} = {entry.Value}");
            return Task.FromResult(0);
        }, key);
    }

    static Command Set(ApiClient api, Terminal terminal)
    {
        var key = KeyArgument();
        var value = new Argument<string>("value") { Description = "The value, as YAML: 5, true, [a, b], text." };
        return Verb.Acting("set", "Set one setting in agent.yml; comments and order are kept.", async (args, cancel) =>
        {
            var name = args.GetValue(key)!;
            if (lists.Contains(name)) throw new CliError(2, $"{name} is a list; use opsbro agent parameters add {name} VALUE, or remove");
            var top = name.Split('.')[0];
            if (!AgentSettings.IsKnown(top) && Spelling.Nearest(top, AgentSettings.Keys) is { } nearest)
                throw new CliError(2, $"there is no setting \"{top}\" (did you mean \"{nearest}\"?)");
            var text = args.GetValue(value)!;
            var shown = name.Split('.').Any(Secrets.IsSecretKey) ? Secrets.Stars : text;
            var file = Edit(CommandLine.OptionsOf(args), $"SET {name} → {shown}", old => YamlEdit.Set(old, name.Split('.'), text));
            terminal.Line($"{file}: {name} is set");
            await OfflineReading.Apply(api, terminal, cancel);
            return 0;
        }, key, value);
    }

    static Command Change(
        string verb, string description, string word, Func<string, string, string, string> edit, ApiClient api, Terminal terminal)
    {
        var key = new Argument<string>("list") { Description = "groups or seeds.", HelpName = "list" };
        key.CompletionSources.Add(lists);
        var value = new Argument<string>("value") { Description = "The value." };
        return Verb.Acting(verb, description, async (args, cancel) =>
        {
            var (list, item) = (args.GetValue(key)!, args.GetValue(value)!);
            if (!lists.Contains(list))
                throw new CliError(2, $"\"{list}\" is not a list of agent.yml; write groups or seeds, or use opsbro agent parameters set");
            var file = Edit(CommandLine.OptionsOf(args), $"{word} {list} → {item}", old => edit(old, list, item));
            terminal.Line($"{file}: {list} is [{string.Join(", ", YamlEdit.ItemsOf(EditedFile.Read(file), list))}]");
            await OfflineReading.Apply(api, terminal, cancel);
            return 0;
        }, key, value);
    }

    static string Edit(AgentOptions options, string change, Func<string, string> edit)
    {
        var file = FileOf(options);
        var text = EditedFile.Read(file);
        try
        {
            ChangedFile.Write(options, ConfigLoader.Load(options), file, text, edit(text), change);
        }
        catch (EditRefused e)
        {
            throw new CliError(2, $"{file}: {e.Message}");
        }
        return file;
    }

    static Argument<string> KeyArgument()
    {
        var key = new Argument<string>("key") { Description = "For instance display_name or http.listen.", HelpName = "key" };
        key.CompletionSources.Add([.. AgentSettings.Keys]);
        return key;
    }
}
