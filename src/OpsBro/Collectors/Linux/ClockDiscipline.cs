using System.Runtime.InteropServices;

namespace OpsBro.Collectors.Linux;

/// <summary>The state of the kernel's clock discipline.</summary>
/// <param name="IsSynchronized">A daemon corrects the clock and has done so lately.</param>
/// <param name="Offset">Correction still to be made.</param>
/// <param name="EstimatedError">Probable error.</param>
/// <param name="MaxError">Largest possible error.</param>
/// <param name="FrequencyPpm">Correction of the oscillator, in millionths.</param>
/// <param name="TaiOffset">TAI less UTC, in seconds.</param>
internal sealed partial record ClockDiscipline(
    bool IsSynchronized, TimeSpan Offset, TimeSpan EstimatedError, TimeSpan MaxError, double FrequencyPpm, int TaiOffset)
{
    // struct timex of a 64-bit kernel: offsets of the fields, in units of 8 bytes
    const int Size = 208, OffsetField = 1, Frequency = 2, MaxErrorField = 3, EstimatedErrorField = 4, Status = 5, TaiByte = 160;
    const int Unsynchronized = 0x40, Nanoseconds = 0x2000, ClockIsWrong = 5;

    /// <summary>Asks the kernel, which anyone may; null when it refuses (a sandbox) or this is no 64-bit Linux.</summary>
    public static ClockDiscipline? Read()
    {
        if (!OperatingSystem.IsLinux() || nint.Size != 8) return null;
        Span<long> timex = stackalloc long[Size / 8 + 8];   // room for what a later libc may add
        timex.Clear();                                       // modes = 0: only read
        var state = Ask(timex);
        return state < 0 ? null : Of(timex, state);
    }

    /// <summary>Reads what the kernel wrote.</summary>
    internal static ClockDiscipline Of(ReadOnlySpan<long> timex, int state)
    {
        var status = (int)timex[Status];
        var offset = timex[OffsetField];
        return new ClockDiscipline(
            state != ClockIsWrong && (status & Unsynchronized) == 0,
            (status & Nanoseconds) != 0 ? TimeSpan.FromTicks(offset / 100) : FromMicroseconds(offset),
            FromMicroseconds(timex[EstimatedErrorField]),
            FromMicroseconds(timex[MaxErrorField]),
            timex[Frequency] / 65536.0,
            MemoryMarshal.AsBytes(timex).Length > TaiByte + 3 ? MemoryMarshal.Read<int>(MemoryMarshal.AsBytes(timex)[TaiByte..]) : 0);
    }

    static TimeSpan FromMicroseconds(long microseconds) =>
        TimeSpan.FromTicks(Math.Clamp(microseconds, -Longest, Longest) * TimeSpan.TicksPerMicrosecond);

    const long Longest = 1_000_000_000_000;   // eleven days: more means nothing, and fits

    static unsafe int Ask(Span<long> timex)
    {
        fixed (long* start = timex) return adjtimex(start);
    }

    [LibraryImport("libc")]
    internal static unsafe partial int adjtimex(long* timex);
}
