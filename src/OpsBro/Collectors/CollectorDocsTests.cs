using System.Text;
using OpsBro.Collectors;
using OpsBro.Config;

namespace OpsBro.Tests.Collectors;

public class CollectorDocsTests
{
    const string Mark = "<!-- from here on generated: OPSBRO_WRITE_DOCS=1 dotnet test tests/OpsBro.Tests --filter CollectorDocs -->";

    [Fact]
    public void The_page_documents_every_key_of_every_collector()
    {
        var path = Repository.PathOf("docs", "collectors.md");
        var page = File.ReadAllText(path);
        var at = page.IndexOf(Mark, StringComparison.Ordinal);
        Assert.True(at >= 0, $"docs/collectors.md lacks the line {Mark}");
        var wanted = page[..(at + Mark.Length)] + "\n" + Tables();

        if (Environment.GetEnvironmentVariable("OPSBRO_WRITE_DOCS") == "1") File.WriteAllText(path, wanted);

        Assert.True(File.ReadAllText(path) == wanted,
            "docs/collectors.md is behind the code; run OPSBRO_WRITE_DOCS=1 dotnet test tests/OpsBro.Tests --filter CollectorDocs to update it");
    }

    static string Tables()
    {
        var text = new StringBuilder();
        foreach (var collector in CollectorCatalogue.Create().OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            text.Append($"\n### {collector.Name}\n\n{Sentence(collector.Summary)}");
            text.Append($" Every {Durations.Text(collector.Interval)}, deadline {Durations.Text(collector.Deadline)}.\n\n");
            text.Append("| key | unit | meaning |\n|---|---|---|\n");
            foreach (var key in collector.Keys) text.Append($"| `{key.Path}` | {Cell(key.Unit)} | {Cell(key.Meaning)} |\n");
        }
        return text.ToString();
    }

    static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..].TrimEnd('.')}.";

    static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
