namespace OpsBro.Events;

/// <summary>Wakes one loop, from any thread. The loop calls <see cref="Reset"/>, looks for work, then waits: no call in between is lost.</summary>
internal sealed class WakeUp
{
    volatile TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the next call.</summary>
    public Task Called => next.Task;

    /// <summary>Wakes the loop.</summary>
    public void Call() => next.TrySetResult();

    /// <summary>Forgets earlier calls.</summary>
    public void Reset()
    {
        if (next.Task.IsCompleted) next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
