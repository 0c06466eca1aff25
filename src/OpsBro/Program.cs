using OpsBro;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Cli;

// The agent's table of contents: every capability, in start order.
IComponent[] components =
[
    new ApiComponent(),
    new AgentComponent(),
];

return await CommandLine.Run(args, components);
