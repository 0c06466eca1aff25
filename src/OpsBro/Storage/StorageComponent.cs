using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpsBro.Config;

namespace OpsBro.Storage;

/// <summary>The agent's memory on disk: one SQLite file for states and history.</summary>
internal sealed class StorageComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "storage";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton(s =>
        {
            Directory.CreateDirectory(options.DataDirectory);
            return new Database(options.DatabaseFile, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<Telemetry>(),
                s.GetRequiredService<ILogger<Database>>());
        });
        services.AddSingleton(s =>
        {
            var config = s.GetRequiredService<ConfigStore>();
            return new HistoryLog(s.GetRequiredService<Database>(), s.GetRequiredService<TimeProvider>(), () => Limits(config.Current, []));
        });
    }

    /// <summary>The section <c>storage</c> of agent.yml: how much history is kept.</summary>
    public static (int Entries, TimeSpan Age) Limits(Configuration configuration, List<Problem> problems)
    {
        if (configuration.Agent["storage"] is not { Kind: ConfigNodeKind.Map } section)
            return (HistoryLog.DefaultEntries, HistoryLog.DefaultAge);
        var reader = new ObjectReader(section, problems);
        var entries = reader.Number("history_entries", HistoryLog.DefaultEntries, 100, 10_000_000);
        var age = reader.Duration("history_age", HistoryLog.DefaultAge, TimeSpan.FromHours(1), TimeSpan.FromDays(366));
        reader.RefuseTheRest("storage");
        return (entries, age);
    }
}
