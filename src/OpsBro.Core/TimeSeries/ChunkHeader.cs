namespace OpsBro.Core.TimeSeries;

/// <summary>What a chunk says of itself in its first bytes.</summary>
/// <param name="Start">Time of its first slot, Unix seconds.</param>
/// <param name="Step">Seconds of a slot.</param>
/// <param name="Length">Slots.</param>
/// <param name="Present">Slots with points.</param>
/// <param name="IsSingle">Each of these has one point only.</param>
public readonly record struct ChunkHeader(long Start, int Step, int Length, int Present, bool IsSingle)
{
    /// <summary>Time after its last slot.</summary>
    public long End => Start + ((long)Step * Length);
}
