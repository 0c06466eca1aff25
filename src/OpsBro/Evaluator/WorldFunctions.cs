using OpsBro.Core.Expressions;

namespace OpsBro.Evaluator;

/// <summary>What functions ask other slices. Each is asked when a rule runs, so slices may come up in any order.</summary>
/// <param name="HasGroup">True when the agent has the group.</param>
/// <param name="HasStaticGroup">True when the agent has the group whatever the rules say.</param>
/// <param name="Zone">The agent's zone.</param>
/// <param name="Clock">Wall clock.</param>
internal sealed record WorldHooks(Func<string, bool> HasGroup, Func<string, bool> HasStaticGroup, Func<string> Zone, TimeProvider Clock)
{
    /// <summary>The zone of a node by its name or id; empty when it is not known.</summary>
    public Func<string, string> ZoneOf { get; init; } = _ => "";

    /// <summary>How many members have a group and a state, both may be empty; null for an agent in no cluster.</summary>
    public Func<string, string, int?> CountMembers { get; init; } = (_, _) => null;

    /// <summary>True when an event of that name was seen lately.</summary>
    public Func<string, bool> HasEvent { get; init; } = _ => false;
}

/// <summary>The functions that look at this host, added to the pure ones. Slow ones have a deadline; none changes anything.</summary>
internal static class WorldFunctions
{
    /// <summary>The table that rules of this agent are compiled with.</summary>
    /// <param name="hooks">What other slices know.</param>
    /// <param name="root">Directory that stands for <c>/</c> where packages are looked up.</param>
    public static FunctionTable Table(WorldHooks hooks, string root = "/")
    {
        var table = FunctionTable.Pure();
        FileFunctions.AddTo(table);
        HashFunctions.AddTo(table);
        SystemFunctions.AddTo(table);
        NetworkFunctions.AddTo(table);
        ClusterFunctions.AddTo(table, hooks);
        ChanceFunctions.AddTo(table, hooks.Clock);
        var packages = new PackageDatabase(root);
        table.Add(new FunctionDoc("has_package", "package", "has_package(package)",
                "True when the package is installed; reads the database of dpkg, apk, rpm or pacman."),
            a => Value.Of(packages.Has(a.Text(0))));
        AddOldNames(table);
        return table;
    }

    /// <summary>The names of 2016 and 2017.</summary>
    static void AddOldNames(FunctionTable table)
    {
        table.AddAlias("fileexists", "file_exists");
        table.AddAlias("grep", "grep_file");
        table.AddAlias("ip_in_range", "ip_is_in_range");
        table.AddAlias("get_os", "system_get_os");
        table.AddAlias("have_group", "is_in_group");
        table.AddAlias("user_exists", "system_user_exists");
        table.AddAlias("group_exists", "system_group_exists");
    }
}
