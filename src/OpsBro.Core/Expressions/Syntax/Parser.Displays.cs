namespace OpsBro.Core.Expressions;

/// <summary>Lists, tuples, dicts and sets, written out or by comprehension.</summary>
sealed partial class Parser
{
    Node Bracketed()
    {
        var position = current.Position;
        Enter();
        Advance();
        Node value;
        if (Is(")")) value = new ConstantNode(Value.TupleOf([]), position);
        else if (HasForAhead()) throw Error(position, "a comprehension in round brackets stands in a call only; write [… for …]");
        else value = TestOrTuple();
        Expect(")");
        nesting--;
        return value;
    }

    Node ListDisplay()
    {
        var position = current.Position;
        Enter();
        Advance();
        if (HasForAhead())
        {
            var list = Comprehension(ValueKind.List, "]", position);
            nesting--;
            return list;
        }
        var items = new List<Node>();
        while (!Is("]"))
        {
            items.Add(Test());
            if (!Is("]")) Expect(",");
        }
        Advance();
        nesting--;
        return Sequence(ValueKind.List, items, position);
    }

    /// <summary>A list or tuple; one of literals only is made now.</summary>
    static Node Sequence(ValueKind kind, List<Node> items, int position) => items.All(item => item is ConstantNode)
        ? new ConstantNode(Collections.Sequence(kind, [.. items.Select(item => ((ConstantNode)item).Value)]), position)
        : new SequenceNode(kind, [.. items], position);

    Node DictOrSetDisplay()
    {
        var position = current.Position;
        Enter();
        Advance();
        if (HasForAhead())
        {
            var result = Comprehension(ValueKind.Set, "}", position);
            nesting--;
            return result;
        }
        var keys = new List<Node>();
        var values = new List<Node>();
        while (!Is("}"))
        {
            keys.Add(Test());
            if (keys.Count == 1 ? Take(":") : values.Count > 0 && TakeColon()) values.Add(Test());
            if (!Is("}")) Expect(",");
        }
        Advance();
        nesting--;
        if (keys.Count == 0 || values.Count > 0) return new DictNode([.. keys], [.. values], position);
        return new SetNode([.. keys], position);
    }

    bool TakeColon() => Take(":") ? true : throw Unexpected("\":\"");

    /// <summary>True when a <c>for</c> stands in the brackets that are open now, outside of inner ones.</summary>
    bool HasForAhead()
    {
        var (at, token) = (lexer.At, current);
        var depth = 0;
        while (current.Kind != TokenKind.End && depth >= 0 && !(depth == 0 && IsWord("for")))
        {
            if (Is("(") || Is("[") || Is("{")) depth++;
            else if (Is(")") || Is("]") || Is("}")) depth--;
            else if (depth == 0 && Is(",")) break;
            Advance();
        }
        var found = depth == 0 && IsWord("for");
        (lexer.At, current) = (at, token);
        return found;
    }

    /// <summary>Reads <c>element for a in b if c</c>: the clauses first, because they bind the names that the element uses.</summary>
    Node Comprehension(ValueKind kind, string close, int position)
    {
        var (start, first) = (lexer.At, current);
        SkipToFor();
        var bound = scope.Names.Count;
        var clauses = new List<ComprehensionClause>();
        while (TakeWord("for"))
        {
            var slots = Targets();
            if (!TakeWord("in")) throw Unexpected("in");
            var items = Or();
            foreach (var (name, slot) in slots) scope.Names.Add((name, slot));
            var conditions = new List<Node>();
            while (TakeWord("if")) conditions.Add(Or());
            clauses.Add(new ComprehensionClause([.. slots.Select(s => s.Slot)], slots.Count > 1, items, [.. conditions]));
        }
        if (!Is(close)) throw Unexpected($"\"{close}\"");
        var (end, last) = (lexer.At, current);

        (lexer.At, current) = (start, first);
        var element = Test();
        Node? value = null;
        if (kind == ValueKind.Set && Take(":")) (kind, value) = (ValueKind.Dict, Test());
        if (!IsWord("for")) throw Unexpected("for");
        scope.Names.RemoveRange(bound, scope.Names.Count - bound);
        (lexer.At, current) = (end, last);
        Advance();
        return new ComprehensionNode(kind, element, value, [.. clauses], position);
    }

    void SkipToFor()
    {
        var depth = 0;
        while (!(depth == 0 && IsWord("for")))
        {
            if (Is("(") || Is("[") || Is("{")) depth++;
            else if (Is(")") || Is("]") || Is("}")) depth--;
            Advance();
        }
    }

    List<(string Name, int Slot)> Targets()
    {
        var targets = new List<(string, int)>();
        var inBrackets = Take("(");
        do
        {
            if (current.Kind != TokenKind.Name || Keywords.Contains(current.Text)) throw Unexpected("a name");
            targets.Add((current.Text, scope.Slots++));
            Advance();
        }
        while (Take(","));
        if (inBrackets) Expect(")");
        return targets;
    }
}
