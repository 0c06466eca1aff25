using System.CommandLine;
using OpsBro.Cli;

namespace OpsBro.Evaluator;

/// <summary>The verbs of the noun <c>evaluator</c>.</summary>
internal sealed class EvaluatorVerbs(ApiClient api, Terminal terminal)
{
    readonly Argument<string> expression = new("expression") { Description = "The expression, in quotes." };
    readonly Option<string?> pack = new("--pack") { Description = "The pack whose parameters it reads." };

    /// <summary>The noun with its verbs.</summary>
    public Command Noun() =>
        Verb.Noun("evaluator", "The rule language: its functions, and a place to try rules.", List(), Eval(), WaitEvalTrue());

    Command List()
    {
        var details = new Option<bool>("--details") { Description = "Also what each function does." };
        return Verb.Reading("list", "The functions that rules can call.", async (args, cancel) =>
        {
            var functions = await api.Get("/v1/evaluator", EvaluatorJson.Default.FunctionViewArray, cancel);
            if (terminal.Json)
            {
                terminal.PrintJson(functions, EvaluatorJson.Default.FunctionViewArray);
                return 0;
            }
            foreach (var group in functions.GroupBy(f => f.Group))
            {
                terminal.Section(group.Key);
                foreach (var function in group) Print(function, args.GetValue(details));
            }
            if (!args.GetValue(details)) terminal.More("opsbro evaluator list --details");
            return 0;
        }, details);
    }

    void Print(FunctionView function, bool details)
    {
        terminal.Line($" - {function.Prototype}");
        if (!details) return;
        var aliases = function.Aliases.Length > 0 ? $" Also called {string.Join(", ", function.Aliases)}." : "";
        terminal.Line(Tone.Dim, $"   | {function.Summary}{aliases}");
    }

    Command Eval() => Verb.Reading("eval", "Evaluate an expression; its value is the last line.", async (args, cancel) =>
    {
        var view = await Ask(args, "/v1/evaluator/eval", cancel);
        if (terminal.Json) terminal.PrintJson(view, EvaluatorJson.Default.EvalView);
        else terminal.Line(view.Text);
        return 0;
    }, expression, pack);

    Command WaitEvalTrue() => Verb.Waiting("wait-eval-true", "Wait until an expression is true; exit 0, or 2 when it takes too long.",
        (args, cancel) => terminal.WaitUntil("the expression", async token =>
        {
            var view = await Ask(args, "/v1/evaluator/eval?problem=show", token);
            return (view.IsTrue, view.Problem.Length > 0 ? $"without a value ({view.Problem})" : view.Repr);
        }, Verb.TimeoutOf(args), cancel), expression, pack);

    Task<EvalView> Ask(ParseResult args, string path, CancellationToken cancel) => api.Change("POST", path,
        new EvalRequest { Expression = args.GetValue(expression), Pack = args.GetValue(pack) },
        EvaluatorJson.Default.EvalRequest, EvaluatorJson.Default.EvalView, cancel);
}
