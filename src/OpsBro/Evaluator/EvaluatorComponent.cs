using System.CommandLine;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Detectors;
using OpsBro.Gossip;

namespace OpsBro.Evaluator;

/// <summary>
/// The rule language on this host: its functions, and rules typed by a person. Verbs <c>evaluator …</c>, <c>/v1/evaluator</c>.
/// </summary>
internal sealed class EvaluatorComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "evaluator";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options) =>
        services.AddSingleton(provider => WorldFunctions.Table(new WorldHooks(
        group => provider.GetService<Groups>()?.Has(group) ?? false,
        group => provider.GetService<Groups>()?.HasStatic(group) ?? false,
        () => provider.GetRequiredService<ConfigStore>().Current.Agent["node-zone"]?.Text ?? OwnGroups.DefaultZone,
        provider.GetRequiredService<TimeProvider>())
        {
            // asked when a rule runs: the cluster is made after the rules
            ZoneOf = node => provider.GetService<ClusterAnswers>()?.ZoneOf(node) ?? "",
            CountMembers = (group, state) => provider.GetService<ClusterAnswers>()?.Count(group, state),
            HasEvent = name => provider.GetService<ClusterAnswers>()?.HasEvent(name) ?? false,
        }));

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var functions = services.GetRequiredService<FunctionTable>();
        var evaluate = (EvalRequest request, bool showsProblem) => Evaluate(request, showsProblem, functions, services);
        api.Get("/v1/evaluator", "The functions of the rule language.", EvaluatorJson.Default.FunctionViewArray, _ => Functions(functions));
        api.Change("POST", "/v1/evaluator/eval", "Evaluate an expression.",
            EvaluatorJson.Default.EvalRequest, EvaluatorJson.Default.EvalView,
            // functions may wait for the network: not on a thread of the API
            (context, request) => Task.Run(() => evaluate(request, context.Query("problem") is "show"), context.RequestAborted),
            ("problem", "show: an expression without a value is answered with its problem, not with an error", Kind.OneOf("show")))
            .WithBody(EvaluatorJson.Default.EvalRequest, new EvalRequest { Expression = "6 * 7" }).Fails(404, "There is no pack of that name.");
        api.Legacy("/agent/evaluator/list", "The functions of the rule language.", EvaluatorJson.Default.LegacyFunctionViewArray,
            _ => [.. functions.All.Select(f => new LegacyFunctionView(f.Doc.Name, f.Doc.Summary, f.Doc.Usage[f.Doc.Name.Length..], f.Doc.Group))]);
        api.Raw("POST", "/agent/evaluator/eval", "Evaluate an expression, given as expr=BASE64.", Right.Write, async context =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var bytes = new byte[form["expr"].ToString().Length];
            if (!Convert.TryFromBase64String(form["expr"].ToString(), bytes, out var length)) throw ApiProblem.Bad("expr is not base64");
            var request = new EvalRequest { Expression = Encoding.UTF8.GetString(bytes, 0, length) };
            var view = await Task.Run(() => evaluate(request, false), context.RequestAborted);
            await ApiRoutes.Write(context, view.Value, EvaluatorJson.Default.Value);
        }, isLegacy: true).Takes("application/x-www-form-urlencoded", "expr=NiAqIDc%3D", """{"type":"object","properties":{"expr":{"type":"string"}}}""")
            .Gives(EvaluatorJson.Default.Value);
    }

    static FunctionView[] Functions(FunctionTable functions) =>
    [
        .. from function in functions.All
           let doc = function.Doc
           select new FunctionView(doc.Name, doc.Group, doc.Usage, doc.Summary,
               [.. functions.Aliases.Where(alias => alias.Value == doc.Name).Select(alias => alias.Key)]),
    ];

    static EvalView Evaluate(EvalRequest request, bool showsProblem, FunctionTable functions, IServiceProvider services)
    {
        if (request.Expression is not { Length: > 0 } text) throw ApiProblem.Bad("expression is missing; send {\"expression\": \"1 + 1\"}");
        var configuration = services.GetRequiredService<ConfigStore>().Current;
        Pack? pack = null;
        if (request.Pack is { } name)
        {
            pack = configuration.Packs.FirstOrDefault(p => p.Name == name)
                ?? throw ApiProblem.NotFound("pack", name, "opsbro packs list", configuration.Packs.Select(p => p.Name));
        }
        Expression expression;
        try
        {
            expression = Expression.Compile(text, functions);
        }
        catch (ExpressionException e)
        {
            throw ApiProblem.Bad(Describe(e));
        }
        try
        {
            return EvalView.Of(expression.Evaluate(new EvaluatorReferences(
                services.GetRequiredService<CollectorStore>(), configuration.Agent, pack)));
        }
        catch (ExpressionException e)
        {
            return showsProblem ? EvalView.Of(Describe(e)) : throw ApiProblem.Bad(Describe(e));
        }
    }

    static string Describe(ExpressionException e) => $"{e.Kind} at column {Math.Max(0, e.Position) + 1}: {e.Message}";

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new EvaluatorVerbs(api, terminal).Noun()];
}
