namespace OpsBro.Core.TimeSeries;

/// <summary>Slots of a fine step into slots of a coarser one, whose step is a multiple of it.</summary>
public static class Rollup
{
    /// <summary>A hundred additions are off by less than that share of their sum.</summary>
    const double RoundingError = 1.0 / (1L << 46);

    /// <summary>Decimals with more digits are near to any number: then nearness says nothing.</summary>
    const double MaxDecimal = 1e10;

    /// <summary>Makes <paramref name="coarse"/> the run of coarse slots that covers a fine run.</summary>
    /// <exception cref="ArgumentException">The coarse step is not a multiple of the fine one.</exception>
    public static void Into(SlotBlock fine, int step, SlotBlock coarse)
    {
        if (step < fine.Step || step % fine.Step != 0) throw new ArgumentException($"a step of {step} s is not a multiple of {fine.Step} s");
        var start = Align(fine.Start, step);
        coarse.Reset(start, step, (int)((fine.End - start + step - 1) / step));
        Merge(fine, coarse);
    }

    /// <summary>Merges fine slots, which must be later than what is there, into the coarse slots that hold them; those outside are left out.</summary>
    public static void Merge(SlotBlock fine, SlotBlock coarse)
    {
        for (var i = 0; i < fine.Length; i++)
        {
            if (fine.Counts[i] <= 0) continue;
            var slot = (Align(fine.Start + ((long)i * fine.Step), coarse.Step) - coarse.Start) / coarse.Step;
            if (slot >= 0 && slot < coarse.Length) coarse.Merge((int)slot, fine[i]);
        }
        for (var i = 0; i < coarse.Length; i++)
        {
            if (coarse.Counts[i] > 1) coarse.Sum[i] = WithoutRoundingErrors(coarse.Sum[i]);
        }
    }

    /// <summary>
    /// The decimal that a sum of decimals would be but for the rounding of each addition (0.1 + 0.2 is 0.30000000000000004); the sum itself when
    /// none is that near. A chunk tells a decimal in two bytes, and the other in seven.
    /// </summary>
    internal static double WithoutRoundingErrors(double sum)
    {
        var size = Math.Abs(sum);
        foreach (var power in (ReadOnlySpan<double>)[1, 10, 100, 1000, 10_000])
        {
            if (!(size * power < MaxDecimal)) return sum;
            var near = Math.Round(sum * power) / power;
            if (Math.Abs(near - sum) <= size * RoundingError) return near;
        }
        return sum;
    }

    /// <summary>The start of the slot that a time is in; also before 1970.</summary>
    public static long Align(long at, int step) => at - (((at % step) + step) % step);
}
