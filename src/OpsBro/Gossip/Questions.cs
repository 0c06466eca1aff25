using System.Text;

namespace OpsBro.Gossip;

/// <summary>
/// Questions between agents: one asks, the other answers on the same stream, under the cluster's key. A slice registers what it answers
/// under a kind; only reading belongs here, for a cluster without a key lets anyone ask. Bytes: docs/protocols/requests.md.
/// <code>
/// question = kind:u8 body
/// answer   = 0 body / 1 why:utf8
/// </code>
/// </summary>
internal sealed class Questions(Telemetry telemetry)
{
    /// <summary>Longest question taken, in bytes.</summary>
    public const int MaxQuestion = 64 * 1024;

    /// <summary>Longest answer sent, in bytes; below what a stream may carry (<see cref="Core.Wire.WireLimits.MaxStream"/>).</summary>
    public const int MaxAnswer = 16 * 1024 * 1024;

    /// <summary>Questions that may be answered at once; others are told to come again.</summary>
    public const int MaxAtOnce = 16;

    const byte Answered = 0, Refused = 1;

    readonly Dictionary<byte, Func<string, ReadOnlyMemory<byte>, byte[]>> kinds = [];
    readonly Meter meter = telemetry.Of("gossip", "questions");
    int underWay;

    /// <summary>
    /// Registers what answers a kind, before the pools start: it gets the zone of the pool where the question came and its body, runs on a
    /// thread of its own, and may throw for a refusal.
    /// </summary>
    public void Register(QuestionKind kind, Func<string, ReadOnlyMemory<byte>, byte[]> answer) => kinds.Add((byte)kind, answer);

    /// <summary>The bytes of a question.</summary>
    public static byte[] Write(QuestionKind kind, ReadOnlySpan<byte> body) => [(byte)kind, .. body];

    /// <summary>The body of an answer; null, and why, when the peer refused.</summary>
    public static ReadOnlyMemory<byte>? Read(byte[] answer, out string error)
    {
        error = answer switch
        {
            [Answered, ..] => "",
            [Refused, ..] => Encoding.UTF8.GetString(answer.AsSpan(1)),
            _ => "the answer makes no sense",
        };
        return error.Length == 0 ? new ReadOnlyMemory<byte>(answer, 1, answer.Length - 1) : (ReadOnlyMemory<byte>?)null;
    }

    /// <summary>Answers one question that came in a zone's pool.</summary>
    public async Task<byte[]> Answer(string zone, byte[] question)
    {
        var began = Platform.Monotonic.Now;
        if (Interlocked.Increment(ref underWay) > MaxAtOnce)
        {
            Interlocked.Decrement(ref underWay);
            meter.Drop();
            return Refuse($"{MaxAtOnce} questions are being answered; ask again");
        }
        try
        {
            if (question.Length > MaxQuestion) return Refuse($"a question has at most {MaxQuestion} bytes");
            if (!kinds.TryGetValue(question[0], out var kind)) return Refuse("this agent does not know such questions; it may be older than yours");
            var body = await Task.Run(() => kind(zone, question.AsMemory(1)));
            meter.Ran(Platform.Monotonic.Now - began);
            return body.Length <= MaxAnswer ? [Answered, .. body] : Refuse($"the answer has {body.Length} bytes, more than {MaxAnswer}; ask for less");
        }
        // the border to another agent: it is told why, and this one runs on
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            meter.Ran(Platform.Monotonic.Now - began, failed: true);
            return Refuse(e.Message);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    static byte[] Refuse(string why) => [Refused, .. Encoding.UTF8.GetBytes(why)];
}

/// <summary>What agents ask each other.</summary>
internal enum QuestionKind : byte
{
    /// <summary>Names, tags and values of metrics.</summary>
    Metrics = 1,
}
