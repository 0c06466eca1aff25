using System.Net;
using System.Text;

namespace OpsBro.Api;

/// <summary>The index as a page: one file, no script, light or dark as the reader's system is, and it fits a phone.</summary>
internal sealed class ApiPage(ApiText words)
{
    const string Head = """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
        <meta name="color-scheme" content="light dark"><title>OpsBro API</title>
        <style>
        :root{color-scheme:light dark;--ink:#1c2128;--dim:#5b6470;--line:#d8dee4;--code:#f3f5f7;--link:#0b5cad;--write:#9a4b00}
        @media (prefers-color-scheme:dark){:root{--ink:#e3e7eb;--dim:#9aa4ae;--line:#343b43;--code:#1e242a;--link:#7db7f5;--write:#f0a860}
        body{background:#14181c}}
        body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
        a{color:var(--link)}h1{font-size:1.5rem}h2{font-size:1.2rem;border-bottom:1px solid var(--line);margin-top:2.5rem}
        h3{font:600 1rem/1.4 ui-monospace,monospace;margin:1.6rem 0 .2rem}p{margin:.2rem 0}
        nav a{display:inline-block;padding:.3rem .7rem .3rem 0}
        h3 b{color:var(--dim)}h3 i{font:normal .8rem system-ui;color:var(--dim)}h3 em{font:600 .8rem system-ui;color:var(--write)}
        dl{margin:.3rem 0;display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;font-size:.93rem}dd{margin:0}
        dt{font-family:ui-monospace,monospace;color:var(--dim)}
        pre{background:var(--code);padding:.5rem .7rem;margin:.4rem 0;border-radius:4px;overflow-x:auto;font:.83rem/1.5 ui-monospace,monospace}
        @media (max-width:40rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}}
        </style>
        <h1>OpsBro HTTP API</h1>
        """;

    /// <summary>The page.</summary>
    public string Of(IReadOnlyList<ApiRoute> routes, ApiDetail detail, bool isPart)
    {
        var page = new StringBuilder(Head);
        page.Append("<p>What is marked <em>changes</em> needs the unix socket, or over TCP a token of <code>http.tokens</code>. ");
        page.Append(isPart ? "<a href=\"/api\">All routes</a>. " : "");
        page.Append("The same for programs: <a href=\"/openapi.json\">OpenAPI</a>.</p>\n<nav>");
        var slices = ApiIndex.Slices(routes).ToList();
        foreach (var slice in slices) page.Append($"<a href=\"#{slice.Key}\">{slice.Key}</a> ");
        page.Append("</nav>\n");
        foreach (var slice in slices)
        {
            page.Append($"<h2 id=\"{slice.Key}\">{slice.Key}</h2>\n");
            foreach (var route in ApiIndex.Sorted(slice)) Add(page, route, detail);
        }
        return page.Append("</html>\n").ToString();
    }

    void Add(StringBuilder page, ApiRoute route, ApiDetail detail)
    {
        var notes = (route.Right == Right.Write ? " <em>changes</em>" : "") + (route.IsLegacy ? " <i>old path</i>" : "");
        page.Append($"<h3><b>{route.Method}</b> <a href=\"/api{Escaped(route.PlainPath)}\">{Escaped(route.PlainPath)}</a>{notes}</h3>\n");
        page.Append($"<p>{Escaped(route.Summary)}</p>\n");
        if (detail == ApiDetail.List) return;
        page.Append("<dl>");
        foreach (var part in route.Parts) Define(page, $"{{{part.Name}}}", ApiText.Meaning(part));
        foreach (var one in route.Query) Define(page, $"?{one.Name}=", ApiText.Meaning(one));
        if (ApiText.Body(route) is { } body) Define(page, "body", body);
        Define(page, "gives", ApiText.Answer(route));
        if (ApiText.Errors(route) is { Length: > 0 } errors) Define(page, "errors", errors);
        page.Append($"</dl><pre>{Escaped(string.Join('\n', words.Calls(route)))}</pre>\n");
        if (detail != ApiDetail.Full) return;
        foreach (var (title, example) in ApiText.Examples(route)) page.Append($"<p>{Escaped(title)}</p><pre>{Escaped(example)}</pre>\n");
    }

    static void Define(StringBuilder page, string term, string meaning) => page.Append($"<dt>{Escaped(term)}<dd>{Escaped(meaning)}");

    static string Escaped(string text) => WebUtility.HtmlEncode(text);
}
