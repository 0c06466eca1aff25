using System.Buffers.Binary;

namespace OpsBro.Metrics.Listeners;

/// <summary>What a connection's bytes are: lines, or pickles with their length.</summary>
internal interface IGraphiteStream
{
    /// <summary>Takes what is whole.</summary>
    /// <returns>Bytes used; the rest is shown again with what comes next.</returns>
    /// <exception cref="InvalidDataException">The sender cannot be understood any more: its connection is closed.</exception>
    int Take(ReadOnlySpan<byte> bytes);

    /// <summary>The sender closed his side: what is left.</summary>
    void End(ReadOnlySpan<byte> rest);
}

/// <summary>Lines. One that is longer than the limit is left out, the next one counts again.</summary>
internal sealed class GraphiteLines(GraphiteIntake intake, int maxLine) : IGraphiteStream
{
    bool isSkipping;

    /// <inheritdoc/>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        if (isSkipping)
        {
            used = bytes.IndexOf((byte)'\n') + 1;
            if (used == 0) return bytes.Length;
            isSkipping = false;
        }
        used += intake.TakeLines(bytes[used..]);
        var rest = bytes[used..];
        if (rest.Length <= maxLine) return used;
        intake.Book.AddLines(1);
        intake.Book.Bad(rest, GraphiteFault.TooLong);
        isSkipping = true;
        return bytes.Length;
    }

    /// <inheritdoc/>
    public void End(ReadOnlySpan<byte> rest)
    {
        if (!isSkipping) intake.TakeLast(rest);
    }
}

/// <summary>Pickles, each after its length in four bytes, big endian. A bad one is left out, the next one counts again.</summary>
internal sealed class GraphitePickles(GraphiteIntake intake, int maxPickle) : IGraphiteStream
{
    const int Head = 4;

    /// <inheritdoc/>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        while (bytes.Length - used >= Head)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[used..]);
            if (length > maxPickle)
            {
                intake.Book.Bad(bytes[used..], GraphiteFault.Pickle, $"a pickle of {length} bytes is announced; {maxPickle} is the most");
                throw new InvalidDataException("too long a pickle");
            }
            if (bytes.Length - used - Head < length) break;
            TakePickle(bytes.Slice(used + Head, (int)length));
            used += Head + (int)length;
        }
        return used;
    }

    /// <inheritdoc/>
    public void End(ReadOnlySpan<byte> rest)
    {
        if (!rest.IsEmpty) intake.Book.Bad(rest, GraphiteFault.Pickle, "the sender closed the connection within a pickle");
    }

    void TakePickle(ReadOnlySpan<byte> pickle)
    {
        intake.Book.AddPickle();
        var reader = PickleReader.Rent();
        try
        {
            if (reader.TryRead(pickle)) intake.TakePickle(pickle, reader);
            else intake.Book.Bad(pickle, GraphiteFault.Pickle, reader.Reason);
        }
        finally
        {
            PickleReader.Return(reader);
        }
    }
}
