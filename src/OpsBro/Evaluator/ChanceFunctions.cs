using OpsBro.Core.Expressions;

namespace OpsBro.Evaluator;

/// <summary>Functions of time and chance.</summary>
internal static class ChanceFunctions
{
    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table, TimeProvider clock)
    {
        table.Add(new FunctionDoc("now", "time", "now()",
            "Seconds since 1970, as an int."),
            _ => Value.Of(clock.GetUtcNow().ToUnixTimeSeconds()));
        table.Add(new FunctionDoc("random", "random", "random()", "A float from 0 to below 1."), _ => Value.Of(Random.Shared.NextDouble()));
        table.Add(new FunctionDoc("randomint_between", "random", "randomint_between(int_start, int_end)",
            "An int between both, each of them included."),
            a => a.Int(0) <= a.Int(1)
                ? Value.Of(a.Int(1) == long.MaxValue ? Random.Shared.NextInt64(a.Int(0), a.Int(1)) : Random.Shared.NextInt64(a.Int(0),
                    a.Int(1) + 1))
                : throw a.Fail($"{a.Int(0)} is greater than {a.Int(1)}"));
        table.Add(new FunctionDoc("shuffle", "random", "shuffle(list)", "A list of the items in random order."), a =>
        {
            Value[] items = [.. a.Items(0)];
            Random.Shared.Shuffle(items);
            return Value.ListOf([.. items]);
        });
    }
}
