namespace OpsBro.Core.Expressions;

/// <summary>Names, literals, displays, and what follows them: calls, methods, subscripts.</summary>
sealed partial class Parser
{
    Node Postfix()
    {
        var value = Atom();
        while (current.Kind == TokenKind.Sign)
        {
            var position = current.Position;
            if (Take("[")) value = Subscript(value, position);
            else if (Take(".")) value = Method(value, position);
            else if (Is("(")) throw Error(position, "only a function or a method can be called, by its name");
            else break;
        }
        return value;
    }

    Node Atom()
    {
        var token = current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Advance();
                return new ConstantNode(token.Value, token.Position);
            case TokenKind.Text:
                return Texts();
            case TokenKind.Reference:
                Advance();
                return ReferenceOf(token.Start..(token.Start + token.Text.Length), token.Position);
            case TokenKind.Name:
                return Name();
            case TokenKind.Sign when token.Text == "(":
                return Bracketed();
            case TokenKind.Sign when token.Text == "[":
                return ListDisplay();
            case TokenKind.Sign when token.Text == "{":
                return DictOrSetDisplay();
            default:
                throw Unexpected("a value");
        }
    }

    Node Name()
    {
        var token = current;
        Advance();
        switch (token.Text)
        {
            case "True": return new ConstantNode(Value.Of(true), token.Position);
            case "False": return new ConstantNode(Value.Of(false), token.Position);
            case "None": return new ConstantNode(Value.None, token.Position);
        }
        if (Keywords.Contains(token.Text)) throw Error(token.Position, $"\"{token.Text}\" stands where a value is expected");
        for (var i = scope.Names.Count - 1; i >= 0; i--)
            if (scope.Names[i].Name == token.Text) return new LocalNode(scope.Names[i].Slot, token.Position);
        if (Is("(")) return Call(token);
        throw UnknownName(token);
    }

    ExpressionException UnknownName(Token token)
    {
        var name = token.Text;
        if (functions is not null && functions.TryGet(name, out var function))
            return new ExpressionException(ErrorKind.Name, $"{name} is a function; call it: {function.Doc.Usage}", token.Position);
        if (ReferenceSyntax.Roots.Contains(name))
            return new ExpressionException(ErrorKind.Name, $"write data in braces: {{{{{name}.…}}}}", token.Position);
        var known = (functions?.Names ?? []).Concat(["True", "False", "None"]).Concat(scope.Names.Select(n => n.Name));
        var hint = Spelling.Hint(name, known);
        return new ExpressionException(ErrorKind.Name,
            $"the name {name} is not known{(hint.Length > 0 ? hint : "; quote it if it is a text")}", token.Position);
    }

    Node Call(Token name)
    {
        var open = current.Position;
        Advance();
        var (given, named) = CallArguments(open);
        if (functions is null || !functions.TryGet(name.Text, out var function))
        {
            throw new ExpressionException(ErrorKind.Name,
                $"there is no function {name.Text}(){Spelling.Hint(name.Text, functions?.Names ?? [])}; see opsbro evaluator list",
                    name.Position);
        }
        try
        {
            var binding = function.Signature.Bind(function.Doc, given, named);
            return new CallNode(function, binding, name.Position, Children(given, named));
        }
        catch (ExpressionException e)
        {
            throw e.At(name.Position);
        }
    }

    static Node[] Children(List<Node> given, List<(string, Node Value)> named) => [.. given, .. named.Select(n => n.Value)];

    (List<Node> Given, List<(string, Node)> Named) CallArguments(int open)
    {
        var given = new List<Node>();
        var named = new List<(string, Node)>();
        Enter();
        if (HasForAhead())
        {
            given.Add(Comprehension(ValueKind.List, ")", open));
            nesting--;
            return (given, named);
        }
        while (!Is(")"))
        {
            if (Is("*") || Is("**")) throw Error(current.Position, "a call cannot spread a list or dict; write the arguments one by one");
            var (start, token) = (lexer.At, current);
            if (token.Kind == TokenKind.Name && !Keywords.Contains(token.Text))
            {
                Advance();
                if (Take("="))
                {
                    named.Add((token.Text, Test()));
                    if (!Is(")")) Expect(",");
                    continue;
                }
                (lexer.At, current) = (start, token);
            }
            if (named.Count > 0) throw Error(current.Position, "an argument without a name stands behind one with a name");
            given.Add(Test());
            if (!Is(")")) Expect(",");
        }
        Advance();
        nesting--;
        return (given, named);
    }

    Node Method(Node receiver, int dot)
    {
        var name = current;
        if (name.Kind != TokenKind.Name) throw Unexpected("the name of a method");
        Advance();
        if (!Is("("))
        {
            throw new ExpressionException(ErrorKind.Attribute,
                $"values have methods only, no attributes; write [\"{name.Text}\"] for a key, {name.Text}() for a method", dot);
        }
        var open = current.Position;
        Advance();
        var (given, named) = CallArguments(open);
        var choices = new List<MethodNode.Choice>();
        foreach (var (kind, function) in MethodTable.Named(name.Text))
        {
            try
            {
                choices.Add(new MethodNode.Choice(kind, function, function.Signature.Bind(function.Doc, given, named), null));
            }
            catch (ExpressionException e)
            {
                choices.Add(new MethodNode.Choice(kind, function, null, e));
            }
        }
        if (choices.Count == 0)
        {
            throw new ExpressionException(ErrorKind.Attribute,
                $"no value has a method {name.Text}(){Spelling.Hint(name.Text, MethodTable.Names)}", name.Position);
        }
        return new MethodNode(receiver, name.Text, [.. choices], name.Position, Children(given, named));
    }

    Node Subscript(Node container, int position)
    {
        Enter();
        Node? start = Is(":") ? null : TestOrTuple();
        if (!Is(":"))
        {
            Expect("]");
            nesting--;
            return new SubscriptNode(container, start!, position);
        }
        Advance();
        var stop = Is(":") || Is("]") ? null : Test();
        var step = Take(":") && !Is("]") ? Test() : null;
        Expect("]");
        nesting--;
        return new SliceNode(container, start, stop, step, position);
    }
}
