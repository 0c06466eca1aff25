namespace OpsBro.Core.Expressions;

/// <summary>One run of a rule: where its references are found, its local names, its budget. Lives on the stack.</summary>
ref struct Evaluation(IReferences references, Value[]? locals)
{
    long left = Limits.Steps;

    /// <summary>Where references are found.</summary>
    public readonly IReferences References => references;

    /// <summary>Values of the names that comprehensions bind; null when the rule has none.</summary>
    public readonly Value[]? Locals => locals;

    /// <summary>Position of the operation that runs, for its error.</summary>
    public int At;

    /// <summary>Steps taken so far.</summary>
    public readonly long Spent => Limits.Steps - left;

    /// <summary>Takes work from the budget.</summary>
    /// <exception cref="ExpressionException">LimitError: the budget is used up.</exception>
    public void Charge(long steps)
    {
        left -= steps;
        if (left < 0) throw Limits.Exceeded($"the rule needs more than {Limits.Steps} steps; make its lists or texts smaller");
    }

    /// <summary>Takes the work of reading two values that are multiplied with each other, for instance a search.</summary>
    public void ChargeProduct(long a, long b) => Charge(a > Limits.Steps || b > Limits.Steps ? long.MaxValue / 4 : a * b);
}
