namespace OpsBro.Core.Gossip;

/// <summary>Random numbers from a seed (SplitMix64): the same run again for the same seed. Not for keys or nonces.</summary>
public sealed class Chance(ulong seed)
{
    ulong state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to one less than <paramref name="below"/>, which is at least 1.</summary>
    public int Below(int below) => (int)((Next() >> 32) * (ulong)below >> 32);

    /// <summary>A number from 0 to less than 1.</summary>
    public double Fraction() => (Next() >> 11) * (1.0 / (1ul << 53));

    /// <summary>A time from nothing to less than <paramref name="most"/>.</summary>
    public TimeSpan Within(TimeSpan most) => most * Fraction();

    /// <summary>Mixes a list (Fisher-Yates).</summary>
    public void Shuffle<T>(IList<T> list)
    {
        for (var i = list.Count - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (list[i], list[j]) = (list[j], list[i]);
        }
    }
}
