namespace OpsBro.Core.Expressions;

/// <summary>
/// Makes the tree of a rule. The grammar is that of Python's expressions (docs.python.org/3.11/reference/expressions.html) without lambda,
/// assignment, starred items, attributes other than method calls, and complex numbers:
/// <code>
/// test       := or ["if" or "else" test]
/// or         := and ("or" and)*            and := not ("and" not)*            not := "not" not | comparison
/// comparison := binary (("&lt;" | "&gt;" | "==" | "&gt;=" | "&lt;=" | "!=" | ["not"] "in" | "is" ["not"]) binary)*
/// binary     := the levels | ^ &amp; (&lt;&lt; &gt;&gt;) (+ -) (* / // %)     unary := ("-" | "+" | "~") unary | power
/// power      := postfix ["**" unary]       postfix := atom ("(" arguments ")" | "[" subscript "]" | "." name "(" arguments ")")*
/// </code>
/// </summary>
sealed partial class Parser
{
    static readonly HashSet<string> Keywords =
    [
        "and", "or", "not", "in", "is", "if", "else", "for", "True", "False", "None", "lambda", "await", "async", "yield", "from", "as",
        "assert", "break", "class", "continue", "def", "del", "elif", "except", "finally", "global", "import", "nonlocal", "pass", "raise",
        "return", "try", "while", "with",
    ];

    readonly string rule;
    readonly Lexer lexer;
    readonly FunctionTable? functions;
    readonly Scope scope;
    Token current;
    int nesting;

    Parser(string rule, int start, int end, FunctionTable? functions, Scope scope, int nesting)
    {
        (this.rule, this.functions, this.scope, this.nesting) = (rule, functions, scope, nesting);
        lexer = new Lexer(rule, start, end);
        current = lexer.Next();
    }

    /// <summary>What the parsers of one rule share.</summary>
    sealed class Scope
    {
        /// <summary>Names that comprehensions bind, innermost last.</summary>
        public List<(string Name, int Slot)> Names { get; } = [];

        /// <summary>Slots used so far.</summary>
        public int Slots { get; set; }

        /// <summary>References seen.</summary>
        public List<Reference> References { get; } = [];
    }

    /// <summary>Reads a rule, or the part of it from <paramref name="start"/> to <paramref name="end"/>.</summary>
    /// <returns>The tree, the number of local names, and the references.</returns>
    public static (Node Tree, int Locals, IReadOnlyList<Reference> References) Parse(string rule, int start, int end, FunctionTable? functions)
    {
        if (rule.Length > Limits.RuleLength)
            throw new ExpressionException(ErrorKind.Limit, $"the rule has {rule.Length} characters; the limit is {Limits.RuleLength}", 0);
        var scope = new Scope();
        var parser = new Parser(rule, start, end, functions, scope, 0);
        return (parser.Whole(), scope.Slots, scope.References);
    }

    /// <summary>Reads a template: text with references and expressions in double braces.</summary>
    public static (Node Tree, int Locals, IReadOnlyList<Reference> References) ParseTemplate(string text, FunctionTable? functions)
    {
        if (text.Length > Limits.RuleLength)
            throw new ExpressionException(ErrorKind.Limit, $"the text has {text.Length} characters; the limit is {Limits.RuleLength}", 0);
        var scope = new Scope();
        var parser = new Parser(text, 0, 0, functions, scope, 0);
        return (parser.Template(), scope.Slots, scope.References);
    }

    /// <summary>Reads a literal, for the defaults of our own prototypes.</summary>
    public static Value ParseLiteral(string text) => ((ConstantNode)Parse(text, 0, text.Length, null).Tree).Value;

    Node Whole()
    {
        if (current.Kind == TokenKind.End) throw Unexpected("a rule");
        var tree = TestOrTuple();
        return current.Kind == TokenKind.End ? tree : throw Unexpected("an operator");
    }

    void Advance() => current = lexer.Next();

    bool Is(string sign) => current.Kind == TokenKind.Sign && current.Text == sign;

    bool IsWord(string word) => current.Kind == TokenKind.Name && current.Text == word;

    bool Take(string sign)
    {
        if (!Is(sign)) return false;
        Advance();
        return true;
    }

    bool TakeWord(string word)
    {
        if (!IsWord(word)) return false;
        Advance();
        return true;
    }

    void Expect(string sign)
    {
        if (!Take(sign)) throw Unexpected($"\"{sign}\"");
    }

    ExpressionException Unexpected(string wanted)
    {
        var hint = current.Kind == TokenKind.Sign
            ? current.Text switch
            {
                "=" => "; to compare, write ==",
                "&" or "|" => "; write and, or",
                "!" => "; write not",
                _ => "",
            }
            : "";
        var found = current.Kind switch
        {
            TokenKind.End => "the rule ends",
            TokenKind.Text => "there is a text",
            TokenKind.Reference => "there is a reference",
            _ => $"there is \"{(current.Text.Length > 20 ? current.Text[..20] + "…" : current.Text)}\"",
        };
        return Error(current.Position, $"{found} where {wanted} is expected{hint}");
    }

    static ExpressionException Error(int position, string message) => new(ErrorKind.Syntax, message, position);

    void Enter()
    {
        if (++nesting > Limits.Nesting)
            throw new ExpressionException(ErrorKind.Limit, $"the rule is nested more than {Limits.Nesting} deep; part it",
                current.Position);
    }

    /// <summary>A test, or several that are a tuple without brackets.</summary>
    Node TestOrTuple()
    {
        var position = current.Position;
        var first = Test();
        if (!Is(",")) return first;
        var items = new List<Node> { first };
        while (Take(","))
        {
            if (!BeginsTest()) break;
            items.Add(Test());
        }
        return Sequence(ValueKind.Tuple, items, position);
    }

    bool BeginsTest() => current.Kind switch
    {
        TokenKind.End => false,
        TokenKind.Sign => current.Text is "(" or "[" or "{" or "-" or "+" or "~",
        TokenKind.Name => !Keywords.Contains(current.Text) || current.Text is "not" or "True" or "False" or "None",
        _ => true,
    };

    Node Test()
    {
        Enter();
        var position = current.Position;
        var value = Or();
        if (TakeWord("if"))
        {
            var condition = Or();
            if (!TakeWord("else")) throw Unexpected("else");
            value = new ConditionalNode(value, condition, Test(), position);
        }
        nesting--;
        return value;
    }

    Node Or()
    {
        var position = current.Position;
        var first = And();
        if (!IsWord("or")) return first;
        var operands = new List<Node> { first };
        while (TakeWord("or")) operands.Add(And());
        return new BooleanNode([.. operands], stopAt: true, position);
    }

    Node And()
    {
        var position = current.Position;
        var first = Not();
        if (!IsWord("and")) return first;
        var operands = new List<Node> { first };
        while (TakeWord("and")) operands.Add(Not());
        return new BooleanNode([.. operands], stopAt: false, position);
    }

    Node Not()
    {
        if (!IsWord("not")) return Comparison();
        var position = current.Position;
        Enter();
        Advance();
        var node = new NotNode(Not(), position);
        nesting--;
        return node;
    }

    Node Comparison()
    {
        var position = current.Position;
        var first = Binary(0);
        List<(Comparator, Node, int)>? rest = null;
        while (true)
        {
            var at = current.Position;
            if (TakeComparator() is not { } sign) break;
            (rest ??= []).Add((sign, Binary(0), at));
        }
        return rest is null ? first : new CompareNode(first, [.. rest], position);
    }

    Comparator? TakeComparator()
    {
        Comparator? sign = current.Kind switch
        {
            TokenKind.Sign => current.Text switch
            {
                "==" => Comparator.Equal,
                "!=" => Comparator.NotEqual,
                "<" => Comparator.Less,
                "<=" => Comparator.LessOrEqual,
                ">" => Comparator.Greater,
                ">=" => Comparator.GreaterOrEqual,
                _ => null,
            },
            TokenKind.Name => current.Text switch
            {
                "in" => Comparator.In,
                "is" => Comparator.Is,
                "not" => Comparator.NotIn,
                _ => null,
            },
            _ => null,
        };
        if (sign is null) return null;
        Advance();
        if (sign == Comparator.NotIn && !TakeWord("in")) throw Unexpected("in");
        return sign == Comparator.Is && TakeWord("not") ? Comparator.IsNot : sign;
    }

    static (Operator Sign, int Level)? Level(Token token) => token.Kind != TokenKind.Sign
        ? null
        : token.Text switch
        {
            "|" => (Operator.Or, 1),
            "^" => (Operator.Xor, 2),
            "&" => (Operator.And, 3),
            "<<" => (Operator.ShiftLeft, 4),
            ">>" => (Operator.ShiftRight, 4),
            "+" => (Operator.Add, 5),
            "-" => (Operator.Subtract, 5),
            "*" => (Operator.Multiply, 6),
            "/" => (Operator.Divide, 6),
            "//" => (Operator.FloorDivide, 6),
            "%" => (Operator.Modulo, 6),
            _ => null,
        };

    /// <summary>Operators of a level above <paramref name="below"/>; those of one level group to the left.</summary>
    Node Binary(int below)
    {
        var left = Unary();
        while (Level(current) is { } level && level.Level > below)
        {
            var position = current.Position;
            Advance();
            left = new BinaryNode(level.Sign, left, Binary(level.Level), position);
        }
        return left;
    }

    Node Unary()
    {
        if (!Is("-") && !Is("+") && !Is("~")) return Power();
        var (position, sign) = (current.Position, current.Text[0]);
        Enter();
        Advance();
        var operand = Unary();
        nesting--;
        return operand is ConstantNode { Value.IsNumber: true } constant && sign != '~'
            ? new ConstantNode(Arithmetic.Unary(sign, constant.Value), position)
            : new UnaryNode(sign, operand, position);
    }

    Node Power()
    {
        var value = Postfix();
        if (!Is("**")) return value;
        var position = current.Position;
        Enter();
        Advance();
        value = new BinaryNode(Operator.Power, value, Unary(), position);
        nesting--;
        return value;
    }
}
