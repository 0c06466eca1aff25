using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Config;
using OpsBro.Platform;

namespace OpsBro;

/// <summary>Runs an agent in this process: takes the lock, reads the configuration, starts every component, and stops on TERM or INT.</summary>
internal sealed partial class AgentHost(AgentOptions options, IReadOnlyList<IComponent> components)
{
    /// <summary>Longest time that loops get to end when the agent stops.</summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(8);

    /// <summary>Runs until it is told to stop.</summary>
    /// <param name="terminal">Where it says what it found; null for a detached agent.</param>
    /// <param name="isOneShot">True to end after the first full round.</param>
    /// <returns>Exit code.</returns>
    public async Task<int> Run(Cli.Terminal? terminal, bool isOneShot)
    {
        WorkingSet.LimitNativeHeaps();
        MakeDirectory(options.DataDirectory);
        using var held = TakeLock(out var holder)
            ?? throw new Cli.CliError(2, $"an agent already runs on {options.DataDirectory}{(holder > 0 ? $" (pid {holder})" : "")}; "
                + "stop it with \"opsbro agent stop\", or give this one its own --data");
        using var log = new AgentLog(options.LogDirectory, TimeProvider.System, terminal is null ? null : Console.Error);
        await using var app = Build(log, out var server);
        var readiness = app.Services.GetRequiredService<Readiness>();
        var self = app.Services.GetRequiredService<AgentState>();
        var logger = app.Services.GetRequiredService<ILogger<AgentHost>>();
        // every hosted loop is made before any is started, so that Readiness knows whom to wait for
        _ = app.Services.GetServices<IHostedService>().Count();
        try
        {
            await app.StartAsync();
        }
        // told to stop while it starts: what runs already ends as always, and the gossip says goodbye to those who know this node from before
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await Stop(app, logger);
            return 0;
        }
        ApiServer.Protect(options);
        self.Addresses = server.Addresses;
        readiness.Started();
        LogStarted(logger, Product.Version, Environment.ProcessId, options.ConfigDirectory, options.DataDirectory);
        ServiceManager.Notify("READY=1");
        using var stop = OnSignals(app);
        var stopped = app.WaitForShutdownAsync();   // once: it stops every loop, and a second one beside it passes by those that are about to stop
        await Task.WhenAny(readiness.Initialized, stopped);
        if (terminal is not null && readiness.State == "ok") SayWhatWasFound(terminal, app.Services, logger);
        if (isOneShot) app.Lifetime.StopApplication();
        var isCutOff = await IsCutOff(stopped);
        readiness.Stopping();
        await Stop(app, logger, isCutOff);
        return 0;
    }

    /// <summary>Stops, once more and with time again when something took all of it: the others end as always, and the gossip says goodbye.</summary>
    async Task Stop(WebApplication app, ILogger logger, bool isCutOff = false)
    {
        ServiceManager.Notify("STOPPING=1");
        if (await IsCutOff(app.StopAsync(new CancellationTokenSource(StopPatience).Token)) || isCutOff) LogCutOff(logger, StopPatience.TotalSeconds);
        LogStopped(logger);
        File.Delete(options.Socket);
    }

    /// <summary>Something did not end in time, for instance a request that hangs in a disk: the agent ends without it.</summary>
    static async Task<bool> IsCutOff(Task stopping)
    {
        try
        {
            await stopping;
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    WebApplication Build(AgentLog log, out ApiServer server)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "opsbro", ContentRootPath = options.DataDirectory });
        builder.Logging.AddProvider(log);
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);   // makes an Activity for each request, of which nothing is used
        var state = new AgentState(options, Identity.Load(options.DataDirectory, new HostFiles()), TimeProvider.System.GetUtcNow());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(options).AddSingleton(log).AddSingleton(state)
            .AddSingleton<Telemetry>().AddSingleton<Readiness>().AddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = StopPatience;
            host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.StopHost;
        });
        var config = new ConfigStore(ConfigLoader.Load(options));
        builder.Services.AddSingleton(config);
        foreach (var component in components) component.AddTo(builder.Services, options);

        var problems = new List<Problem>();
        var http = HttpOptions.Read(config.Current.Agent, problems);
        var listeners = server = new ApiServer();
        builder.WebHost.UseKestrelCore();
        // over the unix socket and TLS a request is read, answered and written on one thread of the pool; over plain TCP on that of the sockets, when it is
        // quick: each change of thread costs as much as a small answer
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Services.AddSingleton<IConnectionListenerFactory, LoopTransport>();
        if (http.Certificate.Length > 0) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => listeners.Configure(kestrel, options, http, problems));
        var app = builder.Build();
        app.Use(Events.EventStream.AsGet);   // before routing, which looks at the method
        app.UseRouting();
        app.UseMiddleware<ApiGate>();   // after routing: it judges by the route's right
        var routes = new ApiRoutes(app);
        foreach (var component in components)
        {
            routes.Slice = component.Name;
            component.MapTo(routes, app.Services);
        }
        state.Problems = problems;
        return app;
    }

    /// <summary>TERM and INT stop; a second one ends the process at once.</summary>
    static Signals OnSignals(WebApplication app)
    {
        var asked = 0;
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (Interlocked.Increment(ref asked) == 1) app.Lifetime.StopApplication();
            else Environment.Exit(1);
        }
        return new Signals(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop), PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
    }

    InstanceLock? TakeLock(out int holder)
    {
        try
        {
            return InstanceLock.TryTake(options.DataDirectory, out holder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Cli.CliError(2, $"the data directory {options.DataDirectory} cannot be written ({e.Message.TrimEnd('.')}); "
                + "give another one with --data");
        }
    }

    static void SayWhatWasFound(Cli.Terminal terminal, IServiceProvider services, ILogger logger)
    {
        try
        {
            StartScreen.Print(terminal, services);
        }
        catch (IOException e)
        {
            LogNotSaid(logger, e.Message);   // stdout is a file on a full disk, or its reader has gone: the agent runs on
        }
    }

    /// <summary>Only the owner and the group may look into the agent's directory.</summary>
    static void MakeDirectory(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Cli.CliError(2, $"the data directory {directory} cannot be made ({e.Message}); give another one with --data");
        }
    }

    [LoggerMessage(LogLevel.Information, "opsbro {Version} started (pid {Pid}), configuration {Config}, data {Data}")]
    static partial void LogStarted(ILogger logger, string version, int pid, string config, string data);

    [LoggerMessage(LogLevel.Warning, "stdout takes nothing: {Reason}")]
    static partial void LogNotSaid(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "not everything ended within {Seconds} s; what was under way is cut off")]
    static partial void LogCutOff(ILogger logger, double seconds);

    [LoggerMessage(LogLevel.Information, "stopped")]
    static partial void LogStopped(ILogger logger);

    sealed record Signals(PosixSignalRegistration Term, PosixSignalRegistration Int) : IDisposable
    {
        public void Dispose()
        {
            Term.Dispose();
            Int.Dispose();
        }
    }
}
