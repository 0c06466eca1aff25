namespace OpsBro.Core.Expressions;

/// <summary>Names of the kinds of errors: Python's, and two of our own.</summary>
public static class ErrorKind
{
    /// <summary>The rule cannot be read.</summary>
    public const string Syntax = "SyntaxError";
    /// <summary>A name that is not known.</summary>
    public const string Name = "NameError";
    /// <summary>An operation on types it does not know.</summary>
    public const string Type = "TypeError";
    /// <summary>The right type, but a value that does not fit.</summary>
    public const string Value = "ValueError";
    /// <summary>Division by zero.</summary>
    public const string ZeroDivision = "ZeroDivisionError";
    /// <summary>A float out of range.</summary>
    public const string Overflow = "OverflowError";
    /// <summary>A position outside a list or text.</summary>
    public const string Index = "IndexError";
    /// <summary>A key that a dict does not have.</summary>
    public const string Key = "KeyError";
    /// <summary>A method that the type does not have.</summary>
    public const string Attribute = "AttributeError";
    /// <summary>A reference whose data is not there.</summary>
    public const string MissingData = "MissingData";
    /// <summary>A limit of <see cref="Limits"/> was exceeded.</summary>
    public const string Limit = "LimitError";
}

/// <summary>The only exception that comes out of compiling or evaluating a rule.</summary>
/// <param name="kind">One of <see cref="ErrorKind"/>.</param>
/// <param name="message">What failed, with the value; one line.</param>
/// <param name="position">Offset in the rule's text, in characters, from 0.</param>
public sealed class ExpressionException(string kind, string message, int position = ExpressionException.Nowhere)
    : Exception(OneLine(message))
{
    internal const int Nowhere = -1;

    /// <summary>One of <see cref="ErrorKind"/>.</summary>
    public string Kind => kind;

    /// <summary>Offset in the rule's text, in characters, from 0.</summary>
    public int Position { get; private set; } = position;

    /// <summary>A message may quote the rule, which may hold line ends.</summary>
    static string OneLine(string message) =>
        message.AsSpan().IndexOfAny('\n', '\r') < 0 ? message : message.Replace('\n', ' ').Replace('\r', ' ');

    /// <summary>Gives the position where the operation that failed does not know it.</summary>
    internal ExpressionException At(int place)
    {
        if (Position == Nowhere) Position = place;
        return this;
    }
}
