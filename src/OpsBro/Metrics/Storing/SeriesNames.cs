using System.Text;

namespace OpsBro.Metrics.Storing;

/// <summary>Names of series and their numbers, from 0 on. Changed under the store's lock, read by many threads.</summary>
internal sealed class SeriesNames
{
    readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    string[] names = new string[64];
    int count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>The name of a series.</summary>
    public string this[int series] => Volatile.Read(ref names)[series];

    /// <summary>The number of a name; -1 for none.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[512];
        if (name.Length > text.Length) return -1;
        var length = Encoding.UTF8.GetChars(name, text);
        return numbers.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out var series) ? series : -1;
    }

    /// <summary>The number of a name, which is new or known.</summary>
    public int Add(string name)
    {
        if (numbers.TryGetValue(name, out var known)) return known;
        if (count == names.Length) Array.Resize(ref names, names.Length * 2);
        names[count] = name;
        numbers.Add(name, count);
        Volatile.Write(ref count, count + 1);
        return count - 1;
    }
}
