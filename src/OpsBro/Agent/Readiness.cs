namespace OpsBro.Agent;

/// <summary>
/// Whether the agent has seen its host once: each loop registers with <see cref="Expect"/> before it starts and reports
/// its first full round with <see cref="Done"/>.
/// </summary>
internal sealed class Readiness
{
    readonly Lock gate = new();
    readonly HashSet<string> waiting = [];
    readonly TaskCompletionSource initialized = new(TaskCreationOptions.RunContinuationsAsynchronously);
    bool isStarted, isStopping;

    /// <summary><c>initializing</c>, <c>ok</c> or <c>stopping</c>.</summary>
    public string State
    {
        get
        {
            lock (gate) return isStopping ? "stopping" : initialized.Task.IsCompleted ? "ok" : "initializing";
        }
    }

    /// <summary>What is still missing, sorted.</summary>
    public string[] Waiting
    {
        get
        {
            lock (gate) return [.. waiting.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Ends when every expected loop has made its first round.</summary>
    public Task Initialized => initialized.Task;

    /// <summary>A loop will report its first round; to be called before the host has started.</summary>
    public void Expect(string loop)
    {
        lock (gate) waiting.Add(loop);
    }

    /// <summary>A loop has made its first full round; calls after the first do nothing.</summary>
    public void Done(string loop)
    {
        lock (gate)
        {
            if (waiting.Remove(loop)) Look();
        }
    }

    /// <summary>Every loop has been made: nobody will be expected any more.</summary>
    public void Started()
    {
        lock (gate)
        {
            isStarted = true;
            Look();
        }
    }

    /// <summary>The agent stops.</summary>
    public void Stopping()
    {
        lock (gate) isStopping = true;
    }

    void Look()
    {
        if (isStarted && waiting.Count == 0) initialized.TrySetResult();
    }
}
