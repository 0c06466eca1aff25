using System.Diagnostics;
using System.Net.Sockets;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Applications;

/// <summary>
/// What a redis server says of itself: INFO over TCP or a unix socket, with the parameters of pack redis. A server that
/// does not answer is data, not an error: <c>available</c> is False, so that a check can go CRITICAL. A refused
/// password is an error of the configuration.
/// </summary>
internal sealed class Redis : ICollector
{
    /// <summary>
    /// Longest wait for the server, whatever the parameters say: below <see cref="ICollector.Deadline"/>.
    /// </summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(4.5);

    /// <summary>Wait for the whole exchange when the parameters name none.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Counters whose difference is published as <c>KEY/s</c>, with the factor: CPU seconds become percent of one core.
    /// </summary>
    static readonly (string Key, double Factor)[] counters =
    [
        ("used_cpu_sys", 100), ("used_cpu_user", 100), ("used_cpu_sys_children", 100), ("used_cpu_user_children", 100),
        ("total_commands_processed", 1), ("total_connections_received", 1), ("rejected_connections", 1),
        ("total_net_input_bytes", 1), ("total_net_output_bytes", 1),
        ("keyspace_hits", 1), ("keyspace_misses", 1), ("expired_keys", 1), ("evicted_keys", 1),
    ];

    readonly Rates rates = new();
    string lastRunId = "";

    /// <inheritdoc/>
    public string Name => "redis";

    /// <inheritdoc/>
    public string Summary =>
        "what a redis server says of itself (INFO); in group redis, with the parameters of pack redis";

    /// <inheritdoc/>
    public bool NeedsTwoRuns => true;

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("available", "", "True when the server answered INFO."),
        new("problem", "", "Why the server is not available; absent when it is."),
        new("connexion_latency_ms", "ms", "Time to connect to the server."),
        .. from counter in counters
           select new KeyDoc($"{counter.Key}/s", counter.Factor > 1 ? "%" : "1/s", counter.Factor > 1
               ? $"{counter.Key} of the last interval, in percent of one core."
               : $"{counter.Key} a second over the last interval."),
        new("<db>.<field>", "", "One database: keys, expires, avg_ttl (ms)."),
        new("module.<name>.<field>", "", "One loaded module."),
        new("<key>.<field>", "", "Any other line of INFO whose value is a list k=v,k=v."),
        new("<key>", "",
            "Every other line of INFO under redis' own name (redis.io/docs/commands/info); numbers are numbers."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.HasGroup("redis")) return Outcome.None("this host is not in group redis");
        var settings = RedisSettings.From(run.Parameters);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(run.Cancel);
        timeout.CancelAfter(settings.Timeout);
        try
        {
            Ask(run, settings, timeout.Token).GetAwaiter().GetResult();
        }
        catch (RespException e) when (WhyRefused(e) is { } why)
        {
            throw new IOException($"redis at {settings.Where} {why}", e);
        }
        catch (Exception e) when (e is IOException or SocketException or FormatException or OperationCanceledException)
        {
            run.Cancel.ThrowIfCancellationRequested();   // the loop's own deadline is not the server's fault
            rates.Forget();
            run.Data.Set("available", false);
            run.Data.Set("problem", e is OperationCanceledException
                ? $"redis at {settings.Where} did not answer within {settings.Timeout.TotalSeconds} s"
                : $"redis at {settings.Where}: {e.Message}");
        }
        return Outcome.Ok;
    }

    async Task Ask(CollectorRun run, RedisSettings settings, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        using var client = await RespClient.Connect(settings.Server, settings.Port, cancel);
        var latency = Stopwatch.GetElapsedTime(started);
        if (settings.Password.Length > 0)
            await client.Ask(
                settings.User.Length > 0 ? ["AUTH", settings.User, settings.Password] : ["AUTH", settings.Password], cancel);
        var info = RedisInfo.Read(await client.Ask(["INFO"], cancel));

        run.Data.Set("available", true);
        run.Data.Set("connexion_latency_ms", Math.Round(latency.TotalMilliseconds, 3));
        foreach (var (key, value) in info.Entries) run.Data.Set(key.AsString, value);
        WriteRates(run, info);
    }

    void WriteRates(CollectorRun run, DictValue info)
    {
        var runId = info.TryGet("run_id", out var id) ? id.AsString : "";
        if (runId != lastRunId) rates.Forget();   // another process: its counters began at zero
        lastRunId = runId;
        foreach (var (key, factor) in counters)
            if (info.TryGet(key, out var value) && rates.Next(key, value.ToDouble(), run.Now) is { } rate)
                run.Data.Set($"{key}/s", rate * factor);
    }

    /// <summary>
    /// What the operator must mend; null for an error that is the server's own: too many clients, protected mode.
    /// </summary>
    static string? WhyRefused(RespException e) => e.Kind switch
    {
        "NOAUTH" => "wants a password; set parameter password of pack redis",
        "WRONGPASS" => "refused the password; correct parameters user and password of pack redis",
        "NOPERM" => "does not let this user call INFO; allow it with: ACL SETUSER <user> +info",
        "ERR" when e.Message.Contains("AUTH", StringComparison.Ordinal) =>
            "has no password but parameter password of pack redis is set; remove it",
        _ => null,
    };
}

/// <summary>The parameters of pack redis, checked.</summary>
/// <param name="Server">Host name, address, or absolute path of a unix socket.</param>
/// <param name="Port">TCP port.</param>
/// <param name="User">ACL user; empty for the default one.</param>
/// <param name="Password">Empty for none. Never in a message.</param>
/// <param name="Timeout">For the whole exchange.</param>
internal sealed record RedisSettings(string Server, int Port, string User, string Password, TimeSpan Timeout)
{
    /// <summary>The place, for messages.</summary>
    public string Where => Server.StartsWith('/') ? Server : $"{Server}:{Port}";

    /// <summary>Reads the parameters; what is absent takes redis' own default.</summary>
    /// <exception cref="FormatException">A value is not usable.</exception>
    public static RedisSettings From(Value parameters)
    {
        var port = Text(parameters, "port", "6379");
        if (!ushort.TryParse(port, out var number) || number == 0)
            throw new FormatException($"parameter port of pack redis is \"{port}\"; write a number from 1 to 65535");
        var timeout = Text(parameters, "timeout", "");
        var wait = Redis.DefaultTimeout;
        if (timeout.Length > 0 && (!Config.Durations.TryParse(timeout, out wait) || wait <= TimeSpan.Zero))
            throw new FormatException(
                $"parameter timeout of pack redis is \"{timeout}\"; write for instance 500ms or 2s");
        return new(
            Text(parameters, "server", "127.0.0.1"), number, Text(parameters, "user", ""), Text(parameters, "password", ""),
            wait < Redis.MaxTimeout ? wait : Redis.MaxTimeout);
    }

    static string Text(Value parameters, string key, string otherwise)
    {
        if (parameters.Kind != ValueKind.Dict || !parameters.AsDict.TryGet(key, out var value)) return otherwise;
        return value.Kind switch
        {
            ValueKind.String when value.AsString.Length > 0 => value.AsString,
            ValueKind.Int => value.AsInt.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ValueKind.Float => value.AsFloat.ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => otherwise,
        };
    }
}
