namespace OpsBro.Platform;

/// <summary>
/// Asks one thing after the other a question that may never be answered (statfs of a mount whose server is gone). A question that hangs keeps
/// its thread; the things after it are asked on another, and it is not asked again until the first answer has come.
/// For one caller thread.
/// </summary>
/// <param name="ask">The question; called on threads of this type; must not throw.</param>
/// <param name="patience">How long one call of <see cref="Ask"/> waits for a thing that does not answer.</param>
/// <typeparam name="TAnswer">The answer.</typeparam>
internal sealed class PatientQuestions<TAnswer>(Func<string, TAnswer> ask, TimeSpan patience)
{
    /// <summary>Most things that hang in one call; those after them are asked the next time. Keeps a call within a few patiences.</summary>
    public const int MaxNewlyStuck = 3;

    /// <summary>Most threads that hang; beyond it nothing is asked until one comes back.</summary>
    public const int MaxStuck = 32;

    const int StackBytes = 256 * 1024;

    readonly Dictionary<string, Stuck> stuck = new(StringComparer.Ordinal);

    /// <summary>What does not answer, and since when.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Silent => stuck.ToDictionary(s => s.Key, s => s.Value.Since);

    /// <summary>Asks each thing; those that do not answer are missing in the result and stand in <see cref="Silent"/>.</summary>
    public Dictionary<string, TAnswer> Ask(IEnumerable<string> things, DateTimeOffset utcNow)
    {
        foreach (var (thing, place) in stuck)
            if (place.Round.HasEnded) stuck.Remove(thing);
        var answers = new Dictionary<string, TAnswer>(StringComparer.Ordinal);
        string[] rest = [.. things.Where(thing => !stuck.ContainsKey(thing))];
        for (var newlyStuck = 0; rest.Length > 0 && newlyStuck < MaxNewlyStuck && stuck.Count < MaxStuck; newlyStuck++)
        {
            var round = new Round(ask, rest);
            var answered = round.Run(patience);
            for (var i = 0; i < answered; i++) answers[rest[i]] = round.Answers[i];
            if (answered == rest.Length) break;
            stuck[rest[answered]] = new Stuck(round, utcNow);
            rest = rest[(answered + 1)..];
        }
        return answers;
    }

    sealed record Stuck(Round Round, DateTimeOffset Since);

    /// <summary>One thread that asks one thing after the other until it has asked all or is left behind.</summary>
    sealed class Round(Func<string, TAnswer> ask, string[] things)
    {
        readonly ManualResetEventSlim progress = new();
        volatile int answered;
        volatile bool isLeft, hasEnded;

        public TAnswer[] Answers { get; } = new TAnswer[things.Length];

        public bool HasEnded => hasEnded;

        /// <summary>Waits until all have answered, or one has not within the patience; returns how many have.</summary>
        public int Run(TimeSpan patience)
        {
            new Thread(Work, StackBytes) { IsBackground = true, Name = "patient" }.Start();
            while (true)
            {
                var before = answered;
                if (before == things.Length) return before;
                if (!progress.Wait(patience) && answered == before)
                {
                    isLeft = true;
                    return before;
                }
                progress.Reset();
            }
        }

        void Work()
        {
            for (var i = 0; i < things.Length && !isLeft; i++)
            {
                Answers[i] = ask(things[i]);
                if (isLeft) break;
                answered = i + 1;
                if (i + 1 == things.Length) progress.Set();
            }
            hasEnded = true;
        }
    }
}
