using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OpsBro.Tests.ApiDocument;

/// <summary>What the document says of fields is what the doc comments say.</summary>
public partial class ApiFieldsTests
{
    [Fact]
    public void The_record_says_what_the_doc_comments_of_fields_say()
    {
        var fields = FieldsOf(typeof(Product).Assembly);

        Assert.Equal("HTTP status.", $"{fields["ProblemView"]!["status"]}");
        Assert.Empty(ApiRecord.Faults(fields));
    }

    /// <summary>The fields of every JSON object that the program knows, by type and JSON name.</summary>
    static JsonObject FieldsOf(Assembly program)
    {
        var comments = ((string[])["opsbro.xml", "OpsBro.Core.xml"])
            .SelectMany(file => XDocument.Load(Path.Join(AppContext.BaseDirectory, file)).Descendants("member"))
            .Where(member => member.Attribute("name")!.Value.Contains(":OpsBro.", StringComparison.Ordinal))
            .ToDictionary(member => member.Attribute("name")!.Value);
        var (all, types) = (new JsonObject(), new Dictionary<string, Type>());
        foreach (var context in program.GetTypes().Where(type => type.IsSubclassOf(typeof(JsonSerializerContext))))
        {
            var known = (JsonSerializerContext)context.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
            var infos = context.GetProperties().Where(property => property.PropertyType.IsAssignableTo(typeof(JsonTypeInfo)))
                .Select(property => (JsonTypeInfo)property.GetValue(known)!);
            foreach (var info in infos.Where(info => info.Kind == JsonTypeInfoKind.Object))
            {
                var fields = new JsonObject();
                foreach (var property in info.Properties)
                    if ((property.AttributeProvider as MemberInfo)?.Name is { } name && Comment(comments, property.DeclaringType, name) is { } meaning)
                        fields[property.Name] = meaning;
                // the document tells them apart by their name
                Assert.Equal(info.Type, types.GetValueOrDefault(info.Type.Name, info.Type));
                types[info.Type.Name] = info.Type;
                if (fields.Count > 0) all[info.Type.Name] = fields;
            }
        }
        return all;
    }

    /// <summary>That of the property, or of the record's parameter.</summary>
    static string? Comment(Dictionary<string, XElement> comments, Type type, string name)
    {
        var own = comments.GetValueOrDefault($"P:{type.FullName}.{name}")?.Element("summary")
            ?? comments.GetValueOrDefault($"T:{type.FullName}")?.Elements("param").FirstOrDefault(param => param.Attribute("name")?.Value == name);
        return own is null ? null : Spaces().Replace(string.Concat(own.Nodes().Select(Text)), " ").Trim();
    }

    static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" or "paramref" } link => (link.Attribute("cref") ?? link.Attribute("name"))!.Value.Split('.', ':')[^1],
        XElement element => string.Concat(element.Nodes().Select(Text)),
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
