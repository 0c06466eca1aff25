namespace OpsBro.Core.Expressions;

/// <summary>The original's own functions of texts and lists.</summary>
static class TextFunctions
{
    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table)
    {
        table.Add(new FunctionDoc("string_upper", "string", "string_upper(string)",
            "The text in upper case."),
            a => Value.Of(Cases.Upper(a.Text(0))));
        table.Add(new FunctionDoc("string_lower", "string", "string_lower(string)",
            "The text in lower case."),
            a => Value.Of(Cases.Lower(a.Text(0))));
        table.Add(new FunctionDoc("string_split", "string", "string_split(string, split_character)",
            "A list of the parts between the separators."),
            Split);
        table.Add(new FunctionDoc("string_join", "string", "string_join(list, join_character)",
            "The items in one text, with the separator between them."),
            a => Value.Of(StrMethods.Join(a.Text(1), a.Items(0).ConvertAll(item => Value.Of(item.Str())))));
        table.Add(new FunctionDoc("set_difference", "logic", "set_difference(set1, set2)",
            "The set of the items of the first that the second has not."),
            a => Sets.Combine(Operator.Subtract, Sets.Of(a[0]), Sets.Of(a[1])));
        table.Add(new FunctionDoc("set_intersection", "logic", "set_intersection(set1, set2)", "The set of the items that both have."),
            a => Sets.Combine(Operator.And, Sets.Of(a[0]), Sets.Of(a[1])));
        table.Add(new FunctionDoc("reverse", "logic", "reverse(list)",
            "The items, or the characters of a text, from the last to the first."),
            Reverse);
    }

    static Value Split(Arguments a)
    {
        if (a.Text(1).Length == 0) throw a.Fail("split_character is empty");
        var parts = a.Text(0).Split(a.Text(1));
        Limits.CheckItems(parts.Length);
        return Value.ListOf([.. parts.Select(Value.Of)]);
    }

    static Value Reverse(Arguments a)
    {
        var items = new List<Value>(a.Items(0));
        items.Reverse();
        return a[0].Kind == ValueKind.String ? Value.Of(StrMethods.Join("", items)) : Collections.Sequence(a[0].Kind, items);
    }
}
