namespace OpsBro.Core.Statsd;

/// <summary>What is done with a value.</summary>
public enum StatsdKind
{
    /// <summary><c>c</c>: added up. Types that nobody knows are counters too, as the reference daemon has it.</summary>
    Counter,
    /// <summary><c>g</c>: the last one counts; with a sign it is added.</summary>
    Gauge,
    /// <summary><c>ms</c>, and DogStatsD's <c>h</c> and <c>d</c>: figures over all values.</summary>
    Timer,
    /// <summary><c>s</c>: different members are counted.</summary>
    Set,
}

/// <summary>Why a line, or one value of it, was not taken.</summary>
public enum StatsdFault
{
    /// <summary>Neither value nor type, for instance <c>name</c> or <c>name:1</c>.</summary>
    NoValue,
    /// <summary>The value is no finite number.</summary>
    NotANumber,
    /// <summary>A time below zero.</summary>
    NegativeTime,
    /// <summary>The sample rate is no number above zero.</summary>
    BadRate,
    /// <summary>An event that is not of DogStatsD's form.</summary>
    BadEvent,
    /// <summary>A service check that is not of DogStatsD's form.</summary>
    BadServiceCheck,
    /// <summary>The name is longer than <see cref="StatsdLimits.MaxName"/>.</summary>
    NameTooLong,
}

/// <summary>An event of DogStatsD: <c>_e{…}:title|text|…</c>.</summary>
/// <param name="Title">One line.</param>
/// <param name="Text">May have many lines.</param>
/// <param name="At">Unix seconds that the sender says; null when it does not.</param>
/// <param name="Host">Host that the sender says, or empty.</param>
/// <param name="Priority"><c>normal</c> or <c>low</c>.</param>
/// <param name="AlertType"><c>info</c>, <c>success</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Tags">As they came.</param>
public sealed record StatsdEvent(string Title, string Text, long? At, string Host, string Priority, string AlertType, IReadOnlyList<string> Tags);

/// <summary>A service check of DogStatsD: <c>_sc|name|status|…</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status">0 ok, 1 warning, 2 critical, 3 unknown.</param>
/// <param name="At">Unix seconds that the sender says; null when it does not.</param>
/// <param name="Host">Host that the sender says, or empty.</param>
/// <param name="Message">What it says of its state.</param>
/// <param name="Tags">As they came.</param>
public sealed record StatsdServiceCheck(string Name, int Status, long? At, string Host, string Message, IReadOnlyList<string> Tags);

/// <summary>What the parser tells. The spans are of the packet: who keeps them copies them.</summary>
public interface IStatsdSink
{
    /// <summary>One number.</summary>
    /// <param name="name">As it came.</param>
    /// <param name="tags">As they came: what follows <c>|#</c>; empty without.</param>
    /// <param name="kind">Counter, gauge or timer.</param>
    /// <param name="value">Finite.</param>
    /// <param name="rate">Sample rate, above zero; 1 without.</param>
    /// <param name="isSigned">It was written with a sign: a gauge is changed by it.</param>
    void Value(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, StatsdKind kind, double value, double rate, bool isSigned);

    /// <summary>One member of a set.</summary>
    void Member(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, ReadOnlySpan<byte> member);

    /// <summary>An event of DogStatsD.</summary>
    void Event(StatsdEvent happened);

    /// <summary>A service check of DogStatsD.</summary>
    void ServiceCheck(StatsdServiceCheck check);

    /// <summary>A line, or one value of it, that was not taken.</summary>
    void Bad(ReadOnlySpan<byte> line, StatsdFault fault);
}

/// <summary>Who is told of what is no number of a metric.</summary>
public interface IStatsdNotes
{
    /// <summary>An event of DogStatsD.</summary>
    void Event(StatsdEvent happened);

    /// <summary>A service check of DogStatsD.</summary>
    void ServiceCheck(StatsdServiceCheck check);

    /// <summary>A line, or one value of it, that was not taken. The bytes are the packet's: copy what is kept.</summary>
    void Bad(ReadOnlySpan<byte> line, StatsdFault fault);
}
