using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Detectors;

/// <summary>Finds wrong detectors and groups for <c>config check</c> and <c>agent reload</c>, without asking any rule.</summary>
internal sealed class DetectorChecker(FunctionTable functions) : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "detector";

    /// <inheritdoc/>
    public void Check(ConfigObject one, List<Problem> problems) => problems.AddRange(DetectorBinder.Bind(one, functions).Problems);

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => _ = OwnGroups.Of(agent, problems);
}
