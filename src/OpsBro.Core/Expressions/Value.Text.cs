using System.Globalization;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Python's str(), repr() and truth.</summary>
public readonly partial struct Value
{
    /// <summary>Python's truth: None, False, 0, and what is empty are false.</summary>
    public bool IsTrue => Kind switch
    {
        ValueKind.Bool or ValueKind.Int => bits != 0,
        ValueKind.Float => AsFloat != 0,
        ValueKind.BigInt => true,
        ValueKind.String => AsString.Length > 0,
        ValueKind.List or ValueKind.Tuple => AsList.Count > 0,
        ValueKind.Dict or ValueKind.Set => AsDict.Count > 0,
        _ => false,
    };

    /// <summary>Python's name of the type.</summary>
    public string TypeName => Kind switch
    {
        ValueKind.None => "NoneType",
        ValueKind.Bool => "bool",
        ValueKind.Int or ValueKind.BigInt => "int",
        ValueKind.Float => "float",
        ValueKind.String => "str",
        ValueKind.List => "list",
        ValueKind.Tuple => "tuple",
        ValueKind.Dict => "dict",
        _ => "set",
    };

    /// <summary>Python's str(): what an output shows.</summary>
    /// <exception cref="ExpressionException">LimitError: the text would be too long.</exception>
    public string Str() => Kind == ValueKind.String ? AsString : Repr();

    /// <summary>Python's repr(): how the value is written in a rule.</summary>
    /// <exception cref="ExpressionException">LimitError: the text would be too long.</exception>
    public string Repr()
    {
        switch (Kind)
        {
            case ValueKind.None: return "None";
            case ValueKind.Bool: return bits != 0 ? "True" : "False";
            case ValueKind.Int: return bits.ToString(CultureInfo.InvariantCulture);
            case ValueKind.BigInt: return IntText.Decimal(AsBigInt);
            case ValueKind.Float: return FloatText.Repr(AsFloat);
            default:
                var text = new StringBuilder();
                ReprText.Append(text, this);
                return text.ToString();
        }
    }

    /// <summary>For debuggers and test failures: the repr.</summary>
    public override string ToString() => Repr();
}
