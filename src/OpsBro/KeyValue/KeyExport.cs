using System.CommandLine;
using System.Text.Json;
using OpsBro.Cli;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>A key as it stands in a file of <c>kv-store export</c>: one line of JSON each.</summary>
/// <param name="Key">The key.</param>
/// <param name="ValueBase64">The value.</param>
/// <param name="Version">Its version at the time; not taken over by an import.</param>
/// <param name="Expires">When it vanishes; left out when it stays.</param>
internal sealed record KeyExportLine(string Key, string ValueBase64, long Version, DateTimeOffset? Expires);

/// <summary>The verbs <c>export</c> and <c>import</c>: keys and values as lines of JSON.</summary>
internal sealed class KeyExport(ApiClient api, Terminal terminal)
{
    /// <summary>Keys of one question, and operations of one batch.</summary>
    const int Page = 200;

    /// <summary>Bytes of values of one batch.</summary>
    const int MaxBytes = KeyValueLimits.MaxBatch / 2;

    /// <summary>Writes all below a prefix.</summary>
    public Command Export()
    {
        var prefix = KeyValueVerbs.Prefix();
        return Verb.Acting("export", "Write keys and values as lines of JSON.", async (args, cancel) =>
        {
            var path = $"/v1/kv?recurse&values&limit={Page}&prefix={Uri.EscapeDataString(args.GetValue(prefix) ?? "")}";
            var count = 0;
            for (string? after = ""; after is not null;)
            {
                var answer = KeyValueVerbs.Good(await api.Send("GET", $"{path}&after={Uri.EscapeDataString(after)}", null, cancel));
                var view = KeyValueVerbs.Parse(answer, KeyValueJson.Default.KeyListView);
                foreach (var entry in view.Entries!)
                {
                    var line = new KeyExportLine(entry.Key, entry.ValueBase64 ?? "", entry.Version, entry.Expires);
                    terminal.Bytes(JsonSerializer.SerializeToUtf8Bytes(line, KeyValueJson.Default.KeyExportLine));
                    terminal.Bytes("\n"u8);
                    count++;
                }
                after = view.Next;
            }
            terminal.Note($"{count} keys");
            return 0;
        }, prefix);
    }

    /// <summary>Reads them back.</summary>
    public Command Import()
    {
        var file = new Argument<string>("file") { Description = "What export wrote; - for standard input.", HelpName = "file" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would change, and change nothing; exit code 2 when something would." };
        return Verb.Acting("import", "Write keys and values that export wrote.", async (args, cancel) =>
        {
            using var reader = args.GetValue(file) == "-" ? new StreamReader(Console.OpenStandardInput()) : new StreamReader(args.GetValue(file)!);
            var isDry = args.GetValue(dryRun);
            var (done, failed, bytes) = (0, 0, 0);
            List<KeyExportLine> batch = [];
            for (var number = 1; ; number++)
            {
                var text = await reader.ReadLineAsync(cancel);
                var line = string.IsNullOrWhiteSpace(text) ? null : Read(text, number);
                if (batch.Count > 0 && (text is null || batch.Count == Page || bytes + line?.ValueBase64.Length > MaxBytes))
                {
                    var (did, refused) = await (isDry ? Compare(batch, cancel) : Write(batch, cancel));
                    (done, failed, bytes) = (done + did, failed + refused, 0);
                    batch.Clear();
                }
                if (text is null) break;
                if (line is null) continue;
                batch.Add(line);
                bytes += line.ValueBase64.Length;
            }
            terminal.Line(isDry ? $"{done} keys would change" : $"{done} keys written");
            if (failed > 0) terminal.Note($"{failed} keys could not be {(isDry ? "compared" : "written")}");
            return failed > 0 || (isDry && done > 0) ? 2 : 0;
        }, file, dryRun);
    }

    static KeyExportLine Read(string text, int number)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, KeyValueJson.Default.KeyExportLine) is { Key.Length: > 0, ValueBase64: not null } line) return line;
        }
        catch (JsonException e)
        {
            throw new CliError(2, $"line {number} is not what export writes: {e.Message}");
        }
        throw new CliError(2, $"line {number} has no key or no value_base64");
    }

    async Task<(int Done, int Failed)> Write(List<KeyExportLine> batch, CancellationToken cancel)
    {
        var now = DateTimeOffset.UtcNow;
        var gone = batch.Count(line => line.Expires <= now);
        KeyBatchItem[] items = [.. batch.Where(line => line.Expires is null || line.Expires > now).Select(line => new KeyBatchItem
        {
            Op = "put",
            Key = line.Key,
            ValueBase64 = line.ValueBase64,
            Ttl = line.Expires is { } end ? (end - now).TotalSeconds : null,
        })];
        if (gone > 0) terminal.Note($"{gone} keys have vanished since they were exported");
        var results = await Batch(items, cancel);
        foreach (var result in results.Where(r => r.Status != "ok")) terminal.Note($"{result.Key}: {result.Reason ?? result.Status}");
        var done = results.Count(r => r.Status == "ok");
        return (done, results.Length - done);
    }

    async Task<(int Done, int Failed)> Compare(List<KeyExportLine> batch, CancellationToken cancel)
    {
        var results = await Batch([.. batch.Select(line => new KeyBatchItem { Op = "get", Key = line.Key })], cancel);
        var (changed, failed) = (0, 0);
        for (var i = 0; i < results.Length; i++)
        {
            var word = results[i] switch
            {
                { Status: "not_found" } => "new",
                { Status: "ok", Entry: { } entry } => entry.ValueBase64 == batch[i].ValueBase64 ? "" : "changed",
                _ => null,
            };
            if (word is null) failed++;
            else if (word.Length > 0) changed++;
            if (word is not "") terminal.Line($"{word ?? "not known"} {batch[i].Key}");
        }
        return (changed, failed);
    }

    async Task<KeyBatchResult[]> Batch(KeyBatchItem[] items, CancellationToken cancel)
    {
        if (items.Length == 0) return [];
        var body = JsonSerializer.SerializeToUtf8Bytes(items, KeyValueJson.Default.KeyBatchItemArray);
        return KeyValueVerbs.Parse(KeyValueVerbs.Good(await api.Send("POST", "/v1/kv", body, cancel)), KeyValueJson.Default.KeyBatchResultArray);
    }
}
