using OpsBro.Cli;

namespace OpsBro.Tests.Cli;

public class TerminalTableTests
{
    static readonly string[][] rows = [["a", "long value", "x"], ["longer", "v", "y y"]];

    [Fact]
    public void A_person_sees_aligned_columns_and_no_word_is_lost()
    {
        var output = new StringWriter();
        var terminal = new Terminal(output, TextWriter.Null, isInteractive: true, hasColour: false);

        terminal.Table(["NAME", "VALUE", "REST"], rows);

        Assert.Equal("NAME    VALUE       REST\na       long value  x\nlonger  v           y y\n", output.ToString());
    }

    [Fact]
    public void Colours_do_not_count_as_width()
    {
        var output = new StringWriter();
        var terminal = new Terminal(output, TextWriter.Null, isInteractive: true, hasColour: true);

        terminal.Table(["A", "B"], [[terminal.Paint(Tone.Good, "ok"), "x"], ["good", "y"]]);

        Assert.EndsWith("\e[32mok\e[0m    x\ngood  y\n", output.ToString());
    }

    [Fact]
    public void A_program_sees_tabs()
    {
        var output = new StringWriter();
        var terminal = new Terminal(output, TextWriter.Null, isInteractive: false, hasColour: false);

        terminal.Table(["NAME", "VALUE", "REST"], rows);

        Assert.Equal("NAME\tVALUE\tREST\na\tlong value\tx\nlonger\tv\ty y\n", output.ToString());
    }

    [Fact]
    public void A_locale_without_utf8_gets_our_own_signs_in_ascii_and_names_as_they_are()
    {
        var output = new StringWriter();
        var terminal = new Terminal(output, TextWriter.Null, isInteractive: false, hasColour: false) { IsUtf8 = false };

        terminal.Line("groups → [\"café\", …]");

        Assert.Equal("groups -> [\"café\", ...]\n", output.ToString());
    }
}
