using OpsBro.Core.Gossip;

namespace OpsBro.Gossip.Keys;

/// <summary>What became of one command about keys on all members.</summary>
/// <param name="Done">Members that carried it out.</param>
/// <param name="Failed">Members that could not, and what they say.</param>
/// <param name="Missing">Members that are alive and did not answer.</param>
/// <param name="Keys">Of a list: keys in base64, and how many members have each.</param>
/// <param name="PrimaryKeys">The same of the primary keys.</param>
/// <param name="Notes">What members say besides, by name.</param>
internal sealed record KeyRound(
    IReadOnlyList<string> Done, IReadOnlyDictionary<string, string> Failed, IReadOnlyList<string> Missing, IReadOnlyDictionary<string, int> Keys,
    IReadOnlyDictionary<string, int> PrimaryKeys, IReadOnlyDictionary<string, string> Notes)
{
    /// <summary>Members named in a message.</summary>
    public const int MaxNamed = 5;

    /// <summary>True when every member did it.</summary>
    public bool IsWhole => Failed.Count == 0 && Missing.Count == 0;

    /// <summary>Members that were asked.</summary>
    public int Nodes => Done.Count + Failed.Count + Missing.Count;

    /// <summary>Who did not do it and why; empty when all did.</summary>
    public string Gap => string.Join("; ", ((string[])
    [
        Missing.Count > 0 ? $"no answer from {Named(Missing)}" : "",
        .. Failed.OrderBy(f => f.Key, StringComparer.Ordinal).Take(MaxNamed).Select(f => $"{f.Key}: {f.Value}"),
        Failed.Count > MaxNamed ? $"{Failed.Count - MaxNamed} more could not" : "",
    ]).Where(part => part.Length > 0));

    /// <summary>Names parted by commas, not too many.</summary>
    public static string Named(IReadOnlyCollection<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal).Take(MaxNamed))
        + (names.Count > MaxNamed ? $" and {names.Count - MaxNamed} more" : "");
}

/// <summary>
/// Asks all members about keys, and again those that are silent: answers are datagrams, and a lost one must not stop a rotation. What is
/// asked may be asked twice.
/// </summary>
/// <param name="ask">Asks all members once; the error when that cannot be done.</param>
/// <param name="members">The members as they are now.</param>
internal sealed class KeyQuestions(
    Func<KeyCommand, byte[], Task<(string? Error, KeysNews? Answers)>> ask, Func<Task<IReadOnlyList<Member>>> members)
{
    /// <summary>How often silent members are asked.</summary>
    public const int MaxTries = 3;

    /// <summary>The questions of a pool.</summary>
    public static KeyQuestions To(GossipPool pool) => new(pool.AskKeys, async () => (await pool.Members()).Members);

    /// <summary>The members as they are now.</summary>
    public Task<IReadOnlyList<Member>> Members() => members();

    /// <summary>Has all members do it.</summary>
    /// <param name="command">What.</param>
    /// <param name="key">With which key.</param>
    /// <param name="tries">How often silent members are asked.</param>
    /// <param name="expected">Members that must do it although they fail meanwhile.</param>
    /// <exception cref="KeyRefusedException">This node cannot even ask.</exception>
    public async Task<KeyRound> Ask(KeyCommand command, byte[] key, int tries = MaxTries, IReadOnlyCollection<string>? expected = null)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var failed = new Dictionary<string, string>(StringComparer.Ordinal);
        var notes = new Dictionary<string, string>(StringComparer.Ordinal);
        KeysNews? fullest = null;
        for (var i = 1; ; i++)
        {
            var (error, news) = await ask(command, key);
            if (error is not null || news is null) throw new KeyRefusedException(error ?? "the gossip does not answer");
            if (fullest is null || news.Answered > fullest.Answered) fullest = news;
            foreach (var name in news.From)
            {
                if (news.Errors > 0 && news.Messages.TryGetValue(name, out var why))
                {
                    done.Remove(name);
                    failed[name] = why;
                }
                else
                {
                    failed.Remove(name);
                    done.Add(name);
                    if (news.Messages.TryGetValue(name, out var said)) notes[name] = said;
                }
            }
            var silent = (await members())
                .Where(m => m.Status == MemberStatus.Alive || (m.Status == MemberStatus.Failed && expected?.Contains(m.Name) == true))
                .Select(m => m.Name).Where(name => !done.Contains(name) && !failed.ContainsKey(name)).ToList();
            if (silent.Count == 0 || i >= tries)
                return new KeyRound([.. done.Order(StringComparer.Ordinal)], failed, silent, fullest.Keys, fullest.PrimaryKeys, notes);
        }
    }
}

/// <summary>A command about keys could not even be asked; the message says why.</summary>
internal sealed class KeyRefusedException(string message) : Exception(message);
