using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpsBro.Api;

namespace OpsBro.Metrics.Asking;

/// <summary>
/// What a Graphite request asks, wherever it stands: in the URL, in a form, or in a JSON object whose values are texts, numbers or lists
/// of them. The names are those of graphite-web; <c>name[]</c> is the same as <c>name</c>.
/// </summary>
internal sealed class AskRequest
{
    /// <summary>Most values in one request.</summary>
    public const int MaxValues = 1024;

    readonly Dictionary<string, List<string>> values = new(StringComparer.Ordinal);
    int count;

    /// <summary>Reads one.</summary>
    /// <exception cref="ApiProblem">400 when the body is not what it says.</exception>
    public static async Task<AskRequest> Read(HttpContext context)
    {
        var request = new AskRequest();
        foreach (var (name, texts) in context.Request.Query) request.AddAll(name, texts);
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) return request;
        if (context.Request.HasFormContentType)
        {
            foreach (var (name, texts) in await Form(context)) request.AddAll(name, texts);
        }
        else if (context.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true)
        {
            request.Add(await context.Body(AskingJson.Default.JsonElement));
        }
        return request;
    }

    static async Task<IFormCollection> Form(HttpContext context)
    {
        try
        {
            return await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (InvalidDataException e)
        {
            throw ApiProblem.Bad($"the form cannot be read: {e.Message}");
        }
    }

    void Add(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw ApiProblem.Bad("the body is no JSON object; write for instance {\"target\": [\"a.b\"], \"from\": \"-1h\"}");
        foreach (var member in body.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Array) Add(member.Name, TextOf(member.Name, member.Value));
            else foreach (var item in member.Value.EnumerateArray()) Add(member.Name, TextOf(member.Name, item));
        }
    }

    static string? TextOf(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => null,
        _ => throw ApiProblem.Bad($"{name} holds a JSON object; write a text, a number or a list of them"),
    };

    void AddAll(string name, IEnumerable<string?> texts)
    {
        foreach (var text in texts) Add(name, text);
    }

    void Add(string name, string? text)
    {
        if (text is null) return;
        if (++count > MaxValues) throw ApiProblem.Bad($"the request has more than {MaxValues} values; ask in several requests");
        name = name.EndsWith("[]", StringComparison.Ordinal) ? name[..^2] : name;
        if (!values.TryGetValue(name, out var list)) values.Add(name, list = []);
        list.Add(text);
    }

    /// <summary>The names of all values.</summary>
    public IEnumerable<string> Names => values.Keys;

    /// <summary>Every value of a name, in the order given.</summary>
    public IReadOnlyList<string> Texts(string name) => values.TryGetValue(name, out var list) ? list : [];

    /// <summary>The last value of a name, as graphite-web takes it; null when it is not there or empty.</summary>
    public string? Text(string name) => values.TryGetValue(name, out var list) && list[^1].Length > 0 ? list[^1] : null;

    /// <summary>A value that must be there.</summary>
    /// <exception cref="ApiProblem">400 when it is not.</exception>
    public string Required(string name, string example) => Text(name) ?? throw ApiProblem.Bad($"{name} is missing; write for instance {name}={example}");

    /// <summary>A value that is a whole number of at least one; null when it is not there.</summary>
    /// <exception cref="ApiProblem">400 when it is something else.</exception>
    public int? Count(string name)
    {
        if (Text(name) is not { } text) return null;
        // dashboards measure their panels in fractions of a pixel
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= int.MaxValue)
            return (int)number;
        throw ApiProblem.Bad($"{name} is \"{text}\"; write a whole number from 1");
    }

    /// <summary>True for 1, true, yes, and for a name without a value.</summary>
    public bool Flag(string name) =>
        values.TryGetValue(name, out var list) && list[^1].ToLowerInvariant() is ("" or "1" or "true" or "yes" or "on");
}
