using OpsBro.Collectors.Applications;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Collectors;

public class RedisInfoTests
{
    const string Info = "# Server\r\nredis_version:7.0.15\r\nrun_id:5000000000000000000000000000000000000e10\r\nuptime_in_seconds:12\r\n"
        + "executable:/usr/bin/redis-server\r\nconfig_file:\r\n\r\n# Memory\r\nmem_fragmentation_ratio:1.50\r\nused_memory_human:1.2M\r\n"
        + "# Modules\r\nmodule:name=ReJSON,ver=20000,options=[handle-io-errors,x]\r\nmodule:name=search,ver=20606,options=[]\r\n"
        + "# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=42000\r\ncmdstat_config.get:calls=2,usec=10\r\n";

    [Fact]
    public void Numbers_are_numbers_and_lists_are_dicts()
    {
        var tree = RedisInfo.Read(Info);

        Assert.Equal(12, Number(tree, "uptime_in_seconds").AsInt);
        Assert.Equal(1.5, Number(tree, "mem_fragmentation_ratio").AsFloat);
        Assert.Equal(3, Number(tree, "db0", "keys").AsInt);
        Assert.Equal(42000, Number(tree, "db0", "avg_ttl").AsInt);
        Assert.Equal("1.2M", Number(tree, "used_memory_human").AsString);
        Assert.Equal("", Number(tree, "config_file").AsString);
    }

    [Fact]
    public void Identifiers_stay_text_even_when_they_look_like_numbers()
    {
        var tree = RedisInfo.Read(Info);

        Assert.Equal("5000000000000000000000000000000000000e10", Number(tree, "run_id").AsString);
        Assert.Equal("7.0.15", Number(tree, "redis_version").AsString);
    }

    [Fact]
    public void Repeated_modules_are_kept_by_name()
    {
        var tree = RedisInfo.Read(Info);

        Assert.Equal(20000, Number(tree, "module", "ReJSON", "ver").AsInt);
        Assert.Equal("[handle-io-errors,x]", Number(tree, "module", "ReJSON", "options").AsString);
        Assert.Equal(20606, Number(tree, "module", "search", "ver").AsInt);
    }

    [Fact]
    public void A_dot_in_a_key_becomes_an_underscore_so_that_rules_reach_it() =>
        Assert.Equal(2, Number(RedisInfo.Read(Info), "cmdstat_config_get", "calls").AsInt);

    [Fact]
    public void An_answer_without_keys_is_refused() => Assert.Throws<FormatException>(() => RedisInfo.Read("hello\r\n# nothing\r\n"));

    static Value Number(DictValue tree, params string[] path)
    {
        var value = Value.Of(tree);
        foreach (var key in path) Assert.True(value.AsDict.TryGet(key, out value), $"no key {key}");
        return value;
    }
}
