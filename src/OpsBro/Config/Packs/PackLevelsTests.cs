using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Config;

public class PackLevelsTests
{
    [Fact]
    public void A_higher_level_overrides_single_keys_and_each_value_keeps_its_place()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("linux/checks/cpu.yml", "check:\n  interval: 10s\n  thresholds: {cpu: {warning: 5, critical: 1}}\n");
        directory.Write("packs/global/linux/checks/cpu.yml", "check: {interval: 20s}\n");
        directory.Write("packs/local/linux/monitoring/cpu.yml", "check: {thresholds: {cpu: {warning: 7}}, notes: mine}\n");

        var configuration = directory.Load();

        Assert.Empty(configuration.Problems);
        var check = Assert.Single(configuration.Objects);
        Assert.Equal(("linux/cpu", "cpu", "local"), (check.Id, check.Name, check.Pack!.Level));
        Assert.Equal(["interval", "thresholds", "notes"], check.Body.Entries.Select(e => e.Key.Text));
        Assert.Equal(directory.PathOf("packs/global/linux/checks/cpu.yml"), check.Body["interval"]!.File);
        var thresholds = check.Body["thresholds"]!["cpu"]!;
        Assert.Equal(("7", "1"), (thresholds["warning"]!.Text, thresholds["critical"]!.Text));
        Assert.EndsWith("shipped/linux/checks/cpu.yml", thresholds["critical"]!.File);
    }

    [Fact]
    public void A_higher_level_may_replace_switch_off_and_add()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("a/checks/x.yml", "check: {script: x}");
        directory.Ship("b/checks/x.yml", "check: {script: x}");
        directory.Ship("b/checks/y.yml", "check: {script: y}");
        directory.Ship("c/checks/x.yml", "check: {script: x}");
        directory.Write("packs/local/a/pack.yml", "replace: true");
        directory.Write("packs/local/a/checks/other.yml", "check: {script: mine}");
        directory.Write("packs/b/checks/y.yml", "check: {enabled: false}");
        directory.Write("packs/b/checks/z.yml", "check: {script: z}");
        directory.Write("packs/zone/c/pack.yml", "enabled: false");

        var configuration = directory.Load();

        Assert.Empty(configuration.Problems);
        Assert.Equal(["a/other", "b/x", "b/z"], configuration.Objects.Select(o => o.Id));
        Assert.Equal("b/y", Assert.Single(configuration.SwitchedOff).Id);
        Assert.Equal([("a", false), ("b", false), ("c", true)], configuration.Packs.Select(p => (p.Name, p.IsOff)));
    }

    [Fact]
    public void Parameters_are_typed_by_the_lowest_level_and_set_by_the_higher_ones()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("p/parameters.yml", """
            plain: 90
            name: x
            contacts: [a, b]
            cpu:
              warning: {type: int, default: 80, min: 1, max: 100, description: percent}
              every: {type: duration, default: 1m}
            ratio: {type: float, default: 1}
            smtp_password: {type: string, default: ""}
            """);
        directory.Write("packs/local/p/parameters.yml", """
            plain: 95.5
            cpu: {warning: 85, every: 1.5s}
            contacts: [c]
            smtp_password: hush
            """);

        var configuration = directory.Load();

        Assert.Empty(configuration.Problems);
        var pack = Assert.Single(configuration.Packs);
        Assert.Equal(
            ["plain number 95.5", "name string x", "contacts string_list [c]", "cpu.warning int 85", "cpu.every duration 1.5s",
                "ratio float 1", "smtp_password string ********"],
            pack.ParameterList.Select(p => $"{p.Name} {p.Type} {p.ShownText}"));
        Assert.True(pack.Parameters.AsDict.TryGet("cpu", out var cpu));
        Assert.True(cpu.AsDict.TryGet("every", out var every));
        Assert.Equal(Value.Of(1.5), every);
    }

    [Fact]
    public void A_parameter_of_another_type_or_name_is_a_problem_with_its_place()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("p/parameters.yml",
            "a: {type: int, default: 1, max: 9}\nb: true\nc: {type: string}\nd: {type: itn, default: 1}\ne: {secret: true, type: int, default: 1}\n");
        directory.Write("packs/local/p/parameters.yml", "a: many\nb: 5\naa: 1\n");
        directory.Write("packs/zone/p/parameters.yml", "a: 12\ne: hush\n");

        var problems = directory.Load().Problems.Select(p => p.ToString()[(p.File.LastIndexOf('/', p.File.Length - 16) + 1)..]);

        Assert.Equal(
            [
                "p/parameters.yml:1:4: parameter a is \"many\"; write a whole number",
                "p/parameters.yml:2:4: parameter b is \"5\"; write true or false",
                "p/parameters.yml:3:1: pack p has no parameter \"aa\" (did you mean \"a\"?)",
                "p/parameters.yml:1:4: parameter a is \"12\"; write at most 9",
                "p/parameters.yml:2:4: parameter e is not of its type; write a whole number",
                "p/parameters.yml:3:1: parameter c has no value; set it with \"opsbro packs parameters set local.p.c VALUE\"",
                "p/parameters.yml:4:11: unknown type \"itn\" (did you mean \"int\"?); write one of int, float, number, string, bool, string_list, duration",
            ],
            problems);
    }

    [Fact]
    public void What_pack_yml_and_parameters_yml_cannot_mean_is_a_problem()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("p/pack.yml", "name: p\nreplce: true\nname: q\n");
        directory.Ship("p/parameters.yml", "a: 1\na: 2\n");

        var problems = directory.Load().Problems.Select(p => p.ToString()[(p.File.LastIndexOf('/') + 1)..]);

        Assert.Equal(
            [
                "pack.yml:2:1: unknown key \"replce\" in pack.yml (did you mean \"replace\"?)",
                "pack.yml:3:1: \"name\" stands here again; write it once",
                "parameters.yml:2:1: \"a\" stands here again; write it once",
            ],
            problems);
    }

    [Fact]
    public void A_changed_parameter_changes_the_objects_of_its_pack_and_no_other()
    {
        using var directory = new TemporaryConfig();
        directory.Ship("p/parameters.yml", "a: 1");
        directory.Ship("p/checks/x.yml", "check: {script: x}");
        directory.Ship("q/checks/x.yml", "check: {script: x}");
        var before = directory.Load();
        directory.Write("packs/local/p/parameters.yml", "a: 2");

        var after = directory.Load(before);

        Assert.Equal([false, true], before.Objects.Zip(after.Objects, (a, b) => a.SaysTheSameAs(b)));
    }
}
