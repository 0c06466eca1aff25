using System.Globalization;
using System.Text;
using OpsBro.Tests.Metrics;

namespace OpsBro.Tests.Killing;

/// <summary>
/// This assembly run as a program that only keeps many series, so that what they take in memory can be told from what tests beside take:
/// <c>opsbro-tests store-memory SERIES SLOTS PAUSE</c>. Says the most bytes of heap and of resident memory a series that were in use; with
/// a pause between two slots, in milliseconds, it collects no garbage by itself.
/// </summary>
static class MemoryChild
{
    /// <summary>The argument that makes a program of it.</summary>
    public const string Verb = "store-memory";

    /// <summary>Slots between two looks.</summary>
    const int LookEvery = 20;

    /// <summary>Takes a point of every series each ten seconds of a clock that runs ahead.</summary>
    public static int Run(string[] args)
    {
        var (series, slots, pause) = (Number(args[1]), Number(args[2]), Number(args[3]));
        using var rig = new StoreRig();
        var store = rig.Store;
        var source = store.Source("test");
        rig.Add("one", rig.Clock.Seconds, 1);
        store.Round(isThorough: true);
        var (heapBefore, residentBefore) = (GC.GetTotalMemory(forceFullCollection: true), Resident("VmRSS:"));
        var names = Enumerable.Range(0, series).Select(i => Encoding.UTF8.GetBytes($"servers.rack{i / 1000}.host{i / 50}.metric{i % 50}.value")).ToArray();
        var given = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;   // the sender's, not the store's
        var (heap, resident) = (0L, 0L);
        for (var slot = 0; slot < slots; slot++)
        {
            rig.Clock.Time += TimeSpan.FromSeconds(10);
            using (var batch = store.Batch(source))
                foreach (var name in names) batch.Add(name, rig.Clock.Seconds, slot * 0.25);
            store.Round();
            if (slot % LookEvery != LookEvery - 1 && pause == 0) continue;
            heap = Math.Max(heap, GC.GetTotalMemory(forceFullCollection: pause == 0) - heapBefore - given);
            resident = Math.Max(resident, Resident("VmRSS:") - residentBefore - given);
            if (pause > 0) Thread.Sleep(pause);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{heap / series} {resident / series} {store.Status().MemoryBytes / series}"));
        return 0;
    }

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    static long Resident(string what) => 1024L * long.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith(what, StringComparison.Ordinal))[what.Length..].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);
}
