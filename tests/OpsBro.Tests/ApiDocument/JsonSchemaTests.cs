using System.Text.Json.Nodes;

namespace OpsBro.Tests.ApiDocument;

/// <summary>The checker of schemas finds what is wrong: a checker that cannot fail would prove nothing.</summary>
public class JsonSchemaTests
{
    static readonly JsonNode document = JsonNode.Parse("""
        {"schemas":{
          "Node":{"type":"object","properties":{"name":{"type":"string"},"next":{"anyOf":[{"$ref":"#/schemas/Node"},{"type":"null"}]}},"required":["name"]},
          "a/b":{"type":"integer"}}}
        """)!;

    static IReadOnlyList<string> Faults(string schema, string value) => new JsonSchema(document).Faults(JsonNode.Parse(schema), JsonNode.Parse(value));

    [Theory]
    [InlineData("true", "{\"a\":1}")]
    [InlineData("""{"type":"string"}""", "\"a\"")]
    [InlineData("""{"type":["string","null"]}""", "null")]
    [InlineData("""{"type":"integer"}""", "3.0")]
    [InlineData("""{"type":"number"}""", "1e300")]
    [InlineData("""{"enum":["a",1,null]}""", "null")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":2}""", "[1,2]")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"}}""", """["a",2]""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":{"type":"integer"}}""", """{"a":"x","b":2}""")]
    [InlineData("""{"$ref":"#/schemas/Node"}""", """{"name":"a","next":{"name":"b","next":null}}""")]
    [InlineData("""{"$ref":"#/schemas/a~1b"}""", "3")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"integer","minimum":3}]}""", "3")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"2026-11-27T17:00:00Z\"")]
    [InlineData("""{"type":"string","pattern":"^a+$"}""", "\"aaa\"")]
    [InlineData("""{"not":{"type":"string"}}""", "3")]
    public void What_fits_has_no_fault(string schema, string value)
    {
        Assert.Empty(Faults(schema, value));
        Assert.Empty(new JsonSchema(document).FaultsOf(JsonNode.Parse(schema), "$"));
    }

    [Theory]
    [InlineData("false", "1", "$: nothing may be here")]
    [InlineData("""{"type":"string"}""", "1", "$: is 1, and must be \"string\"")]
    [InlineData("""{"type":"string"}""", "null", "$: is null, and must be \"string\"")]
    [InlineData("""{"type":"integer"}""", "3.5", "$: is 3.5, and must be \"integer\"")]
    [InlineData("""{"type":["string","null"]}""", "false", "$: is false, and must be [\"string\",\"null\"]")]
    [InlineData("""{"enum":["a"]}""", "\"b\"", "$: is \"b\", and must be one of [\"a\"]")]
    [InlineData("""{"const":1}""", "2", "$: is not 1")]
    [InlineData("""{"items":{"type":"integer"}}""", """[1,"a"]""", "$[1]: is \"a\", and must be \"integer\"")]
    [InlineData("""{"prefixItems":[{"type":"string"}]}""", "[1]", "$[0]: is 1, and must be \"string\"")]
    [InlineData("""{"minItems":2}""", "[1]", "$: has 1 items, fewer than 2")]
    [InlineData("""{"maxItems":0}""", "[1]", "$: has 1 items, more than 0")]
    [InlineData("""{"required":["a"]}""", """{"b":1}""", "$: a is missing")]
    [InlineData("""{"properties":{"a":{"type":"string"}},"additionalProperties":false}""", """{"a":"x","b":1}""", "$.b: nothing may be here")]
    [InlineData("""{"additionalProperties":{"type":"integer"}}""", """{"a":"x"}""", "$.a: is \"x\", and must be \"integer\"")]
    [InlineData("""{"$ref":"#/schemas/Node"}""", """{"name":"a","next":{"name":3}}""", "$.next: {\"name\":3} is none of the 2 forms")]
    [InlineData("""{"$ref":"#/schemas/Nobody"}""", "1", "$: #/schemas/Nobody leads nowhere")]
    [InlineData("""{"minimum":3}""", "2", "$: 2 is less than 3")]
    [InlineData("""{"maximum":3}""", "4", "$: 4 is more than 3")]
    [InlineData("""{"minLength":3}""", "\"ab\"", "$: is shorter than 3")]
    [InlineData("""{"pattern":"^a+$"}""", "\"b\"", "$: \"b\" is not like ^a+$")]
    [InlineData("""{"format":"date-time"}""", "\"soon\"", "$: \"soon\" is no time")]
    [InlineData("""{"not":{"type":"string"}}""", "\"a\"", "$: is what it must not be")]
    public void What_does_not_fit_is_named_with_its_place(string schema, string value, string fault) => Assert.Equal([fault], Faults(schema, value));

    [Theory]
    [InlineData("3", "a schema is an object")]
    [InlineData("""{"type":"text"}""", "there is no type text")]
    [InlineData("""{"properties":{"a":{"type":["string","nil"]}}}""", "$.a: there is no type nil")]
    [InlineData("""{"items":{"$ref":"#/nowhere"}}""", "#/nowhere leads nowhere")]
    [InlineData("""{"anyOf":[]}""", "anyOf must hold schemas")]
    [InlineData("""{"required":[]}""", "required must be a list")]
    [InlineData("""{"oneOf":[]}""", "oneOf is not known")]
    public void A_broken_schema_is_a_fault(string schema, string fault) =>
        Assert.Contains(fault, Assert.Single(new JsonSchema(document).FaultsOf(JsonNode.Parse(schema), "$")));
}
