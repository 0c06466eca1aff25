using OpsBro.Config.Editing;

namespace OpsBro.Tests.Config;

public class EditedFileTests
{
    [Fact]
    public void A_file_that_is_not_there_yet_is_made_with_its_directories()
    {
        using var home = new TemporaryHome();
        var path = Path.Join(home.Path, "packs", "local", "linux", "parameters.yml");

        EditedFile.Write(path, "cpu_warning: 81\n");

        Assert.Equal("cpu_warning: 81\n", File.ReadAllText(path));
    }

    [Fact]
    public void A_link_stays_a_link_and_its_target_is_replaced()
    {
        using var home = new TemporaryHome();
        var (target, link) = (Path.Join(home.Path, "real.yml"), Path.Join(home.Path, "link.yml"));
        File.WriteAllText(target, "a: 1\n");
        File.CreateSymbolicLink(link, "real.yml");

        EditedFile.Write(link, "a: 2\n");

        Assert.Equal("real.yml", new FileInfo(link).LinkTarget);
        Assert.Equal("a: 2\n", File.ReadAllText(target));
    }

    sealed class TemporaryHome : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("opsbro-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
