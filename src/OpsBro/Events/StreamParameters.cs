using System.Globalization;
using OpsBro.Api;
using OpsBro.Config;

namespace OpsBro.Events;

/// <summary>The parameters of the stream: the same on every port.</summary>
internal static class StreamParameters
{
    /// <summary>Their names and meaning.</summary>
    public static readonly IReadOnlyList<ApiParameter> All =
    [
        .. StreamFilter.Parameters,
        ("since", "resume after the change with this number; a browser says it by Last-Event-ID; 0 begins with the whole state", "0"),
        ("payload", "each change with the node's record, in the original's envelope; unless told, on websockets only", Kind.Flag.Else(null)),
        ("token", "a token of http.tokens, for browsers, which cannot send it in a header", "0123456789abcdef"),
    ];

    /// <summary>Reads them.</summary>
    /// <param name="isWebSocket">What is asked for.</param>
    /// <param name="query">A parameter by its name; null when it is not there.</param>
    /// <param name="lastEventId">The header; null when it is not there.</param>
    /// <param name="topics">The topics there are.</param>
    /// <exception cref="ApiProblem">400 with the way out.</exception>
    public static (StreamWishes Wishes, long? Since) Read(
        bool isWebSocket, Func<string, string?> query, string? lastEventId, IReadOnlyList<string> topics)
    {
        var hasPayload = query("payload") switch
        {
            null or "" => isWebSocket,
            "true" or "1" => true,
            "false" or "0" => false,
            var other => throw ApiProblem.Bad($"payload is \"{other}\"; write true or false"),
        };
        return (new StreamWishes(isWebSocket, hasPayload, StreamFilter.Read(query, topics)), Since(query, lastEventId));
    }

    static long? Since(Func<string, string?> query, string? lastEventId)
    {
        // a browser that comes back says where it was by the header; the address it was given first still has the old number
        var (text, from) = lastEventId is { Length: > 0 } header ? (header, "Last-Event-ID") : (query("since") ?? "", "since");
        if (text.Length == 0) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiProblem.Bad($"{from} is \"{text}\"; write the number of the last change that you have");
    }

    /// <summary>Refuses parameters that mean nothing.</summary>
    /// <exception cref="ApiProblem">400 with the nearest name.</exception>
    public static void RefuseOthers(string path, IEnumerable<string> names)
    {
        var known = All.Select(p => p.Name).ToList();
        foreach (var name in names)
        {
            if (!known.Contains(name))
                throw ApiProblem.Bad($"{path} has no parameter \"{name}\"{Spelling.Hint(name, known)}; it takes {string.Join(", ", known)}");
        }
    }
}
