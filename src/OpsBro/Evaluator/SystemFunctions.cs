using OpsBro.Core.Expressions;

namespace OpsBro.Evaluator;

/// <summary>Functions that know the system and its users.</summary>
internal static class SystemFunctions
{
    const string Group = "system";

    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table)
    {
        Add(table, "system_get_os()", "The kind of system: 'linux'.", _ => Value.Of("linux"));
        Add(table, "system_is_python_2()", "False: this agent is no Python program.", _ => Value.Of(false));
        Add(table, "system_is_python_3()", "False: this agent is no Python program.", _ => Value.Of(false));
        Add(table, "system_user_exists(username_or_uid)", "True when the user exists, by name or number.",
            a => Value.Of(Number(a[0]) is { } id ? UserDatabase.NameOf(id) is not null : UserDatabase.IdOf(a.Text(0)) is not null));
        Add(table, "system_userid_from_username(username)", "The number of a user, or None.", a => OrNone(UserDatabase.IdOf(a.Text(0))));
        Add(table, "system_username_from_userid(userid)", "The name of a user, or None.", a => OrNone(UserDatabase.NameOf(Id(a))));
        Add(table, "system_group_exists(groupname_or_gid)", "True when the user group exists, by name or number.",
            a => Value.Of(Number(a[0]) is { } id ? UserDatabase.GroupNameOf(id) is not null : UserDatabase.GroupIdOf(a.Text(0)) is not null));
        Add(table, "system_groupid_from_groupname(groupname)", "The number of a user group, or None.",
            a => OrNone(UserDatabase.GroupIdOf(a.Text(0))));
        Add(table, "system_groupname_from_groupid(groupid)", "The name of a user group, or None.",
            a => OrNone(UserDatabase.GroupNameOf(Id(a))));
        Add(table, "get_env(variable)", "A variable of the agent's environment, or ''.",
            a => Value.Of(Environment.GetEnvironmentVariable(a.Text(0)) ?? ""));
    }

    static void Add(FunctionTable table, string prototype, string summary, Func<Arguments, Value> call) =>
        table.Add(new FunctionDoc(prototype[..prototype.IndexOf('(')], Group, prototype, summary), call);

    static uint Id(Arguments a) => (uint)a.Int(0, 0, uint.MaxValue);

    static uint? Number(Value value) => value.Kind switch
    {
        ValueKind.Int when value.AsInt is >= 0 and <= uint.MaxValue => (uint)value.AsInt,
        ValueKind.String when uint.TryParse(value.AsString, System.Globalization.NumberStyles.None, null, out var number) => number,
        _ => null,
    };

    static Value OrNone(uint? id) => id is { } known ? Value.Of(known) : Value.None;

    static Value OrNone(string? name) => name is null ? Value.None : Value.Of(name);
}
