using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Asks agents for keys and values.</summary>
static class KeyValueClient
{
    /// <summary>A token of the agents.</summary>
    public const string Token = "0123456789abcdef0123456789abcdef";

    /// <summary>An agent in group kv, or outside.</summary>
    public static async Task<RunningAgent> Started(bool isMember = true)
    {
        var agent = RunningAgent.Prepare();
        agent.AddToAgentYml($"  tokens: [{Token}]\n" + (isMember ? "groups: [kv]\n" : ""));
        await agent.Start();
        return agent;
    }

    /// <summary>One request.</summary>
    public static async Task<(int Status, string Text, HttpResponseMessage Answer)> Send(
        HttpClient client, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(client.BaseAddress!, new Uri(path, UriKind.Relative)));
        if (body is not null) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var answer = await client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer);
    }

    /// <summary>Asks again until the status is the one that is wanted.</summary>
    public static async Task<string> Until(
        HttpClient client, string method, string path, string? body = null, int status = 200, Func<string, bool>? also = null)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(TimeSpan.FromMilliseconds(100)))
        {
            var said = await Send(client, method, path, body);
            if (said.Status == status && also?.Invoke(said.Text) != false) return said.Text;
            Assert.True(watch.Elapsed < RunningAgent.Patience, $"{method} {path}: {said.Status} {said.Text}");
        }
    }

    /// <summary>A text as JSON.</summary>
    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    /// <summary>The version in an answer.</summary>
    public static long VersionOf(string text) => Json(text).GetProperty("version").GetInt64();
}
