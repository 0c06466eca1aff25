using System.Diagnostics;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Cli;

/// <summary>The program in real shells and on a real terminal.</summary>
public class ShellTests
{
    static Task<Said> Shell(string shell, params string[] args)
    {
        var start = new ProcessStartInfo(shell, args)
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["OPSBRO_DATA"] = "/nowhere";
        return RunningAgent.Run(start);
    }

    static Task<Said> Bash(string line) => Shell("bash", "-c", $$"""
        source <(opsbro completion bash)
        COMP_LINE='{{line}}' COMP_POINT=${#COMP_LINE}
        COMP_POINT=${#COMP_LINE}
        _opsbro opsbro
        printf '%s\n' "${COMPREPLY[@]}"
        """);

    [Theory]
    [InlineData("opsbro collec", "collectors\n")]
    [InlineData("opsbro agent pr", "print\n")]
    [InlineData("opsbro packs overload core.x --to-level g", "global\n")]
    [InlineData("opsbro config check /et", "\n")]
    public async Task Bash_completes(string line, string words) => Assert.Equal(words, (await Bash(line)).Output);

    [Fact]
    public async Task Bash_does_not_run_what_stands_in_a_name()
    {
        var bait = Path.GetTempFileName();
        File.Delete(bait);
        var said = await Shell("bash", "-c", $$"""
            opsbro() { [ "$1" = "[suggest]" ] && printf '%s\n' 'a::$(touch {{bait}})' a::b; }
            source <(command opsbro completion bash)
            COMP_LINE="opsbro x a::" COMP_POINT=12
            _opsbro opsbro
            printf '%s\n' "${COMPREPLY[@]}"
            """);

        Assert.Equal($"$(touch {bait})\nb\n", said.Output);
        Assert.False(File.Exists(bait));
    }

    [Fact]
    public async Task Zsh_and_fish_read_their_scripts()
    {
        var zsh = await Shell("bash", "-c", "set -o pipefail; opsbro completion zsh > $0 && zsh -n $0; s=$?; rm -f $0; exit $s", Path.GetTempFileName());
        var fish = await Shell("fish", "--no-config", "-c", "opsbro completion fish | source; complete -C 'opsbro collec'");

        Assert.Equal((0, ""), (zsh.ExitCode, zsh.Errors));
        Assert.Equal("collectors\n", fish.Output);
    }

    [Fact]
    public async Task A_terminal_is_sent_words_and_no_codes_when_no_colours_are_wanted()
    {
        var said = await Shell("script", "-qec", "NO_COLOR=1 opsbro packs list; NO_COLOR=1 opsbro nonsense", "/dev/null");

        Assert.Contains("PACK", said.Output);
        Assert.Contains("has no \"nonsense\"", said.Output);
        Assert.DoesNotContain('\e', said.Output);
    }
}
