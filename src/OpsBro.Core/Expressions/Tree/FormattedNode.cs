using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>A part of a text with fields: literal text, or a value with its conversion and format.</summary>
/// <param name="Literal">Text, when there is no value.</param>
/// <param name="Value">The field.</param>
/// <param name="Conversion">r, s, a, or NUL.</param>
/// <param name="Spec">The format, itself a text that may have fields.</param>
sealed record FormattedPart(string Literal, Node? Value, char Conversion, Node? Spec);

/// <summary>Gathers the parts of a text.</summary>
sealed class FormattedParts
{
    readonly List<FormattedPart> parts = [];

    /// <summary>Adds text as written.</summary>
    public void Add(string text, int position, bool isRaw)
    {
        if (text.Length > 0) parts.Add(new FormattedPart(isRaw ? text : Escapes.Decode(text, position), null, '\0', null));
    }

    /// <summary>Adds a value that is shown by str().</summary>
    public void Add(Node value) => parts.Add(new FormattedPart("", value, '\0', null));

    /// <summary>Adds a field.</summary>
    public void Add(FormattedPart part) => parts.Add(part);

    /// <summary>A literal when there is no field.</summary>
    public Node ToNode(int position) => parts.TrueForAll(part => part.Value is null)
        ? new ConstantNode(Core.Expressions.Value.Of(string.Concat(parts.Select(part => part.Literal))), position)
        : new FormattedNode([.. parts], position);
}

/// <summary>A text with fields.</summary>
sealed class FormattedNode(FormattedPart[] parts, int position)
    : Node(position, [.. parts.SelectMany(part => new[] { part.Value, part.Spec })])
{
    public override Value Evaluate(ref Evaluation run)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (part.Value is null)
            {
                text.Append(part.Literal);
                continue;
            }
            var value = part.Value.Evaluate(ref run);
            var spec = part.Spec?.Evaluate(ref run).AsString ?? "";
            run.At = part.Value.Position;
            run.Charge(value.Weight);
            text.Append(Formatting.Field(value, part.Conversion, spec));
            Limits.CheckText(text.Length);
        }
        run.Charge(text.Length / Limits.CharactersPerStep);
        return Value.Of(text.ToString());
    }
}
