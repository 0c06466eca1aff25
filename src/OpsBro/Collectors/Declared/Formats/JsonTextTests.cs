using System.Text;
using OpsBro.Collectors.Declared.Formats;

namespace OpsBro.Tests.Collectors;

public class JsonTextTests
{
    [Theory]
    [InlineData("""{"a": 1, "b": {"c": 2.5, "d": true}, "e": "x", "f": null}""", "a=1 b.c=2.5 b.d=True e='x' f=None")]
    [InlineData("""{"n": 123456789012345678901234567890, "m": 1e3, "k": -7}""", "n=123456789012345678901234567890 m=1000.0 k=-7")]
    [InlineData("""{"queue.deferred": 4, "a": [1, {"b": 2}]}""", "queue_deferred=4 a[0]=1 a[1].b=2")]
    [InlineData("[1, 2]", "items[0]=1 items[1]=2")]
    [InlineData("42", "value=42")]
    [InlineData("\uFEFF{\"a\": \"é\"}", "a='é'")]
    [InlineData("""{"a": 1, "a": 2}""", "a=2")]
    [InlineData("{}", "")]
    public void Every_kind_of_value_is_read(string json, string tree) => Assert.Equal(tree, Read(json).Flat());

    [Theory]
    [InlineData("", "line 1, column 1: not JSON")]
    [InlineData("{\n \"a\": tru\n}", "line 2, column 10: not JSON")]
    [InlineData("{\"a\": 1} x", "line 1, column 10: not JSON")]
    [InlineData("{\"a\":\n  1e999}", "line 2, column 3: a number that is too large")]
    [InlineData("{\n\"a\": \"\\ud800\"}", "line 2, column 6: a text that is not Unicode")]
    [InlineData("<html>", "line 1, column 1: not JSON: '<' is an invalid start of a value")]
    public void What_is_no_json_is_named_with_its_place(string json, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => Read(json)).Message);

    [Fact]
    public void Depth_and_number_of_values_are_limited()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 5000));
        var wide = $"[{string.Join(',', Enumerable.Repeat("1", FormatTree.MaxValues + 1))}]";

        Assert.Contains("depth", Assert.Throws<FormatException>(() => Read(deep)).Message);
        Assert.Contains("more than 20000 values", Assert.Throws<FormatException>(() => Read(wide)).Message);
    }

    [Fact]
    public void Long_texts_and_keys_are_cut()
    {
        var tree = Read($"{{\"{new string('k', 1000)}\": \"{new string('v', 9000)}\"}}");

        var (key, value) = Assert.Single(tree.Entries);
        Assert.Equal(FormatTree.MaxKey, key.AsString.Length);
        Assert.Equal(FormatTree.MaxText, value.AsString.Length);
    }

    static Core.Expressions.DictValue Read(string json) => JsonText.Read(Encoding.UTF8.GetBytes(json));
}
