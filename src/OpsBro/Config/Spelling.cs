namespace OpsBro.Config;

/// <summary>Finds the word that was probably meant: <see cref="Core.Spelling"/> under the name that the process uses.</summary>
internal static class Spelling
{
    /// <summary><c> (did you mean "x"?)</c>, or nothing when no known word is near.</summary>
    public static string Hint(string word, IEnumerable<string> known) => Core.Spelling.Hint(word, known);

    /// <summary>The known word with the least edits; null when none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> known) => Core.Spelling.Nearest(word, known);
}
