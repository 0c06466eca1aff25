namespace OpsBro.Core.Expressions;

/// <summary>The binary operators of arithmetic.</summary>
enum Operator : byte
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

/// <summary>The comparison operators.</summary>
enum Comparator : byte
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Is,
    IsNot,
}

/// <summary>How the operators are written.</summary>
static class OperatorSigns
{
    public static string Sign(this Operator sign) => sign switch
    {
        Operator.Add => "+",
        Operator.Subtract => "-",
        Operator.Multiply => "*",
        Operator.Divide => "/",
        Operator.FloorDivide => "//",
        Operator.Modulo => "%",
        Operator.Power => "**",
        Operator.And => "&",
        Operator.Or => "|",
        Operator.Xor => "^",
        Operator.ShiftLeft => "<<",
        _ => ">>",
    };

    public static string Sign(this Comparator sign) => sign switch
    {
        Comparator.Equal => "==",
        Comparator.NotEqual => "!=",
        Comparator.Less => "<",
        Comparator.LessOrEqual => "<=",
        Comparator.Greater => ">",
        Comparator.GreaterOrEqual => ">=",
        Comparator.In => "in",
        Comparator.NotIn => "not in",
        Comparator.Is => "is",
        _ => "is not",
    };
}
