using OpsBro;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Checks;
using OpsBro.Cli;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Detectors;
using OpsBro.Evaluator;
using OpsBro.Storage;

// The agent's table of contents: every capability, in start order.
IComponent[] components =
[
    new ApiComponent(),
    new AgentComponent(),
    new ConfigComponent(),
    new StorageComponent(),
    new EvaluatorComponent(),
    new CollectorsComponent(),
    new DetectorsComponent(),
    new MonitoringComponent(),
];

return await CommandLine.Run(args, components);
