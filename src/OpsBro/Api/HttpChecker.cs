using OpsBro.Config;

namespace OpsBro.Api;

/// <summary>Finds what is wrong in the section <c>http</c> without listening: for <c>config check</c>.</summary>
internal sealed class HttpChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => _ = HttpOptions.Read(agent, problems);
}
