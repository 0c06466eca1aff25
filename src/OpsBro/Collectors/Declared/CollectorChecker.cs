using OpsBro.Config;

namespace OpsBro.Collectors.Declared;

/// <summary>Finds what is wrong with <c>collector:</c> objects without running them: for <c>config check</c>.</summary>
internal sealed class CollectorChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "collector";

    /// <inheritdoc/>
    public void Check(ConfigObject one, List<Problem> problems) => _ = new CollectorBinder(one, problems).Read();
}
