using System.CommandLine;
using OpsBro.Cli;
using OpsBro.Config.Editing;

namespace OpsBro.Config.Packs;

/// <summary>The <c>packs</c> noun: what packs there are, what they hold, how to make them one's own.</summary>
internal static class PackVerbs
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(ApiClient api, Terminal terminal) =>
        Verb.Noun("packs", "Packs: objects that belong together, on the levels core < global < zone < local.",
            List(api, terminal), Show(api, terminal), Overload(api, terminal),
            Verb.Noun("parameters", "Parameters of packs.", Get(api, terminal), Set(api, terminal)));

    static Task<PackView[]> Packs(ApiClient api, Terminal terminal, ParseResult args, CancellationToken cancel) =>
        OfflineReading.Read(args, terminal, () => api.Get("/v1/packs", ConfigJson.Default.PackViewArray, cancel),
            (configuration, _) => ConfigViewBuilder.Packs(configuration));

    static Command List(ApiClient api, Terminal terminal) =>
        Verb.Reading("list", "The packs and the levels they exist on.", async (args, cancel) =>
        {
            var packs = await Packs(api, terminal, args, cancel);
            if (terminal.Json) terminal.PrintJson(packs, ConfigJson.Default.PackViewArray);
            else
            {
                terminal.Table(["PACK", "LEVELS", "OBJECTS", "KEYWORDS"], packs.Select(pack => new[]
                {
                    pack.Name, string.Join(" < ", pack.Levels.Select(level => level.Level)), pack.Enabled ? $"{pack.Objects.Length}" : "off",
                    string.Join(", ", pack.Keywords),
                }));
            }
            terminal.More("opsbro packs show NAME");
            return 0;
        });

    static Command Show(ApiClient api, Terminal terminal)
    {
        var name = Verb.Name("name", "Only this pack.",
            async cancel => (await api.Get("/v1/packs", ConfigJson.Default.PackViewArray, cancel)).Select(pack => pack.Name), isOptional: true);
        return Verb.Reading("show", "What packs hold: objects and parameters with their values.", async (args, cancel) =>
        {
            var packs = await Packs(api, terminal, args, cancel);
            if (args.GetValue(name) is { } wanted)
            {
                var hint = Spelling.Hint(wanted, packs.Select(pack => pack.Name));
                var one = Array.Find(packs, pack => pack.Name == wanted)
                    ?? throw new CliError(2, $"no pack is named \"{wanted}\"{hint}; see opsbro packs list");
                if (terminal.Json) terminal.PrintJson(one, ConfigJson.Default.PackView);
                else Print(terminal, one);
                return 0;
            }
            if (terminal.Json) terminal.PrintJson(packs, ConfigJson.Default.PackViewArray);
            else foreach (var pack in packs) Print(terminal, pack);
            return 0;
        }, name);
    }

    static void Print(Terminal terminal, PackView pack)
    {
        terminal.Section($"{string.Join(" < ", pack.Levels.Select(level => level.Level))} > {pack.Name}");
        if (!pack.Enabled) terminal.Line(Tone.Warning, $" switched off: enabled: false in {pack.Levels[^1].Directory}/pack.yml, or on a lower level");
        if (pack.Description.Length > 0) terminal.Line($" {pack.Description}");
        if (pack.Topics.Length > 0) terminal.Field("Topics", string.Join(", ", pack.Topics));
        foreach (var kind in pack.Objects.GroupBy(o => o.Kind))
        {
            terminal.Line($" {kind.Key} ({kind.Count()})");
            foreach (var one in kind)
            {
                terminal.Line($"  - {one.Name}{(one.IfGroup.Length > 0 ? $"  if_group: {one.IfGroup}" : "")}"
                    + (one.Enabled ? "" : terminal.Paint(Tone.Dim, "  switched off")));
            }
        }
        if (pack.Parameters.Length > 0) terminal.Line($" parameters ({pack.Parameters.Length})");
        foreach (var parameter in pack.Parameters)
        {
            var origin = parameter.Value == parameter.Default ? "default" : $"{parameter.Level}, default {parameter.Default ?? "none"}";
            terminal.Line($"  - {parameter.Name} = {parameter.Value}  {terminal.Paint(Tone.Dim, $"({parameter.Type}, {origin})")}"
                + (parameter.Description.Length > 0 ? terminal.Paint(Tone.Dim, $"  {parameter.Description}") : ""));
        }
        terminal.Line();
    }

    static Command Overload(ApiClient api, Terminal terminal)
    {
        var pack = Verb.Name("level.pack", "For instance core.linux.", async cancel =>
            from one in await api.Get("/v1/packs", ConfigJson.Default.PackViewArray, cancel)
            from level in one.Levels
            select $"{level.Level}.{one.Name}");
        var toLevel = Verb.OptionOf("--to-level", "The level of the copy; local when it is left out.", "local", "zone", "global");
        toLevel.DefaultValueFactory = _ => "local";
        return Verb.Acting("overload", "Copy a pack to a higher level, where the copy replaces it.", async (args, cancel) =>
        {
            var options = CommandLine.OptionsOf(args);
            var target = PackOverload.Copy(options, ConfigLoader.Load(options), args.GetValue(pack)!, args.GetValue(toLevel)!);
            terminal.Line($"copied to {target}; what stands there counts now");
            await OfflineReading.Apply(api, terminal, cancel);
            return 0;
        }, pack, toLevel);
    }

    static Command Get(ApiClient api, Terminal terminal)
    {
        var key = KeyArgument(api);
        return Verb.Reading("get", "Print a parameter as a level sees it.", (args, _) =>
        {
            var options = CommandLine.OptionsOf(args);
            var (level, pack, name) = ParameterKey.Parse(args.GetValue(key)!);
            var parameter = ParameterKey.Find(ConfigLoader.Load(options), pack, name);
            var setting = parameter.Settings.LastOrDefault(s => ConfigFiles.RankOf(s.Level) <= ConfigFiles.RankOf(level))
                ?? throw new CliError(2, $"{pack}.{name} has no value up to level {level}; it is set on level {parameter.Level}");
            var text = parameter.IsSecret && setting.Text.Length > 0 ? Secrets.Stars : setting.Text;
            if (terminal.Json)
            {
                var view = ConfigViewBuilder.ParameterOf(parameter) with
                { Value = text, Level = setting.Level, File = setting.Place.File, Line = setting.Place.Line };
                terminal.PrintJson(view, ConfigJson.Default.ParameterView);
                return Task.FromResult(0);
            }
            foreach (var comment in Comments.Above(setting.Place)) terminal.Line(Tone.Dim, comment);
            if (parameter.Description.Length > 0) terminal.Line(Tone.Dim, $"# {parameter.Description}");
            terminal.Line(text);
            return Task.FromResult(0);
        }, key);
    }

    static Command Set(ApiClient api, Terminal terminal)
    {
        var key = KeyArgument(api);
        var value = new Argument<string>("value") { Description = "The value, as YAML: 5, true, [a, b], text." };
        return Verb.Acting("set", "Set a parameter on a level; comments and order of the file are kept.", async (args, cancel) =>
        {
            var options = CommandLine.OptionsOf(args);
            var (level, pack, name) = ParameterKey.Parse(args.GetValue(key)!);
            var file = PackParameters.Set(options, level, pack, name, args.GetValue(value)!);
            terminal.Line($"{file}: {name} is set");
            await OfflineReading.Apply(api, terminal, cancel);
            return 0;
        }, key, value);
    }

    static Argument<string?> KeyArgument(ApiClient api) =>
        Verb.Name("level.pack.key", "For instance local.linux.cpu_warning.", async cancel =>
            from pack in await api.Get("/v1/packs", ConfigJson.Default.PackViewArray, cancel)
            from parameter in pack.Parameters
            select $"local.{pack.Name}.{parameter.Name}");
}
