using System.CommandLine;
using System.Text.Json;
using OpsBro.Cli;

namespace OpsBro.Api;

/// <summary><c>opsbro api [ROUTE]</c>: the index in the terminal; <c>--json</c> gives it as OpenAPI.</summary>
internal static class ApiVerb
{
    /// <summary>The verb.</summary>
    public static Command Create(ApiClient api, Terminal terminal)
    {
        var route = Verb.Name("route", "Only routes whose path begins with this or has it; one in full when it is one.",
            async cancel => await Paths(api, cancel), isOptional: true);
        return Verb.Reading("api", "The agent's HTTP API: routes, parameters, errors, how to call them.", async (args, cancel) =>
        {
            var wanted = args.GetValue(route) is { } text ? $"&route={Uri.EscapeDataString(text)}" : "";
            if (terminal.Json)
            {
                terminal.PrintJson(await api.Get($"/openapi.json?{wanted}", ApiJson.Default.JsonElement, cancel), ApiJson.Default.JsonElement);
                return 0;
            }
            var detail = wanted.Length == 0 ? "&detail=list" : "";
            await foreach (var line in api.Lines($"/api?format=text{wanted}{detail}", cancel))
                terminal.Line(line.Length > 0 && line[0] != ' ' ? Tone.Title : Tone.Plain, line);
            return 0;
        }, route);
    }

    static async Task<IEnumerable<string>> Paths(ApiClient api, CancellationToken cancel)
    {
        var routes = await api.Get("/api?format=json", ApiJson.Default.JsonElement, cancel);
        return routes.EnumerateArray().Select(route => route.GetProperty("routes")[0].GetString()!.Replace("{**", "{")).Distinct();
    }
}
