using System.Threading.Tasks.Sources;
using OpsBro.Core.KeyValue;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>
/// Waits for one answer of the engine. Its task is awaited once, and goes on on the pool, or on the thread of the sockets when it was asked there
/// and is answered there: not under the lock of the engine.
/// </summary>
internal sealed class KeyWaiter : IValueTaskSource<KeyValueResult>
{
    /// <summary>Who asked on the thread of the sockets has only an answer to write: it goes on there.</summary>
    readonly bool isQuick = SocketLoop.IsHere;

    ManualResetValueTaskSourceCore<KeyValueResult> core;

    /// <summary>The answer to come.</summary>
    public ValueTask<KeyValueResult> Task => new(this, core.Version);

    /// <summary>It is there; called once.</summary>
    /// <param name="result">The answer.</param>
    public void Answer(KeyValueResult result)
    {
        var isHere = isQuick && SocketLoop.IsHere;
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
