using OpsBro.Collectors;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Collectors;

public class CollectorStoreTests
{
    static readonly TimeSpan collectedAt = TimeSpan.FromMinutes(5);

    [Fact]
    public void A_reference_finds_the_value_under_its_keys()
    {
        var store = StoreWith(CollectorState.Ok);

        Assert.True(store.TryResolve(To("loadaverage", "load1"), collectedAt, out var value, out _));

        Assert.Equal(1.5, value.AsFloat);
    }

    [Fact]
    public void A_key_with_dots_is_found_as_it_is_written()
    {
        var store = StoreWith(CollectorState.Ok);

        Assert.True(store.TryResolve(To("loadaverage", "/mnt/backup", "2024", "pct_used"), collectedAt, out var value, out _));

        Assert.Equal(91, value.AsInt);
    }

    [Fact]
    public void A_number_takes_an_item_of_a_list()
    {
        var store = StoreWith(CollectorState.Ok);

        Assert.True(store.TryResolve(To("loadaverage", "ports", "1"), collectedAt, out var value, out _));
        Assert.False(store.TryResolve(To("loadaverage", "ports", "2"), collectedAt, out _, out var problem));

        Assert.Equal(80, value.AsInt);
        Assert.Equal("collector.loadaverage.ports is a list of 2 and has no item \"2\"", problem);
    }

    [Fact]
    public void Resolving_allocates_nothing()
    {
        var store = StoreWith(CollectorState.Ok);
        Reference[] references = [To("loadaverage", "load1"), To("loadaverage", "/mnt/backup", "2024", "pct_used")];
        foreach (var reference in references) store.TryResolve(reference, collectedAt, out _, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            foreach (var reference in references) store.TryResolve(reference, collectedAt, out _, out _);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Data_is_good_for_three_intervals_and_not_longer()
    {
        var store = StoreWith(CollectorState.Ok);

        Assert.True(store.TryResolve(To("loadaverage", "load1"), collectedAt + TimeSpan.FromSeconds(30), out _, out _));
        var stale = Assert.Throws<ExpressionException>(() =>
            store.TryResolve(To("loadaverage", "load1"), collectedAt + TimeSpan.FromSeconds(31), out _, out _));

        Assert.EndsWith("has no value: data of collector loadaverage is 31 s old, more than 3 intervals of 10s", stale.Message);
    }

    [Fact]
    public void A_default_stands_in_for_data_that_is_missing_but_not_for_stale_data()
    {
        var store = StoreWith(CollectorState.Quarantined, "has not come back");
        var missing = Expression.Compile("{{collector.loadaverage.load99||0}} < 1", FunctionTable.Pure());
        var stale = Expression.Compile("{{collector.loadaverage.load1||0}} < 1", FunctionTable.Pure());

        Assert.True(missing.Evaluate(new At(store, collectedAt)).IsTrue);
        var failed = Assert.Throws<ExpressionException>(() => stale.Evaluate(new At(store, collectedAt + TimeSpan.FromMinutes(1))));
        Assert.Equal(ErrorKind.MissingData, failed.Kind);
    }

    [Theory]
    [InlineData(nameof(CollectorState.Pending), "", "collector loadaverage has not run yet")]
    [InlineData(nameof(CollectorState.Disabled), "", "collector loadaverage is disabled in agent.yml")]
    [InlineData(nameof(CollectorState.NotEligible), "no /proc", "collector loadaverage has nothing to read here: no /proc")]
    [InlineData(nameof(CollectorState.Error), "it broke", "collector loadaverage has no data: it broke")]
    public void Without_data_the_reason_is_the_state(string state, string why, string expected)
    {
        var store = new CollectorStore();
        store.Publish(new("loadaverage", Enum.Parse<CollectorState>(state), Value.None, default, default, TimeSpan.FromSeconds(10), why));

        Assert.False(store.TryResolve(To("loadaverage", "load1"), collectedAt, out _, out var problem));

        Assert.Equal(expected, problem);
    }

    [Fact]
    public void Stale_data_names_the_failure_behind_it()
    {
        var store = StoreWith(CollectorState.Error, "cannot read /proc/loadavg");

        Assert.True(store.TryResolve(To("loadaverage", "load1"), collectedAt, out _, out _));
        var stale = Assert.Throws<ExpressionException>(() =>
            store.TryResolve(To("loadaverage", "load1"), collectedAt + TimeSpan.FromMinutes(1), out _, out _));

        Assert.EndsWith("3 intervals of 10s: cannot read /proc/loadavg", stale.Message);
    }

    [Theory]
    [InlineData("loadavrage", "load1", "no collector is named \"loadavrage\" (did you mean \"loadaverage\"?)")]
    [InlineData("loadaverage", "laod1", "collector.loadaverage has no key \"laod1\" (did you mean \"load1\"?)")]
    [InlineData("loadaverage", "load1|0", "collector.loadaverage has no key \"load1|0\"; write || before a default")]
    public void A_misspelt_word_gets_a_suggestion(string name, string key, string expected)
    {
        var store = StoreWith(CollectorState.Ok);

        Assert.False(store.TryResolve(To(name, key), collectedAt, out _, out var problem));

        Assert.Equal(expected, problem);
    }

    static CollectorStore StoreWith(CollectorState state, string problem = "")
    {
        var data = new DataWriter();
        data.Set("load1", 1.5);
        data.Section("/mnt/backup.2024").Set("pct_used", 91);
        data.Set("ports", Value.ListOf([Value.Of(22), Value.Of(80)]));
        var store = new CollectorStore();
        store.Publish(new("loadaverage", state, data.Tree, DateTimeOffset.UnixEpoch, collectedAt, TimeSpan.FromSeconds(10), problem));
        return store;
    }

    static Reference To(params string[] path) =>
        new("collector", [.. path.Select(Value.Of)], $"collector.{string.Join('.', path)}", 0);

    /// <summary>The store at one moment, as a rule sees it.</summary>
    sealed class At(CollectorStore store, TimeSpan now) : IReferences
    {
        public bool TryResolve(Reference reference, out Value value, out string problem) => store.TryResolve(reference, now, out value, out problem);
    }
}
