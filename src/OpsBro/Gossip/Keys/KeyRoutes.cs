using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Core.Gossip;
using OpsBro.Gossip.Zones;

namespace OpsBro.Gossip.Keys;

/// <summary>The routes of keys and zones. What holds a key is for those who may change things, and for no cache.</summary>
internal static class KeyRoutes
{
    static readonly ApiParameter zone = ("zone", "on a proxy node: the zone above instead of its own");

    /// <summary>Maps them.</summary>
    public static void Map(ApiRoutes api, IServiceProvider services)
    {
        var keys = services.GetRequiredService<KeyActions>();
        var zones = services.GetRequiredService<ZoneActions>();
        var json = GossipJson.Default;
        api.Get("/v1/gossip/keys", "The keys of all members, by fingerprint.", json.KeysView, context => keys.List(context.Query("zone"), show: false), zone);
        api.Change("GET", "/v1/gossip/keys/show", "The keys of all members, the keys themselves too.", json.KeysView,
            context => keys.List(Secret(context).Query("zone"), show: true), zone);
        foreach (var (word, command, what) in ((string, KeyCommand, string)[])
            [
                ("install", KeyCommand.Install, "Have all members accept a further key: {\"key\": base64}."),
                ("use", KeyCommand.Use, "Have all members encrypt with an installed key: {\"key\": base64 or fingerprint}."),
                ("remove", KeyCommand.Remove, "Have all members forget a key: {\"key\": base64 or fingerprint}."),
            ])
            api.Change("POST", "/v1/gossip/keys/" + word, what, json.KeyRequest, json.KeysView, (_, request) => keys.Change(command, request));
        api.Change("POST", "/v1/gossip/keys/rotate", "Replace the key of all members: {\"force\": false}.", json.KeyRequest, json.RotationView,
            (_, request) => keys.Rotate(request));
        api.Change("POST", "/v1/gossip/keys/generate", "Make the first key of a cluster that has none; nothing is switched on.", json.KeyRequest,
            json.NewKeyView,
            (context, request) =>
            {
                Secret(context);
                return Task.FromResult(keys.Generate(request));
            });
        api.Get("/v1/gossip/zones", "The zones, parents first, and which of their keys this agent has.", json.ZoneViewArray, _ => zones.List());
        api.Change("POST", "/v1/gossip/zones/change", "Move this node to another zone: {\"name\": …}.", json.ZoneRequest, ApiJson.Default.DoneView,
            (context, request) => zones.Change(request.Name, context.RequestAborted));
        api.Change("POST", "/v1/gossip/zones/{name}/key", "Make a key of a zone, or take one: {\"key\": base64, \"erase\": false}.", json.ZoneKeyRequest,
            json.NewKeyView, (context, request) => zones.Key(Secret(context).Part("name"), request));
        MapLegacy(api, zones);
    }

    /// <summary>The original's: the name of the zone is the body, as text or as a JSON string.</summary>
    static void MapLegacy(ApiRoutes api, ZoneActions zones)
    {
        var json = GossipJson.Default;
        api.Raw("PUT", "/agent/zone", "Move this node to the zone named in the body.", Right.Write, async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var buffer = new char[GossipOptions.MaxName + 3];
            var length = await reader.ReadBlockAsync(buffer, context.RequestAborted);
            LegacyAnswer answer;
            try
            {
                var done = await zones.Change(new string(buffer, 0, length).Trim().Trim('"'), context.RequestAborted);
                answer = new LegacyAnswer { Success = true, Text = done.Message };
            }
            catch (ApiProblem e)
            {
                answer = new LegacyAnswer { Success = false, Text = e.Message };
            }
            await ApiRoutes.Write(context, answer, json.LegacyAnswer);
        }, isLegacy: true);
        api.Raw("GET", "/agent/zones-keys/reload/{name}", "Take over a zone's key file that was written by hand.", Right.Write, async context =>
        {
            await zones.Reload(context.Part("name"));
            await ApiRoutes.Write(context, true, json.Boolean);
        }, isLegacy: true);
    }

    static HttpContext Secret(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context;
    }
}
