namespace OpsBro.Core.Expressions;

/// <summary>
/// What stands in <c>{{root.a.b||default}}</c> (or, in the old form, <c>{root.a.b}</c>): a value that is looked up when the rule runs.
/// </summary>
/// <param name="Root">The first word: <c>collector</c>, <c>parameters</c>, <c>variables</c> or <c>configuration</c>.</param>
/// <param name="Path">The rest, cut at the dots, ready to be dict keys.</param>
/// <param name="Text">As written, without the braces and the default, for messages.</param>
/// <param name="Position">Offset in the rule's text, in characters, from 0.</param>
public sealed record Reference(string Root, Value[] Path, string Text, int Position);

/// <summary>Where a rule finds what its references name. Implemented by checks, detectors and the evaluator verb.</summary>
public interface IReferences
{
    /// <summary>Looks a reference up. Must not allocate when it succeeds.</summary>
    /// <param name="reference">What the rule asks for.</param>
    /// <param name="value">The value, when the answer is true.</param>
    /// <param name="problem">Why there is none, in the operator's words, when the answer is false.</param>
    bool TryResolve(Reference reference, out Value value, out string problem);
}
