using OpsBro;
using OpsBro.Cli;

return await CommandLine.Run(args, Components.Create());
