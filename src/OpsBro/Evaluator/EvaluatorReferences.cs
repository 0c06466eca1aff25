using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Evaluator;

/// <summary>
/// What an expression typed by a person may refer to: collectors, agent.yml, and the parameters of the pack that is named.
/// </summary>
internal sealed class EvaluatorReferences(CollectorStore collectors, ConfigNode agent, Pack? pack) : IReferences
{
    /// <inheritdoc/>
    public bool TryResolve(Reference reference, out Value value, out string problem)
    {
        switch (reference.Root)
        {
            case "collector":
                return collectors.TryResolve(reference, Monotonic.Now, out value, out problem);
            case "configuration":
                return ReferencePath.TryWalk(agent.ToValue(), reference.Path, out value, out problem);
            case "parameters" when pack is not null && !HoldsSecret(pack, reference):
                return ReferencePath.TryWalk(pack.Parameters, reference.Path, out value, out problem);
            case "parameters":
                (value, problem) = (default, pack is null ? "parameters belong to a pack; name it with --pack" : "it is secret");
                return false;
            default:
                (value, problem) = (default, $"there are no {reference.Root} outside of a check");
                return false;
        }
    }

    static bool HoldsSecret(Pack pack, Reference reference)
    {
        var name = string.Join('.', reference.Path.Select(key => key.AsString));
        return pack.ParameterList.Any(p => p.IsSecret && (p.Name == name || p.Name.StartsWith(name + ".", StringComparison.Ordinal)));
    }
}
