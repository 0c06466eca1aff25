namespace OpsBro.Core;

/// <summary>Finds the word that was probably meant.</summary>
public static class Spelling
{
    /// <summary>Longest word that is compared; longer ones are no slips of the keyboard.</summary>
    const int MaxWord = 64;

    /// <summary><c> (did you mean "x"?)</c>, or nothing when no known word is near.</summary>
    public static string Hint(string word, IEnumerable<string> known) =>
        Nearest(word, known) is { } nearest ? $" (did you mean \"{nearest}\"?)" : "";

    /// <summary>The known word with the least edits, at most a third of the word's length (and at least 1); null when none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        if (word.Length > MaxWord) return null;
        var most = Math.Max(1, word.Length / 3);
        string? nearest = null;
        foreach (var candidate in known)
        {
            if (Math.Abs(candidate.Length - word.Length) > most) continue;
            var edits = Edits(word.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (edits > most) continue;
            most = edits - 1;
            nearest = candidate;
        }
        return nearest;
    }

    /// <summary>Damerau-Levenshtein distance, restricted form: a swap of neighbours is one edit.</summary>
    static int Edits(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) table[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                table[i, j] = Math.Min(Math.Min(table[i - 1, j] + 1, table[i, j - 1] + 1), table[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }
        return table[a.Length, b.Length];
    }
}
