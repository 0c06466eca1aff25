namespace OpsBro.Platform;

/// <summary>Wakes one loop, from any thread: all calls since its last wait are one, and none is lost.</summary>
internal sealed class WakeUp
{
    readonly SemaphoreSlim called = new(0, 1);

    /// <summary>Ends the present wait or the next one.</summary>
    public void Call()
    {
        try
        {
            called.Release();
        }
        catch (SemaphoreFullException)
        {
            // it was called already, and looks anyway
        }
    }

    /// <summary>Waits for a call.</summary>
    public Task Wait(CancellationToken stop) => called.WaitAsync(stop);

    /// <summary>Waits for a call or the time's end.</summary>
    /// <returns>True when it was called.</returns>
    public Task<bool> Wait(TimeSpan most, CancellationToken stop) => called.WaitAsync(most, stop);
}
