using OpsBro.Collectors.Declared.Formats;

namespace OpsBro.Tests.Collectors;

public class CsvTextTests
{
    static readonly CsvOptions plain = new(',', [], []);

    [Theory]
    [InlineData("a,b\n1,x\n2,\n", "0.a=1 0.b='x' 1.a=2")]
    [InlineData("a,b\r\n\"1,5\",\"say \"\"hi\"\"\"\r\n\r\n\"line\nend\",2", "0.a='1,5' 0.b='say \"hi\"' 1.a='line\nend' 1.b=2")]
    [InlineData("a,b\n1,2,\n", "0.a=1 0.b=2")]
    [InlineData("a\n", "")]
    public void Rows_are_numbered_without_a_key(string text, string tree) => Assert.Equal(tree, CsvText.Read(text, plain).Flat());

    [Fact]
    public void Key_columns_name_the_rows_as_in_the_table_of_haproxy()
    {
        const string table = "# pxname,svname,scur,status,\nweb,FRONTEND,3,OPEN,\nweb,node1,1,UP,\n";

        var tree = CsvText.Read(table, plain with { Key = ["pxname", "svname"] });

        Assert.Equal(3, tree.At("web", "FRONTEND", "scur").AsInt);
        Assert.Equal("UP", tree.At("web", "node1", "status").AsString);
    }

    [Fact]
    public void Names_can_be_given_and_the_separator_chosen()
    {
        var tree = CsvText.Read("eth0;10\neth1;20\n", new CsvOptions(';', ["nic", "bytes"], ["nic"]));

        Assert.Equal("eth0.nic='eth0' eth0.bytes=10 eth1.nic='eth1' eth1.bytes=20", tree.Flat());
    }

    [Theory]
    [InlineData("", "line 1, column 1: the answer is empty")]
    [InlineData("a,b\n1,\"x\n", "line 2, column 3: a quote that is never closed")]
    [InlineData("a,b\n\"1\"x,2", "line 2, column 4: \"x\" after a closing quote")]
    [InlineData("a,b\n1,2,3\n", "line 2, column 5: field 3 of a row; the table has 2 columns")]
    public void What_is_no_table_is_named_with_its_place(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => CsvText.Read(text, plain)).Message);

    [Fact]
    public void A_missing_key_column_is_named_with_those_that_are_there()
    {
        var error = Assert.Throws<FormatException>(() => CsvText.Read("a,b\n1,2", plain with { Key = ["c"] }));

        Assert.Equal("line 1, column 1: no column \"c\"; the columns are a, b", error.Message);
    }
}
