using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpsBro.Api;

/// <summary>An answer that is an error: thrown by handlers, written as <c>application/problem+json</c> (RFC 9457).</summary>
/// <param name="status">HTTP status.</param>
/// <param name="detail">What failed, with the value, and where to look. One line.</param>
internal sealed class ApiProblem(int status, string detail) : Exception(detail)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;

    /// <summary>404 for a name that is not there.</summary>
    public static ApiProblem NotFound(string what, string name, string see, IEnumerable<string>? known = null) =>
        new(404, $"no {what} is named \"{name}\"{Config.Spelling.Hint(name, known ?? [])}; see {see}");

    /// <summary>An error as it is written.</summary>
    public static ProblemView View(int status, string detail, string instance) =>
        new("about:blank", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), status, detail, instance);

    /// <summary>400 for input that is not understood.</summary>
    public static ApiProblem Bad(string detail) => new(400, detail);
}

/// <summary>The body of an error.</summary>
/// <param name="Type">about:blank: the status says what it is.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What failed, with the value, and what to do.</param>
/// <param name="Instance">The path that was asked for.</param>
internal sealed record ProblemView(string Type, string Title, int Status, string Detail, string Instance);

/// <summary>The body of an action that has nothing else to say.</summary>
/// <param name="Ok">True: what fails is an error.</param>
/// <param name="Message">What was done.</param>
internal sealed record DoneView(bool Ok, string Message);

/// <summary>JSON of the pipeline itself.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false)]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(DoneView))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class ApiJson : JsonSerializerContext;
