using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared;

/// <summary>Where a declared collector gets its bytes: a program or a URL.</summary>
internal interface ISource
{
    /// <summary>Gets one answer, whole.</summary>
    /// <param name="parameters">What <c>{{parameters.x}}</c> reads.</param>
    /// <param name="timeout">For the whole answer.</param>
    /// <param name="cancel">Ends at the loop's deadline.</param>
    /// <exception cref="IOException">No answer, or one that says failure; the message names the place and no
    /// secret.</exception>
    /// <exception cref="FormatException">A parameter makes no usable address.</exception>
    Answer Read(Value parameters, TimeSpan timeout, CancellationToken cancel);

    /// <summary>For the list of collectors, as written by the operator.</summary>
    string Summary { get; }
}

/// <summary>What a source gave.</summary>
/// <param name="Where">The place, for messages, without secrets.</param>
/// <param name="Bytes">The whole answer.</param>
internal readonly record struct Answer(string Where, ReadOnlyMemory<byte> Bytes);
