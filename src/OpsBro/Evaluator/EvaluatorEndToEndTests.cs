using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Evaluator;

/// <summary>The noun <c>evaluator</c> and its routes against a real agent.</summary>
public class EvaluatorEndToEndTests
{
    [Fact]
    public async Task A_person_tries_rules_on_the_running_agent()
    {
        await using var agent = await RunningAgent.Started();
        agent.Write("marker", "here");

        var value = await agent.Run("evaluator", "eval", "'%d%%' % (40 + 2)");
        Assert.Equal((0, "42%"), (value.ExitCode, value.Output.TrimEnd().Split('\n')[^1]));
        var load = await agent.Until(said => said.Output.Trim() == "True", "evaluator", "eval", "{{collector.loadaverage.load1||-1}} >= 0");
        Assert.Equal(0, load.ExitCode);
        var json = await agent.Run("evaluator", "eval", "{'a': (1, 2.5), 'b': None}", "--json");
        Assert.Equal("""{"a":[1,2.5],"b":null}""", JsonSerializer.Serialize(json.Json.GetProperty("value")));
        var wrong = await agent.Run("evaluator", "eval", "1 + lenn([])");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("NameError at column 5", wrong.Errors);
        Assert.Contains("did you mean \"len\"", wrong.Errors);
        Assert.Contains("check_tcp(host, port, timeout=10)", (await agent.Run("evaluator", "list")).Output);
        Assert.Contains("Also called grep.", (await agent.Run("evaluator", "list", "--details")).Output);
    }

    [Fact]
    public async Task Waiting_ends_when_the_rule_is_true_or_the_time_is_over()
    {
        await using var agent = await RunningAgent.Started();

        var appears = agent.Run("evaluator", "wait-eval-true", $"file_exists('{agent.Config}/marker')", "--timeout", "60");
        agent.Write("marker", "here");

        Assert.Equal(0, (await appears).ExitCode);
        var never = await agent.Run("evaluator", "wait-eval-true", "{{collector.nope.x}} > 1", "--timeout", "1");
        Assert.Equal(2, never.ExitCode);
        Assert.Contains("MissingData", never.Errors);
    }

    [Fact]
    public async Task Everyone_may_read_the_list_and_only_the_socket_may_evaluate()
    {
        await using var agent = await RunningAgent.Started();
        using var http = agent.Http();
        using var socket = agent.Socket();
        using var form = new FormUrlEncodedContent([new("expr", Convert.ToBase64String(Encoding.UTF8.GetBytes("[1, 'a']")))]);

        var list = JsonDocument.Parse(await http.GetStringAsync("/agent/evaluator/list")).RootElement;
        var refused = await http.PostAsync("/v1/evaluator/eval", JsonContent.Create(new { expression = "get_env('PATH')" }));
        var legacyRefused = await http.PostAsync("/agent/evaluator/eval", form);
        var legacy = await socket.PostAsync("/agent/evaluator/eval", form);

        Assert.Contains(list.EnumerateArray(),
            f => f.GetProperty("name").GetString() == "abs" && f.GetProperty("group").GetString() == "basic"
            && f.GetProperty("prototype").GetString() == "(x)" && f.GetProperty("doc").GetString()!.Length > 0);
        Assert.True((int)refused.StatusCode is 401 or 403);
        Assert.True((int)legacyRefused.StatusCode is 401 or 403);
        Assert.Equal("[1,\"a\"]", await legacy.Content.ReadAsStringAsync());
    }
}
