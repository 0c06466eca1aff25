using OpsBro.Platform;

namespace OpsBro.Tests.Platform;

public class ProcessGroupTests
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    static ProgramResult Shell(string script, TimeSpan? deadline = null) =>
        ProcessGroup.Run(new ProgramStart("/bin/sh", "-c", script), deadline ?? patience);

    /// <summary>Runs a script that never ends until its deadline; a longer one when the machine was too busy for it to say what it says first.</summary>
    static ProgramResult TooLong(string script, int lines)
    {
        for (var deadline = TimeSpan.FromMilliseconds(300); ; deadline *= 4)
        {
            var result = Shell(script, deadline);
            if (result.Output.Count(c => c == '\n') >= lines || deadline > patience) return result;
        }
    }

    /// <summary>SIGKILL is delivered when the kernel gets to it: gone means gone soon.</summary>
    static bool IsGone(string pid) => SpinWait.SpinUntil(() => !IsRunning(pid), patience);

    static bool IsRunning(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    [Fact]
    public void Output_and_exit_code_come_back()
    {
        var result = Shell("echo out; echo err >&2; exit 3");

        Assert.Equal(ProgramEnd.Exited, result.End);
        Assert.Equal(3, result.Code);
        Assert.Equal("out\nerr\n", result.Output);
        Assert.Equal("", result.Problem);
    }

    [Fact]
    public void Errors_can_be_kept_apart()
    {
        var result = ProcessGroup.Run(new ProgramStart("/bin/sh", "-c", "echo out; echo err >&2") { KeepsErrorsApart = true }, patience);

        Assert.Equal("out\n", result.Output);
        Assert.Equal("err\n", result.Errors);
    }

    [Theory, InlineData(1), InlineData(200_000)]
    public void Input_reaches_the_program_whole(int bytes)
    {
        var input = Enumerable.Range(0, bytes).Select(i => (byte)('a' + i % 26)).ToArray();

        var result = ProcessGroup.Run(new ProgramStart("/bin/cat") { Input = input, MaxOutput = bytes }, patience);

        Assert.Equal(input, result.OutputBytes);
    }

    [Fact]
    public void A_program_need_not_read_its_input()
    {
        var result = ProcessGroup.Run(new ProgramStart("/bin/true") { Input = new byte[200_000] }, patience);

        Assert.True(result.IsSuccess);
    }

    [Fact]
    public void Arguments_reach_the_program_as_they_are()
    {
        var result = ProcessGroup.Run(new ProgramStart("printf", "<%s>", "a b", "$(id)", "; ls", "é", ""), patience);

        Assert.Equal("<a b><$(id)><; ls><é><>", result.Output);
    }

    [Fact]
    public void The_program_gets_the_environment_that_was_given_and_no_other()
    {
        var result = ProcessGroup.Run(new ProgramStart(["/usr/bin/env"], ["A=1", "B=two words"]), patience);

        Assert.Equal("A=1\nB=two words\n", result.Output);
    }

    [Fact]
    public void The_program_leads_its_own_session_reads_nothing_and_holds_no_other_descriptor()
    {
        var result = Shell("ls /proc/self/fd; readlink /proc/$$/fd/0; cut -d' ' -f1,5,6 /proc/$$/stat");

        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["0", "1", "2", "3", "/dev/null"], lines[..5]);   // 3 is the directory that ls itself reads
        var numbers = lines[5].Split(' ');
        Assert.Equal(numbers[0], numbers[1]);
        Assert.Equal(numbers[0], numbers[2]);
    }

    [Fact]
    public void Signals_that_dotnet_ignores_are_not_ignored_by_the_program()
    {
        var result = Shell("grep -E '^Sig(Blk|Ign)' /proc/self/status");

        var masks = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => Convert.ToUInt64(l.Split('\t')[1], 16));
        Assert.All(masks, mask => Assert.Equal(0u, mask & 0x7fffffff));   // 32 and 33 are libc's own
    }

    [Fact]
    public void A_program_that_is_ended_by_a_signal_says_so()
    {
        var result = Shell("kill -SEGV $$");

        Assert.Equal(ProgramEnd.Signalled, result.End);
        Assert.Equal("ended by signal 11", result.Problem);
    }

    [Fact]
    public void A_program_that_takes_too_long_ends_with_its_grandchildren_and_keeps_what_it_said()
    {
        var result = TooLong("echo begun; (sh -c 'trap \"\" TERM; echo $$; exec sleep 1000' &); sleep 1000", lines: 2);

        Assert.Equal(ProgramEnd.TimedOut, result.End);
        var lines = result.Output.Split('\n');
        Assert.Equal("begun", lines[0]);
        Assert.True(IsGone(lines[1]), $"grandchild {lines[1]} still runs");
        Assert.Matches("^ended after its timeout of [0-9.]+ s$", result.Problem);
    }

    [Fact]
    public void A_program_that_ignores_the_first_signal_is_killed()
    {
        var result = TooLong("trap '' TERM; echo $$; while :; do sleep 0.05; done", lines: 1);

        Assert.Equal(ProgramEnd.TimedOut, result.End);
        Assert.True(IsGone(result.Output.Trim()));
    }

    [Fact]
    public void A_helper_that_outlives_its_program_and_holds_the_pipe_does_not_hold_the_caller()
    {
        var result = Shell("sleep 1000 & echo $!; exit 1");

        Assert.Equal(ProgramEnd.Exited, result.End);
        Assert.Equal(1, result.Code);
        Assert.True(IsGone(result.Output.Trim()));
    }

    [Fact]
    public void A_program_that_closes_its_output_is_waited_for()
    {
        var result = Shell("exec >&- 2>&-; sleep 0.2; exit 2");

        Assert.Equal(2, result.Code);
        Assert.True(result.Duration >= TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void A_flood_of_output_is_cut_and_counted()
    {
        var result = Shell("head -c 3000000 /dev/zero");

        Assert.Equal(0, result.Code);
        Assert.Equal(ProgramStart.DefaultMaxOutput, result.OutputBytes.Length);
        Assert.Equal(3_000_000 - ProgramStart.DefaultMaxOutput, result.Dropped);
    }

    [Fact]
    public void An_endless_flood_ends_at_the_deadline()
    {
        var result = Shell("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", TimeSpan.FromMilliseconds(300));

        Assert.Equal(ProgramEnd.TimedOut, result.End);
        Assert.True(result.OutputBytes.Length <= ProgramStart.DefaultMaxOutput);
    }

    [Theory]
    [InlineData("/nowhere/check_it", "/nowhere/check_it does not exist")]
    [InlineData("check_it_not", "no program \"check_it_not\" in PATH")]
    [InlineData("/etc/passwd", "/etc/passwd may not be executed by this user")]
    [InlineData("/etc", "/etc is a directory, not a program")]
    [InlineData("", "there is no program to start")]
    public void A_program_that_cannot_be_started_is_named_with_the_reason(string program, string problem)
    {
        var result = ProcessGroup.Run(new ProgramStart(program), patience);

        Assert.Equal(ProgramEnd.NotStarted, result.End);
        Assert.StartsWith(problem, result.Problem);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_named()
    {
        var result = ProcessGroup.Run(new ProgramStart("/bin/true") { Directory = "/nowhere" }, patience);

        Assert.Equal("/nowhere is not a directory: /bin/true cannot be started there", result.Problem);
    }

    [Fact]
    public void Many_runs_leave_no_descriptor_and_no_zombie()
    {
        ProcessGroup.Run(new ProgramStart("/bin/true"), patience);
        var mine = $"{Environment.ProcessId}";
        // other tests of this process open descriptors too: pipes and pidfds are what this one would leak
        int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Count(f => new FileInfo(f).LinkTarget is { } target && target.Contains("pidfd"));

        for (var i = 0; i < 100; i++) ProcessGroup.Run(new ProgramStart("/bin/true"), patience);

        var zombies = Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])).Count(d =>
        {
            try
            {
                var fields = File.ReadAllText($"{d}/stat").Split(") ")[^1].Split(' ');
                return fields[0] == "Z" && fields[1] == mine && File.ReadAllText($"{d}/comm").Trim() == "true";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;   // ended between the listing and the reading
            }
        });
        Assert.Equal(0, zombies);
        Assert.InRange(Descriptors(), 0, 16);
        Assert.Equal(0, ProcessGroup.LeftBehind);
    }

    [Fact]
    public void Programs_run_side_by_side()
    {
        var results = new ProgramResult[40];

        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            for (var i = t; i < results.Length; i += 8) results[i] = Shell($"echo {i}; exit {i}");
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        for (var i = 0; i < results.Length; i++)
        {
            Assert.Equal($"{i}\n", results[i].Output);
            Assert.Equal(i, results[i].Code);
        }
    }

    [Fact]
    public void The_programs_of_an_owner_that_stops_end_with_it()
    {
        var owned = new RunningPrograms();
        ProgramResult? result = null;
        var thread = new Thread(() => result = ProcessGroup.Run(new ProgramStart("/bin/sleep", "1000"), patience, owned));
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => owned.Count == 1, patience));

        owned.EndAll();
        thread.Join();
        var late = ProcessGroup.Run(new ProgramStart("/bin/sleep", "1000"), patience, owned);

        Assert.Equal((ProgramEnd.Signalled, 9), (result!.End, result.Code));
        Assert.Equal((ProgramEnd.Signalled, 9), (late.End, late.Code));
        Assert.Equal(0, owned.Count);
    }
}
