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
        services.AddSingleton<IConfigChecker, StorageChecker>();
        services.AddSingleton(s =>
        {
            Directory.CreateDirectory(options.DataDirectory);
            return new Database(options.DatabaseFile, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<Telemetry>(),
                s.GetRequiredService<ILogger<Database>>());
        });
        services.AddSingleton(s =>
        {
            var config = s.GetRequiredService<ConfigStore>();
            return new HistoryLog(s.GetRequiredService<Database>(), s.GetRequiredService<TimeProvider>(), () => Limits(config.Current.Agent, []));
        });
    }

    /// <summary>The section <c>storage</c> of agent.yml: how much history is kept.</summary>
    public static (int Entries, TimeSpan Age) Limits(ConfigNode agent, List<Problem> problems)
    {
        if (new ObjectReader(agent, problems).Section("storage") is not { } section) return (HistoryLog.DefaultEntries, HistoryLog.DefaultAge);
        var reader = new ObjectReader(section, problems);
        var entries = reader.Number("history_entries", HistoryLog.DefaultEntries, 100, 10_000_000);
        var age = reader.Duration("history_age", HistoryLog.DefaultAge, TimeSpan.FromHours(1), TimeSpan.FromDays(366));
        reader.RefuseTheRest("storage");
        return (entries, age);
    }
}

/// <summary>Finds what is wrong in the section <c>storage</c>: for <c>config check</c>.</summary>
internal sealed class StorageChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => _ = StorageComponent.Limits(agent, problems);
}
