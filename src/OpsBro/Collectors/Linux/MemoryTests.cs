using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class MemoryTests
{
    [Fact]
    public void Every_field_comes_in_lower_case_with_the_sums_beside_it()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new Memory());

        Assert.Equal(213044, data.Number("memfree"));
        Assert.Equal(660384, data.Number("active(anon)"));
        Assert.Equal(3880192, data.Number("phys_total"));
        Assert.Equal(213044 + 2108 + 2087560 + 258940, data.Number("phys_free"));
        Assert.Equal(2211340, data.Number("phys_available"));
        Assert.Equal(100 * (3880192 - 2211340) / 3880192.0, data.Number("used"), 6);
        Assert.Equal(100 * (2097148 - 1992188) / 2097148.0, data.Number("swap_used"), 6);
    }

    [Fact]
    public void Without_swap_none_is_used()
    {
        using var host = new RecordedHost("4.19");

        var data = host.Run(new Memory());

        Assert.Equal(0, data.Number("swap_total"));
        Assert.Equal(0, data.Number("swap_used"));
    }

    [Fact]
    public void A_kernel_before_3_14_has_no_estimate_of_what_is_available()
    {
        var memory = Memory.Parse("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 250 kB\n"u8);

        Assert.Equal(400, memory.Available);
        Assert.Equal(400, memory.Reclaimable);
    }

    [Fact]
    public void A_text_without_the_total_is_refused() =>
        Assert.Throws<FormatException>(() => Memory.Parse("MemFree: 100 kB\n"u8));

    [Fact]
    public void Reading_and_parsing_allocates_nothing()
    {
        using var host = new RecordedHost("6.1");
        Memory.Parse(host.Files.Read("/proc/meminfo"));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Memory.Parse(host.Files.Read("/proc/meminfo"));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
