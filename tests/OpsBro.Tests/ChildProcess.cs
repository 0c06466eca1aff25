using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace OpsBro.Tests;

/// <summary>
/// Starts programs that the kernel ends with the test process, however that ends; and the test process ends with <c>dotnet test</c>. So a test
/// run that is killed leaves nothing running, whichever of its processes was killed.
/// </summary>
static class ChildProcess
{
    const string Starter = "setpriv";

    static readonly BlockingCollection<Action> starts = [];

    static ChildProcess()
    {
        new Thread(StartAll) { IsBackground = true, Name = "child processes" }.Start();
        new Thread(EndWithParents) { IsBackground = true, Name = "parents" }.Start();
    }

    /// <summary>Starts a program; as <see cref="Process.Start(ProcessStartInfo)"/> does, it throws when there is none of that name.</summary>
    /// <param name="start">What to start.</param>
    /// <param name="signal">What the kernel ends it with: TERM for a program that must end others.</param>
    public static Process Start(ProcessStartInfo start, string signal = "KILL")
    {
        if (start.FileName != Starter)   // else it has been here before
        {
            if (!IsThere(start.FileName)) throw new Win32Exception($"there is no {start.FileName}");
            string[] before = ["--pdeathsig", signal, start.FileName];
            for (var i = 0; i < before.Length; i++) start.ArgumentList.Insert(i, before[i]);
            start.FileName = Starter;
        }
        var started = new TaskCompletionSource<Process>();
        starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e) when (e is Win32Exception or InvalidOperationException)
            {
                started.SetException(e);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    static bool IsThere(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));

    /// <summary>The kernel takes the thread that starts a program for its parent, so it is one that stays to the end.</summary>
    static void StartAll()
    {
        foreach (var start in starts.GetConsumingEnumerable()) start();
    }

    /// <summary>The parent is the console of tests, and the parent of that is <c>dotnet test</c>, whose end the console does not notice.</summary>
    static void EndWithParents()
    {
        for (var parents = Parents(); Parents() == parents;) Thread.Sleep(1_000);
        Process.GetCurrentProcess().Kill();
    }

    static (string Parent, string Grandparent) Parents()
    {
        var parent = ParentOf("self");
        return (parent, ParentOf(parent));
    }

    /// <summary>proc_pid_stat(5): number, (name), state, parent.</summary>
    static string ParentOf(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ')[1];
        }
        catch (IOException)
        {
            return "gone";
        }
    }
}
