using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>The clients: each asks, waits for the answer, thinks, and asks again.</summary>
sealed partial class KeyValueSimulation
{
    readonly Dictionary<int, Action> whenAnswered = [];
    readonly Dictionary<int, int> answers = [];
    readonly HashSet<int> lost = [];
    readonly List<Attempt> open = [];
    bool isPaused;
    Action? whenAcknowledged;

    /// <summary>Clients work.</summary>
    public bool ClientsWork { get; set; }

    /// <summary>What the clients ask for.</summary>
    public Workload Workload { get; set; } = new();

    /// <summary>So many clients begin.</summary>
    public void StartClients(int count)
    {
        ClientsWork = true;
        for (var i = 0; i < count; i++)
        {
            var client = new Client();
            At(Now + Chance.Within(Workload.Think), () => Next(client));
        }
    }

    /// <summary>The clients ask for nothing; what they asked for is answered.</summary>
    public void Pause()
    {
        isPaused = true;
        Run(KeyValueLimits.Patience.TotalSeconds + 2);
    }

    /// <summary>The clients go on.</summary>
    public void Resume() => isPaused = false;

    /// <summary>Does something right after the next write was acknowledged: what was promised too early shows then.</summary>
    public void WhenAcknowledged(Action? act) => whenAcknowledged = act;

    /// <summary>Asks a node.</summary>
    public Attempt Ask(SimulatedNode node, KeyValueOperation what, int expected = 0, Action? answered = null)
    {
        var attempt = History.Add(new Attempt
        {
            Number = History.Attempts.Count + 1,
            Node = node.Name,
            What = what,
            Begin = Now,
            Expected = expected,
        });
        (attempt.Slowest, attempt.Fastest) = (SlowestNow(), FastestNow());
        open.Add(attempt);
        if (answered is not null) whenAnswered[attempt.Number] = answered;
        node.Submit(attempt);
        return attempt;
    }

    /// <summary>The number that the next attempt gets, and with it the value of its put.</summary>
    public int NextNumber => History.Attempts.Count + 1;

    /// <summary>Asks, and lets time pass until the answer is there.</summary>
    public Attempt AskAndWait(SimulatedNode node, KeyValueOperation what)
    {
        var attempt = Ask(node, what);
        RunUntil(() => attempt.End is not null, KeyValueLimits.Patience.TotalSeconds + 2);
        return attempt;
    }

    /// <summary>An engine answered.</summary>
    public void Answered(SimulatedNode node, ulong id, Attempt? attempt, KeyValueResult result)
    {
        if (id == 0 || id > (ulong)History.Attempts.Count) Fail("", $"{node.Name} answers {id}, which nobody asked");
        answers[(int)id] = answers.GetValueOrDefault((int)id) + 1;
        if (attempt is null) return;
        SeeClocks();
        open.Remove(attempt);
        (attempt.End, attempt.Result, attempt.WallAtEnd) = (Now, result, node.Wall);
        if (whenAcknowledged is { } act && attempt is { IsWrite: true, Fate: Fate.Done })
        {
            whenAcknowledged = null;
            At(Now, act);
        }
        if (ClientsWork && attempt is { IsWrite: true, Fate: Fate.Done } && Workload.Recheck > 0 && Chance.Fraction() < Workload.Recheck)
            At(Now, () => Recheck(node, attempt.What.Key));
        Continue(attempt);
    }

    /// <summary>Someone who was told of a write looks for it elsewhere.</summary>
    void Recheck(SimulatedNode told, string key)
    {
        if (Pick(n => n.IsRunning && n != told) is { } other) Ask(other, new() { Verb = KeyValueVerb.Get, Key = key });
    }

    /// <summary>An attempt will have no answer: its node was killed, or its client went away.</summary>
    public void Lose(Attempt attempt)
    {
        lost.Add(attempt.Number);
        open.Remove(attempt);
        Continue(attempt);
    }

    /// <summary>The clocks of the hosts as they are now, for attempts that are open. To be called before and after a clock jumps.</summary>
    public void SeeClocks()
    {
        var (slowest, fastest) = (SlowestNow(), FastestNow());
        foreach (var attempt in open) (attempt.Slowest, attempt.Fastest) = (Math.Min(attempt.Slowest, slowest), Math.Max(attempt.Fastest, fastest));
    }

    /// <summary>Faults of the answers so far.</summary>
    public IEnumerable<Fault> AnswerFaults() => AnswerCheck.Faults(History, answers, lost, Now);

    long SlowestNow() => nodes.Min(node => node.Wall);

    long FastestNow()
    {
        FastestEver = Math.Max(FastestEver, nodes.Max(node => node.Wall));
        return FastestEver;
    }

    void Continue(Attempt attempt)
    {
        if (whenAnswered.Remove(attempt.Number, out var next)) At(Now + Chance.Within(Workload.Think * 2) + TimeSpan.FromMilliseconds(1), next);
    }

    void Next(Client client)
    {
        if (!ClientsWork) return;
        var running = nodes.Where(n => n.IsRunning).ToList();
        if (running.Count == 0 || isPaused)
        {
            At(Now + TimeSpan.FromSeconds(1), () => Next(client));
            return;
        }
        var node = running[Chance.Below(running.Count)];
        var (what, expected) = Workload.Choose(Chance, client, NextNumber);
        Attempt? attempt = null;
        attempt = Ask(node, what, expected, () =>
        {
            client.Saw(attempt!);
            Next(client);
        });
        if (Chance.Fraction() >= Workload.Impatience) return;
        At(Now + Chance.Within(TimeSpan.FromMilliseconds(20)), () => node.Cancel(attempt));
    }
}
