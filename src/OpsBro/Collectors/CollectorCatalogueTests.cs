using OpsBro.Collectors;

namespace OpsBro.Tests.Collectors;

public class CollectorCatalogueTests
{
    /// <summary>Collectors that are made from an operator's object, not once for all.</summary>
    static bool IsMadeFromAnObject(Type type) => type.Namespace == "OpsBro.Collectors.Declared";

    [Fact]
    public void Every_collector_is_in_the_catalogue()
    {
        var listed = CollectorCatalogue.Create().Select(c => c.GetType()).ToHashSet();
        var missing = typeof(ICollector).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(ICollector)))
            .Where(type => !listed.Contains(type) && !IsMadeFromAnObject(type))
            .Select(type => $"src/OpsBro/Collectors/CollectorCatalogue.cs: add this line: new {type.Name}(),");

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_name_is_there_once_and_fits_a_rule()
    {
        var names = CollectorCatalogue.Create().Select(c => c.Name).ToArray();

        Assert.Equal(names.Distinct(), names);
        Assert.All(names, name => Assert.Matches("^[a-z][a-z0-9_]*$", name));
    }

    [Fact]
    public void Every_collector_says_what_it_is_and_documents_its_keys() =>
        Assert.All(CollectorCatalogue.Create(), collector =>
        {
            Assert.NotEmpty(collector.Summary);
            Assert.NotEmpty(collector.Keys);
            Assert.All(collector.Keys, key => Assert.True(key.Path.Length > 0 && key.Meaning.Length > 0, $"{collector.Name}: {key.Path}: {key.Meaning}"));
            Assert.Equal(collector.Keys.Select(k => k.Path).Distinct(), collector.Keys.Select(k => k.Path));
        });
}
