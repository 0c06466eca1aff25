namespace OpsBro.Core.Expressions;

/// <summary>
/// Sorts as Python's sorted() does: stable, by <c>&lt;</c> alone. Up to 63 items the steps are CPython's own (a run, then binary insertion),
/// so that even lists with NaN, which have no order, come out the same.
/// </summary>
static class Sorting
{
    /// <summary>Lists shorter than this are one run of CPython's sort.</summary>
    const int MinMerge = 64;

    /// <summary>A sorted copy.</summary>
    /// <exception cref="ExpressionException">TypeError: two items have no order.</exception>
    public static List<Value> Sort(List<Value> items, bool reverse)
    {
        Value[] sorted = [.. items];
        // reversed before and after: equal items keep their order
        if (reverse) Array.Reverse(sorted);
        Sort(sorted.AsSpan());
        if (reverse) Array.Reverse(sorted);
        return [.. sorted];
    }

    static bool IsLess(Value left, Value right) => Comparison.Order(Comparator.Less, left, right);

    static void Sort(Span<Value> items)
    {
        if (items.Length < MinMerge)
        {
            Insert(items, Run(items));
            return;
        }
        var half = items.Length / 2;
        Sort(items[..half]);
        Sort(items[half..]);
        Merge(items, items[..half].ToArray());
    }

    /// <summary>The length of the ordered part at the begin; a falling one is turned round.</summary>
    static int Run(Span<Value> items)
    {
        if (items.Length < 2) return items.Length;
        var length = 2;
        if (IsLess(items[1], items[0]))
        {
            while (length < items.Length && IsLess(items[length], items[length - 1])) length++;
            items[..length].Reverse();
        }
        else
        {
            while (length < items.Length && !IsLess(items[length], items[length - 1])) length++;
        }
        return length;
    }

    static void Insert(Span<Value> items, int ordered)
    {
        for (; ordered < items.Length; ordered++)
        {
            var item = items[ordered];
            var (left, right) = (0, ordered);
            while (left < right)
            {
                var middle = left + (right - left) / 2;
                if (IsLess(item, items[middle])) right = middle;
                else left = middle + 1;
            }
            items[left..ordered].CopyTo(items[(left + 1)..]);
            items[left] = item;
        }
    }

    /// <summary>Merges the first half, given as a copy, with the second half in place.</summary>
    static void Merge(Span<Value> items, Value[] first)
    {
        var (from, second, to) = (0, first.Length, 0);
        while (from < first.Length && second < items.Length)
            items[to++] = IsLess(items[second], first[from]) ? items[second++] : first[from++];
        first.AsSpan(from).CopyTo(items[to..]);
    }
}
