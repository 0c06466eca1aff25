using OpsBro.Config;
using OpsBro.Config.Editing;
using OpsBro.Config.Yaml;

namespace OpsBro.Tests.Config;

public class YamlEditTests
{
    const string sample = """
        # head
        groups:        # first
          - web   # the web
          # between
          - db

        name:   x      # who
        empty:
        flow: [a, 'b', c]  # three
        map: {x: 1, y: {z: 2}}
        text: |
          line one
          line two
        deep:
          # inside
          a:
            b: 1
        # tail

        """;

    [Theory]
    [InlineData("name", "y", "name:   x      # who", "name:   y      # who")]
    [InlineData("name", "a: b", "name:   x      # who", "name:   'a: b'      # who")]
    [InlineData("name", "it's # not a comment", "name:   x      # who", "name:   'it''s # not a comment'      # who")]
    [InlineData("name", "[1, two]", "name:   x      # who", "name:   [1, two]      # who")]
    [InlineData("name", "{{parameters.x}} > 5", "name:   x      # who", "name:   '{{parameters.x}} > 5'      # who")]
    [InlineData("empty", "5", "empty:\n", "empty: 5\n")]
    [InlineData("map.x", "a, b", "{x: 1, y", "{x: 'a, b', y")]
    [InlineData("map.y.z", "9", "{z: 2}", "{z: 9}")]
    [InlineData("map.y.new.more", "9", "{z: 2}", "{z: 2, new: {more: 9}}")]
    [InlineData("text", "short", "text: |\n  line one\n  line two\n", "text: short\n")]
    [InlineData("deep.a.b", "2", "    b: 1\n", "    b: 2\n")]
    [InlineData("deep.a.c", "2", "    b: 1\n", "    b: 1\n    c: 2\n")]
    [InlineData("deep.c", "2", "    b: 1\n", "    b: 1\n  c: 2\n")]
    [InlineData("empty.a.b", "2", "empty:\n", "empty:\n  a:\n    b: 2\n")]
    [InlineData("groups", "[x]", "groups:        # first\n  - web   # the web\n  # between\n  - db\n", "groups: [x]\n  # first\n  # between\n")]
    public void Setting_a_value_leaves_every_other_character_alone(string path, string value, string before, string after)
    {
        var edited = YamlEdit.Set(sample, path.Split('.'), value);

        Assert.Contains(before, sample);
        Assert.Equal(sample.Replace(before, after), edited);
    }

    [Theory]
    [InlineData("", "a: 1\n")]
    [InlineData("# only a comment", "# only a comment\na: 1\n")]
    [InlineData("b: 2", "b: 2\na: 1")]
    [InlineData("b: 2 # two\n\n# end\n", "b: 2 # two\na: 1\n\n# end\n")]
    [InlineData("b: |\n  x\n", "b: |\n  x\na: 1\n")]
    [InlineData("{b: 2}\n", "{b: 2, a: 1}\n")]
    [InlineData("{}\n", "{a: 1}\n")]
    [InlineData("b: 2\r\nc: 3\r\n", "b: 2\r\nc: 3\na: 1\r\n")]
    public void A_new_key_comes_after_the_others(string text, string expected) =>
        Assert.Equal(expected, YamlEdit.Set(text, ["a"], "1"));

    [Theory]
    [InlineData("groups", "cache", "  - db\n", "  - db\n  - cache\n")]
    [InlineData("flow", "d", "[a, 'b', c]", "[a, 'b', c, d]")]
    [InlineData("name", "y", "name:   x ", "name:   [x, y] ")]
    [InlineData("empty", "host:6768", "empty:\n", "empty: [host:6768]\n")]
    [InlineData("groups", "a # b", "  - db\n", "  - db\n  - 'a # b'\n")]
    public void Adding_an_item_keeps_the_form_of_the_list(string key, string item, string before, string after) =>
        Assert.Equal(sample.Replace(before, after), YamlEdit.Add(sample, key, item));

    [Theory]
    [InlineData("groups", "web", "  - web   # the web\n", "")]
    [InlineData("groups", "db", "  - db\n", "")]
    [InlineData("flow", "a", "[a, 'b', c]", "['b', c]")]
    [InlineData("flow", "b", "[a, 'b', c]", "[a, c]")]
    [InlineData("flow", "c", "[a, 'b', c]", "[a, 'b']")]
    [InlineData("name", "x", "name:   x ", "name:   [] ")]
    [InlineData("name", "not there", "name", "name")]
    public void Removing_an_item_keeps_the_form_of_the_list(string key, string item, string before, string after) =>
        Assert.Equal(sample.Replace(before, after), YamlEdit.Remove(sample, key, item));

    [Fact]
    public void A_list_that_gets_its_last_item_removed_stays_a_list()
    {
        var once = YamlEdit.Remove("groups:\n  - a # x\n  # why\nb: 1\n", "groups", "a");

        Assert.Equal("groups: [] # x\n  # why\nb: 1\n", once);
        Assert.Equal("groups: [b]\n  # why\n", YamlEdit.Add("groups: []\n  # why\n", "groups", "b"));
    }

    [Theory]
    [InlineData("a: [1\n")]
    [InlineData("a: &x 1\nb: *x\n", "a")]
    [InlineData("a: &x {b: 1}\nc: *x\n", "a.b")]
    public void What_cannot_be_edited_safely_is_refused(string text, string path = "a") =>
        Assert.Throws<EditRefused>(() => YamlEdit.Set(text, path.Split('.'), "2"));

    [Fact]
    public void Any_value_can_be_set_at_any_place_of_the_sample_and_reads_back()
    {
        var random = new Random(20260727);
        var paths = new[] { "name", "empty", "flow", "map.x", "map.y.z", "map.new", "text", "deep.a.b", "deep.new", "groups", "a.b.c" };
        const string letters = "ab 1:#-'\"{}[],&*!|>%@`\\~?=";
        for (var i = 0; i < 3_000; i++)
        {
            var value = new string([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => letters[random.Next(letters.Length)])]);
            var path = paths[random.Next(paths.Length)].Split('.');

            var edited = YamlEdit.Set(sample, path, value);

            var content = YamlText.Parse("", edited);
            Assert.True(content.IsReadable, $"{string.Join('.', path)} = {value}\n{edited}");
            var node = path.Aggregate((ConfigNode?)content.Documents[0], (map, key) => map![key]);
            var alone = YamlText.Parse("", value);
            var isOneValue = alone is { IsReadable: true, Problems.Count: 0, Documents: [{ Kind: not ConfigNodeKind.Map }] };
            if (!isOneValue) Assert.Equal(value, node!.Text);
            Assert.Contains("# between", edited);
            Assert.Contains("# tail", edited);
        }
    }

    [Fact]
    public void A_written_file_keeps_its_mode_and_a_link_stays_a_link()
    {
        using var directory = new TemporaryConfig();
        directory.Write("real.yml", "a: 1\n");
        File.SetUnixFileMode(directory.PathOf("real.yml"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.CreateSymbolicLink(directory.PathOf("link.yml"), "real.yml");

        EditedFile.Write(directory.PathOf("link.yml"), "a: 2\n");

        Assert.Equal("a: 2\n", File.ReadAllText(directory.PathOf("real.yml")));
        Assert.Equal("real.yml", new FileInfo(directory.PathOf("link.yml")).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(directory.PathOf("real.yml")));
        Assert.Equal(2, Directory.GetFiles(directory.Path).Length);
    }
}
