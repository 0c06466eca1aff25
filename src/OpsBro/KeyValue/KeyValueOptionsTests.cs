using OpsBro.Config;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.KeyValue;

public sealed class KeyValueOptionsTests
{
    static (KeyValueOptions Options, List<Problem> Problems) Read(string yaml)
    {
        using var config = new TemporaryConfig();
        config.Write("agent.yml", yaml);
        var problems = new List<Problem>();
        return (KeyValueOptions.Read(config.Load().Agent, problems), problems);
    }

    [Theory, InlineData("log_level: INFO"), InlineData("kv: {}")]
    public void Nothing_need_be_written(string yaml)
    {
        var (options, problems) = Read(yaml);

        Assert.Empty(problems);
        Assert.Equal(KeyValueLimits.DefaultStore, options.MaxSize);
    }

    [Theory]
    [InlineData("256MB", 256L << 20)]
    [InlineData("1.5 GB", 1536L << 20)]
    [InlineData("1048576", 1L << 20)]
    public void A_size_is_written_as_people_do(string text, long bytes)
    {
        var (options, problems) = Read($"kv: {{max_size: {text}}}");

        Assert.Empty(problems);
        Assert.Equal(bytes, options.MaxSize);
    }

    [Theory]
    [InlineData("kv: {max_size: 10KB}", "max_size is \"10KB\"; write a size from 1MB to 4GB, for instance 64MB")]
    [InlineData("kv: {max_size: much}", "max_size is \"much\"; write a size from 1MB to 4GB, for instance 64MB")]
    [InlineData("kv: {maxsize: 10MB}", "unknown key \"maxsize\" in kv (did you mean \"max_size\"?)")]
    public void What_is_wrong_is_said_with_its_place(string yaml, string message)
    {
        var (options, problems) = Read("log_level: INFO\n" + yaml);

        var problem = Assert.Single(problems);
        Assert.Equal((message, 2), (problem.Message, problem.Line));
        Assert.Equal(KeyValueLimits.DefaultStore, options.MaxSize);
    }
}
