using System.Threading.Tasks.Sources;
using OpsBro.Core.KeyValue;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>Waits for one answer of the engine. Its task is awaited once.</summary>
internal sealed class KeyWaiter : IValueTaskSource<KeyValueResult>
{
    ManualResetValueTaskSourceCore<KeyValueResult> core;

    /// <summary>The answer to come.</summary>
    public ValueTask<KeyValueResult> Task => new(this, core.Version);

    /// <summary>It is there; called once.</summary>
    /// <param name="result">The answer.</param>
    /// <param name="isHere">Who waits goes on on this thread, before the call returns: not under a lock. Otherwise on the pool.</param>
    public void Answer(KeyValueResult result, bool isHere = false)
    {
        core.RunContinuationsAsynchronously = !isHere;
        if (!isHere)
        {
            core.SetResult(result);
            return;
        }
        LentThread.IsLent = true;
        try
        {
            core.SetResult(result);
        }
        finally
        {
            LentThread.IsLent = false;
        }
    }

    KeyValueResult IValueTaskSource<KeyValueResult>.GetResult(short token) => core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<KeyValueResult>.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource<KeyValueResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, state, token, flags);
}
