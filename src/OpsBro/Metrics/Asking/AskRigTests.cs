using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Api;
using OpsBro.Collectors;
using OpsBro.Metrics;
using OpsBro.Metrics.Asking;
using OpsBro.Storage;

namespace OpsBro.Tests.Metrics.Asking;

/// <summary>A store with numbers and the routes over it, behind a real server on a free port of loopback.</summary>
sealed class AskRig : IAsyncDisposable
{
    /// <summary>The moment of every test: a multiple of a minute.</summary>
    public const long Now = 1_700_000_040;

    readonly string directory = Directory.CreateTempSubdirectory("opsbro-ask-").FullName;
    readonly WebApplication app;

    AskRig()
    {
        var telemetry = new Telemetry();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "opsbro", ContentRootPath = directory });
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        Database = new Database(Path.Join(directory, "opsbro.db"), TimeProvider.System, telemetry, NullLogger<Database>.Instance);
        var clock = new StoppedClock(DateTimeOffset.FromUnixTimeSeconds(Now));
        var options = new AgentOptions { ConfigDirectory = directory, DataDirectory = directory };
        builder.Services.AddSingleton(telemetry).AddSingleton<TimeProvider>(clock).AddSingleton(options).AddSingleton(Collectors)
            .AddSingleton(new OpsBro.Agent.AgentState(options, new OpsBro.Agent.Identity("host", "id"), DateTimeOffset.UnixEpoch))
            .AddSingleton<OpsBro.Agent.Readiness>().AddSingleton(new HistoryLog(Database, clock))
            .AddSingleton(new MetricJournal()).AddSingleton<MetricStore>();
        MetricRoutes.AddTo(builder.Services);
        app = builder.Build();
        app.UseRouting();
        Routes = new ApiRoutes(app);
        MetricRoutes.MapTo(Routes, app.Services);
        Store = app.Services.GetRequiredService<MetricStore>();
        History = app.Services.GetRequiredService<HistoryLog>();
        Http = new HttpClient();
    }

    public Database Database { get; }

    public MetricStore Store { get; }

    public HistoryLog History { get; }

    public CollectorStore Collectors { get; } = new();

    public ApiRoutes Routes { get; }

    public HttpClient Http { get; private set; }

    /// <summary>web1.cpu (a series and a branch), web1.cpu.user with a gap, web1.cpu.system, web2.cpu.user and disk.used with tags.</summary>
    public static async Task<AskRig> Started()
    {
        var rig = new AskRig();
        rig.Add("web1.cpu.user", 1, 2.5, null, 4, 0.1, 1e20, 1.5e-7, 123456789.25);
        rig.Add("web1.cpu.system", 1, 2, 3);
        rig.Add("web2.cpu.user", 7, 8, 9);
        rig.Add("web1.cpu", 5, 5, 5);
        rig.Add("disk.used;dc=x;host=a", 1);
        rig.Add("disk.used;dc=x;host=b", 2);
        rig.Add("disk.used;dc=y;host=c", 3);
        await rig.app.StartAsync();
        var address = rig.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        rig.Http = new HttpClient { BaseAddress = new Uri(address) };
        return rig;
    }

    /// <summary>Adds values ten seconds apart, the last of them now.</summary>
    public void Add(string name, params double?[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is not { } value) continue;
            Assert.True(Store.Add(Store.Source("test"), Encoding.UTF8.GetBytes(name), Now - (MetricStore.BaseStep * (values.Length - 1 - i)), value));
        }
    }

    /// <summary>The text of an answer that must be good.</summary>
    public async Task<string> Get(string path)
    {
        var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {(int)answer.StatusCode} {text}");
        return text;
    }

    /// <summary>The JSON of an answer without spaces: the recordings of graphite-web have some.</summary>
    public async Task<string> Json(string path) => Compact(await Get(path));

    /// <summary>JSON without the spaces between its parts.</summary>
    public static string Compact(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);

    /// <summary>Posts a form.</summary>
    public Task<HttpResponseMessage> Post(string path, string form) =>
        Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
        Database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A clock that stands.</summary>
    sealed class StoppedClock(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }
}
