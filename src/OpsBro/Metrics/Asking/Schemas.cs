namespace OpsBro.Metrics.Asking;

/// <summary>
/// JSON schemas of the answers that are written in graphite-web's shapes, for the documentation; a test holds the answers against them.
/// </summary>
internal static class Schemas
{
    /// <summary>When a target costs too much.</summary>
    public const string TooMuch = "The targets cost too much, or take too long.";

    /// <summary>When too many ask.</summary>
    public const string Busy = "More requests than this agent works out at once have waited too long.";

    /// <summary>A text.</summary>
    public const string Text = """{"type":"string"}""";

    /// <summary>Texts.</summary>
    public const string Texts = """{"type":"array","items":{"type":"string"}}""";

    /// <summary>True or false.</summary>
    public const string Flag = """{"type":"boolean"}""";

    /// <summary>Series with points: value, Unix seconds.</summary>
    public const string Render = """
        {"type":"array","items":{"type":"object","properties":{
        "target":{"type":"string"},"tags":{"type":"object","additionalProperties":{"type":"string"}},
        "datapoints":{"type":"array","items":{"type":"array","prefixItems":[{"type":["number","null"]},{"type":"integer"}],"minItems":2,"maxItems":2}}},
        "required":["target","tags","datapoints"]}}
        """;

    /// <summary>The three forms of <c>/metrics/find</c>.</summary>
    public const string Find = """
        {"anyOf":[
        {"type":"array","items":{"type":"object","properties":{"text":{"type":"string"},"id":{"type":"string"},"allowChildren":{"enum":[0,1]},
        "expandable":{"enum":[0,1]},"leaf":{"enum":[0,1]}},"required":["text","id","allowChildren","expandable","leaf"],"additionalProperties":false}},
        {"type":"object","properties":{"metrics":{"type":"array","items":{"type":"object","properties":{"path":{"type":"string"},
        "name":{"type":"string"},"is_leaf":{"enum":["0","1"]}},"required":["name"]}}},"required":["metrics"]},
        {"type":"object","properties":{"nodes":{"type":"array","items":{"type":"string"}}},"required":["nodes"]}]}
        """;

    /// <summary>Paths, as one list or a list for each pattern.</summary>
    public const string Expand = """
        {"type":"object","properties":{"results":{"anyOf":[{"type":"array","items":{"type":"string"}},
        {"type":"object","additionalProperties":{"type":"array","items":{"type":"string"}}}]}},"required":["results"]}
        """;

    /// <summary>By series: its value, or that there is no such series.</summary>
    public const string Metadata = """
        {"type":"object","additionalProperties":{"type":"object","properties":{"value":{"type":"string"},"error":{"type":"string"}}}}
        """;

    /// <summary>A function of the target language.</summary>
    public const string Function = """
        {"type":"object","properties":{"name":{"type":"string"},"function":{"type":"string"},"description":{"type":"string"},"module":{"type":"string"},
        "group":{"type":"string"},"params":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"type":{"type":"string"},
        "required":{"type":"boolean"},"multiple":{"type":"boolean"},"options":{"type":"array"},"suggestions":{"type":"array"}},"required":["name","type"]}}},
        "required":["name","function","description","module","group","params"]}
        """;

    /// <summary>Functions by name, or by group and name.</summary>
    public static readonly string Functions = $$$"""
        {"type":"object","additionalProperties":{"anyOf":[{{{Function}}},{"type":"object","additionalProperties":{{{Function}}} }]}}
        """;

    /// <summary>Tags.</summary>
    public const string Tags = """
        {"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"tag":{"type":"string"}},"required":["id","tag"]}}
        """;

    /// <summary>A tag with its values.</summary>
    public const string Tag = """
        {"type":["object","null"],"properties":{"id":{"type":"integer"},"tag":{"type":"string"},"values":{"type":"array","items":{"type":"object",
        "properties":{"id":{"type":"integer"},"value":{"type":"string"},"count":{"type":"integer"}},"required":["id","value","count"]}}},
        "required":["id","tag","values"]}
        """;

    /// <summary>Events for annotations.</summary>
    public const string Events = """
        {"type":"array","items":{"type":"object","properties":{"when":{"type":"integer"},"what":{"type":"string"},"data":{"type":"string"},
        "tags":{"type":"array","items":{"type":"string"}},"id":{"type":"integer"}},"required":["when","what","data","tags","id"]}}
        """;
}
