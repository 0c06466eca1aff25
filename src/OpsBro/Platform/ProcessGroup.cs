using System.Collections.Concurrent;
using System.Globalization;
using static OpsBro.Platform.LibcSpawn;

namespace OpsBro.Platform;

/// <summary>
/// Runs a program in a session and process group of its own and never longer than its deadline: whatever it started in that group ends
/// with it. Blocks the calling thread. Uses posix_spawn, which on Linux starts without copying the agent's memory map: a start by
/// <see cref="System.Diagnostics.Process"/> costs several times as much CPU, and its tree kill misses grandchildren that were re-parented.
/// </summary>
internal static unsafe class ProcessGroup
{
    /// <summary>Time between SIGTERM and SIGKILL at the deadline.</summary>
    public static readonly TimeSpan TermGrace = TimeSpan.FromMilliseconds(500);

    /// <summary>Time for output that helpers of a program still write when the program itself has ended.</summary>
    public static readonly TimeSpan OutputGrace = TimeSpan.FromMilliseconds(100);

    /// <summary>Time a killed program has to go. One that waits in the kernel (a dead NFS server) is left and reaped later.</summary>
    public static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks at a process where pidfd_open is missing (before Linux 5.3).</summary>
    const int LookMilliseconds = 5;

    static readonly ConcurrentDictionary<int, byte> leftBehind = new();
    static readonly RunningPrograms all = EndedWithTheAgent();

    /// <summary>Whatever runs when the agent's process ends, asked twice to stop for instance, ends with it.</summary>
    static RunningPrograms EndedWithTheAgent()
    {
        var programs = new RunningPrograms();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => programs.EndAll();
        return programs;
    }

    /// <summary>Programs that were killed and have not gone yet.</summary>
    public static int LeftBehind => leftBehind.Count;

    /// <summary>Starts a program, reads what it writes and waits for its end.</summary>
    /// <param name="start">What to start.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <param name="among">Those that are ended together when their owner stops; null for none.</param>
    public static ProgramResult Run(ProgramStart start, TimeSpan deadline, RunningPrograms? among = null)
    {
        ReapLeftBehind();
        var began = Monotonic.Now;
        var running = Spawn.Start(start, out var problem);
        if (running is not { } program)
            return new ProgramResult(ProgramEnd.NotStarted, 0, [], [], 0, Monotonic.Now - began, problem);
        all.Add(program.Pid);
        among?.Add(program.Pid);
        try
        {
            return Watch(program, start, began, deadline, among);
        }
        finally
        {
            if (program.Output >= 0) close(program.Output);
            if (program.Errors >= 0) close(program.Errors);
            if (program.Handle >= 0) close(program.Handle);
        }
    }

    static ProgramResult Watch(Spawned program, ProgramStart start, TimeSpan began, TimeSpan deadline, RunningPrograms? among)
    {
        var output = new PipeReader(program.Output, start.MaxOutput);
        var errors = new PipeReader(program.Errors, start.MaxOutput);
        var hasEnded = ReadUntilEnd(program, ref output, ref errors, began + deadline);
        var timedOut = !hasEnded;
        if (timedOut)
        {
            KillGroup(program.Pid, SigTerm);
            hasEnded = ReadUntilEnd(program, ref output, ref errors, Monotonic.Now + TermGrace);
        }
        // the leader is not reaped yet, so its number still names this group and no other
        KillGroup(program.Pid, SigKill);
        among?.Remove(program.Pid);
        all.Remove(program.Pid);
        var status = 0;
        var reaped = Reap(program, hasEnded, ref status);
        var duration = Monotonic.Now - began;
        var (end, code, problem) = (timedOut, reaped) switch
        {
            (true, true) => (ProgramEnd.TimedOut, 0, $"ended after its timeout of {Seconds(deadline)}"),
            (true, false) => (ProgramEnd.TimedOut, 0,
                $"did not end after its timeout of {Seconds(deadline)} and cannot be killed: it waits in the kernel, "
                + "for a disk or a network mount"),
            (false, false) => (ProgramEnd.Signalled, 0, "its exit code was taken by another part of the agent"),
            _ when (status & 0x7f) == 0 => (ProgramEnd.Exited, (status >> 8) & 0xff, ""),
            _ => (ProgramEnd.Signalled, status & 0x7f, $"ended by signal {status & 0x7f}"),
        };
        return new ProgramResult(end, code, output.Kept(), errors.Kept(), output.Dropped + errors.Dropped, duration, problem);
    }

    static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    /// <summary>Reads until the program has ended and its pipes are closed; false when it still runs at <paramref name="until"/>.</summary>
    static bool ReadUntilEnd(Spawned program, ref PipeReader output, ref PipeReader errors, TimeSpan until)
    {
        var polls = stackalloc Poll[3];
        var hasEnded = false;
        while (true)
        {
            var now = Monotonic.Now;
            if (hasEnded && output.IsClosed && errors.IsClosed || now >= until) return hasEnded;
            polls[0] = new Poll { Descriptor = output.Descriptor, Events = PollIn };
            polls[1] = new Poll { Descriptor = errors.Descriptor, Events = PollIn };
            polls[2] = new Poll { Descriptor = hasEnded ? -1 : program.Handle, Events = PollIn };
            var wait = (int)Math.Min(int.MaxValue, Math.Ceiling((until - now).TotalMilliseconds));
            if (!hasEnded && program.Handle < 0) wait = Math.Min(wait, LookMilliseconds);
            poll(polls, 3, wait);   // an error is EINTR: look again
            if (polls[0].Came != 0) output.Read();
            if (polls[1].Came != 0) errors.Read();
            if (hasEnded) continue;
            hasEnded = program.Handle >= 0 ? polls[2].Came != 0 : HasEndedWithoutHandle(program.Pid);
            if (!hasEnded) continue;
            // what it wrote before its end is in the pipe by now; only helpers that outlive it can keep the pipe open
            var last = Monotonic.Now + OutputGrace;
            if (last < until) until = last;
        }
    }

    /// <summary>Looks without reaping: kill(2) still finds a zombie, so /proc tells.</summary>
    static bool HasEndedWithoutHandle(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var state = stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart();
            return state.Length > 0 && state[0] is 'Z' or 'X';
        }
        catch (IOException)
        {
            return true;   // gone altogether
        }
    }

    /// <summary>Signals all of the program's group. Checked: a wrong number would hit the agent's own group, or every process.</summary>
    internal static void KillGroup(int pid, int signal)
    {
        if (pid > 1 && getpgid(pid) == pid) kill(-pid, signal);
    }

    static bool Reap(Spawned program, bool hasEnded, ref int status)
    {
        if (!hasEnded && !WaitForEnd(program, KillGrace))
        {
            leftBehind[program.Pid] = 0;
            return false;
        }
        int got, result;
        do
        {
            got = waitpid(program.Pid, &result, 0);
        }
        while (got < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Interrupted);
        status = result;
        return got == program.Pid;
    }

    static bool WaitForEnd(Spawned program, TimeSpan time)
    {
        var until = Monotonic.Now + time;
        while (Monotonic.Now < until)
        {
            if (program.Handle < 0)
            {
                if (HasEndedWithoutHandle(program.Pid)) return true;
                poll(null, 0, LookMilliseconds);
                continue;
            }
            var handle = new Poll { Descriptor = program.Handle, Events = PollIn };
            if (poll(&handle, 1, (int)Math.Ceiling((until - Monotonic.Now).TotalMilliseconds)) > 0) return true;
        }
        return false;
    }

    static void ReapLeftBehind()
    {
        if (leftBehind.IsEmpty) return;
        foreach (var pid in leftBehind.Keys)
        {
            int status;
            if (waitpid(pid, &status, NoHang) != 0) leftBehind.TryRemove(pid, out _);
        }
    }
}
