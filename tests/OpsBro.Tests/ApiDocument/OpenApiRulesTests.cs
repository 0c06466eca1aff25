using System.Text.Json.Nodes;

namespace OpsBro.Tests.ApiDocument;

/// <summary>The rules find what is wrong in a document.</summary>
public class OpenApiRulesTests
{
    const string Good = """
        {"openapi":"3.1.0","info":{"title":"t","version":"1"},"tags":[{"name":"a"}],
         "paths":{"/x/{id}":{"get":{"operationId":"x","summary":"An x.","tags":["a"],"security":[{"token":[]}],
           "parameters":[{"name":"id","in":"path","required":true,"description":"which","schema":{"type":"string"},"example":"7"}],
           "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/X"},"example":{"n":1}}}},
           "responses":{"200":{"description":"it","content":{"application/json":{"schema":{"$ref":"#/components/schemas/X"},"example":{"n":1}}}}}}}},
         "components":{"securitySchemes":{"token":{}},"schemas":{"X":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}}}
        """;

    [Fact]
    public void A_document_that_keeps_them_has_no_fault() => Assert.Empty(OpenApiRules.Faults(JsonNode.Parse(Good)!));

    [Theory]
    [InlineData("\"3.1.0\"", "\"3.0.0\"", "openapi is not 3.1")]
    [InlineData("\"title\":\"t\",", "", "info.title is missing")]
    [InlineData("/x/{id}", "x/{id}", "does not begin with a slash")]
    [InlineData("/x/{id}", "/x/{name}", "the path's name is not declared")]
    [InlineData("/x/{id}", "/x", "id is not in the path")]
    [InlineData("\"get\"", "\"fetch\"", "there is no such method")]
    [InlineData("An x.", "", "it has no summary")]
    [InlineData("[\"a\"]", "[\"b\"]", "the tag b is not declared")]
    [InlineData("[{\"token\":[]}]", "[{\"key\":[]}]", "the security scheme key is not declared")]
    [InlineData("\"in\":\"path\",\"required\":true", "\"in\":\"path\"", "id is in the path and not required")]
    [InlineData("\"description\":\"which\",", "", "id has no description")]
    [InlineData(",\"example\":\"7\"", "", "id has no example")]
    [InlineData("\"example\":\"7\"", "\"example\":7", "the example of id: $: is 7")]
    [InlineData("\"schema\":{\"type\":\"string\"}", "\"schema\":{\"type\":\"text\"}", "there is no type text")]
    [InlineData("\"200\":{\"desc", "\"20\":{\"desc", "20 is no status")]
    [InlineData("\"200\":{\"desc", "\"404\":{\"desc", "it has no good answer")]
    [InlineData("\"description\":\"it\",", "", "200 has no description")]
    [InlineData("\"example\":{\"n\":1}}}}}}", "\"example\":{}}}}}}", "200: the example of application/json: $: n is missing")]
    [InlineData("\"example\":{\"n\":1}}}},", "\"example\":{}}}},", "the body: the example of application/json: $: n is missing")]
    [InlineData("\"X\":{\"type\"", "\"Y\":{\"type\"", "#/components/schemas/X leads nowhere")]
    [InlineData("\"integer\"", "\"int\"", "there is no type int")]
    public void Each_fault_is_found(string from, string to, string fault)
    {
        Assert.Contains(from, Good);

        var faults = OpenApiRules.Faults(JsonNode.Parse(Good.Replace(from, to))!);

        Assert.Contains(faults, one => one.Contains(fault));
    }

    [Fact]
    public void Two_operations_have_two_ids_and_two_paths_differ_in_more_than_names()
    {
        var document = JsonNode.Parse(Good)!;
        document["paths"]!["/x/{other}"] = document["paths"]!["/x/{id}"]!.DeepClone();

        var faults = OpenApiRules.Faults(document);

        Assert.Contains(faults, one => one.Contains("are the same path"));
        Assert.Contains(faults, one => one.Contains("another one has the operationId"));
    }
}
