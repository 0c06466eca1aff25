using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Reads an agent's <c>/v1/stream</c>.</summary>
sealed class EventReader(StreamReader reader) : IDisposable
{
    /// <summary>Connects and waits for the greeting: nothing is missed afterwards.</summary>
    public static async Task<EventReader> Open(RunningAgent agent, string query = "")
    {
        var answer = await agent.Http().GetAsync("/v1/stream" + query, HttpCompletionOption.ResponseHeadersRead);
        var reader = new EventReader(new StreamReader(await answer.Content.ReadAsStreamAsync()));
        await reader.Next("hello", _ => true);
        return reader;
    }

    /// <summary>The next message of a type that satisfies; others are read over. Each number must be higher than the one before.</summary>
    public async Task<JsonElement> Next(string type, Func<JsonElement, bool> satisfied)
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        var (kind, data) = ("", "");
        while (true)
        {
            var line = await reader.ReadLineAsync(patience.Token) ?? throw new EndOfStreamException("the stream ended");
            if (line.StartsWith("event: ", StringComparison.Ordinal)) kind = line[7..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            if (line.Length > 0 || data.Length == 0) continue;
            var element = JsonDocument.Parse(data).RootElement;
            var number = element.GetProperty("sequence").GetInt64();
            Assert.True(kind == "hello" || number > last, $"number {number} came after {last}");
            last = number;
            data = "";
            if (kind == type && satisfied(element)) return element;
        }
    }

    long last;

    public void Dispose() => reader.Dispose();
}
