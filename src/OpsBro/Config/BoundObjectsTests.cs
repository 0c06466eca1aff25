using OpsBro.Config;

namespace OpsBro.Tests.Config;

public class BoundObjectsTests
{
    sealed record Target(string Script);

    static Target? Bind(ConfigObject one, List<Problem> problems)
    {
        var reader = new ObjectReader(one.Body, problems);
        var target = new Target(reader.RequiredText("script"));
        return reader.IsClean ? target : null;
    }

    [Fact]
    public void A_reload_keeps_the_same_and_what_no_longer_binds_and_says_what_changed()
    {
        using var directory = new TemporaryConfig();
        directory.Write("same.yml", "check: {script: same}");
        directory.Write("other.yml", "check: {script: old}");
        directory.Write("gone.yml", "check: {script: gone}");
        directory.Write("broken.yml", "check: {script: kept}");
        var objects = new BoundObjects<Target>("check", Bind);
        var first = directory.Load();
        objects.Take(first);
        var same = objects.Current.Single(o => o.Object.Id == "same");
        directory.Write("same.yml", "# a comment\ncheck:\n  script: same\n");
        directory.Write("other.yml", "check: {script: new}");
        File.Delete(directory.PathOf("gone.yml"));
        directory.Write("broken.yml", "check: {}");
        directory.Write("added.yml", "check: {script: added}");

        var changes = objects.Take(directory.Load(first));

        Assert.Same(same, objects.Current.Single(o => o.Object.Id == "same"));
        Assert.Equal(["added"], changes.Added.Select(o => o.Target.Script));
        Assert.Equal([("old", "new")], changes.Changed.Select(c => (c.Old.Target.Script, c.New.Target.Script)));
        Assert.Equal(["gone"], changes.Removed.Select(o => o.Target.Script));
        Assert.Equal("kept", objects.Current.Single(o => o.Object.Id == "broken").Target.Script);
        Assert.EndsWith("broken.yml:1:8: script is missing; write \"script: …\"", Assert.Single(changes.Problems).ToString());
    }

    [Fact]
    public void The_problem_of_an_object_that_never_bound_stays_visible_until_it_is_mended()
    {
        using var directory = new TemporaryConfig();
        directory.Write("a.yml", "check: {}");
        var objects = new BoundObjects<Target>("check", Bind);
        var first = directory.Load();

        Assert.Single(objects.Take(first).Problems);
        Assert.Single(objects.Take(directory.Load(first)).Problems);
        directory.Write("a.yml", "check: {script: x}");
        var mended = objects.Take(directory.Load(first));

        Assert.Empty(mended.Problems);
        Assert.Single(mended.Added);
    }
}
