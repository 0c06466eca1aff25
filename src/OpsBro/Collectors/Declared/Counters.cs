using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>One entry of <c>counters:</c>.</summary>
/// <param name="Path">Parts of the counter's path; <c>*</c> is any one part.</param>
/// <param name="Names">Keys of the rate, beside the counter; most often one, <c>KEY/s</c>.</param>
internal sealed record Counter(IReadOnlyList<string> Path, IReadOnlyList<string> Names)
{
    /// <summary>The key of the rate when the operator names none: the counter's own with <c>/s</c>.</summary>
    public static string RateOf(string key) => key + "/s";
}

/// <summary>Writes the rates of counters into a tree that was just read and is not published yet.</summary>
internal sealed class Counters(IReadOnlyList<Counter> counters)
{
    readonly Rates rates = new();
    TimeSpan last;

    /// <summary>Adds <c>KEY/s</c> beside each counter. The first run, and the one after a reset, gives none.</summary>
    public void AddRates(DictValue tree, TimeSpan now)
    {
        foreach (var counter in counters) Walk(tree, counter, 0, "", now);
        rates.DropBefore(last);   // a row that was in neither of the last two runs
        last = now;
    }

    void Walk(DictValue dict, Counter counter, int depth, string path, TimeSpan now)
    {
        var part = counter.Path[depth];
        if (part == "*")
            foreach (var key in dict.Entries.Select(entry => entry.Key.AsString).ToList())
                Step(dict, key, counter, depth, path, now);
        else Step(dict, part, counter, depth, path, now);
    }

    void Step(DictValue dict, string key, Counter counter, int depth, string path, TimeSpan now)
    {
        if (!dict.TryGet(key, out var value)) return;
        var here = $"{path}.{key}";
        if (depth < counter.Path.Count - 1)
        {
            if (value.Kind == ValueKind.Dict) Walk(value.AsDict, counter, depth + 1, here, now);
            return;
        }
        if (!value.IsNumber || rates.Next(here, value.ToDouble(), now) is not { } rate) return;
        var names = counter.Names.Count > 0 ? counter.Names : [Counter.RateOf(key)];
        foreach (var name in names) dict[name] = Value.Of(rate);
    }
}
