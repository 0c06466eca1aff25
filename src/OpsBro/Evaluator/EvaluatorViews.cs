using System.Text.Json.Serialization;
using OpsBro.Api;
using OpsBro.Core.Expressions;

namespace OpsBro.Evaluator;

/// <summary>A function, for the list.</summary>
internal sealed record FunctionView(string Name, string Group, string Prototype, string Summary, string[] Aliases);

/// <summary>A function in the shape of the original.</summary>
internal sealed record LegacyFunctionView(string Name, string Doc, string Prototype, string Group);

/// <summary>What is to be evaluated.</summary>
internal sealed record EvalRequest
{
    /// <summary>The rule.</summary>
    public string? Expression { get; set; }

    /// <summary>The pack whose parameters it reads; none unless given.</summary>
    public string? Pack { get; set; }
}

/// <summary>A value.</summary>
/// <param name="Value">As JSON.</param>
/// <param name="Repr">As it is written in a rule.</param>
/// <param name="Text">As an output shows it.</param>
/// <param name="Type">Python's name of the type.</param>
/// <param name="IsTrue">Whether a rule takes it for true.</param>
/// <param name="Problem">Why there is no value; empty when there is one.</param>
internal sealed record EvalView(Value Value, string Repr, string Text, string Type, bool IsTrue, string Problem)
{
    /// <summary>The view of a value.</summary>
    public static EvalView Of(Value value) => new(value, value.Repr(), value.Str(), value.TypeName, value.IsTrue, "");

    /// <summary>The view of an expression that has no value now.</summary>
    public static EvalView Of(string problem) => new(Value.None, "", "", "", false, problem);
}

/// <summary>JSON of the evaluator.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(ValueConverter)])]
[JsonSerializable(typeof(FunctionView[]))]
[JsonSerializable(typeof(LegacyFunctionView[]))]
[JsonSerializable(typeof(EvalRequest))]
[JsonSerializable(typeof(EvalView))]
[JsonSerializable(typeof(Value))]
internal sealed partial class EvaluatorJson : JsonSerializerContext;
