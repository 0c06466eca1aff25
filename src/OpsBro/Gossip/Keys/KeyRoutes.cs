using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Core.Gossip;
using OpsBro.Gossip.Zones;

namespace OpsBro.Gossip.Keys;

/// <summary>The routes of keys and zones. What holds a key is for those who may change things, and for no cache.</summary>
internal static class KeyRoutes
{
    /// <summary>The key of examples: readable in base64, so that nobody takes it for a secret.</summary>
    static readonly string shownKey = Convert.ToBase64String("everyone knows this one: no key!"u8);

    /// <summary>Maps them.</summary>
    public static void Map(ApiRoutes api, IServiceProvider services)
    {
        var keys = services.GetRequiredService<KeyActions>();
        var zones = services.GetRequiredService<ZoneActions>();
        var json = GossipJson.Default;
        const string refused = "Gossip is not encrypted or not running, a member refuses, or another change is under way.";
        const string none = "There is no such zone or key here.";
        ApiParameter zone = ("zone", "on a proxy node: the zone above instead of its own",
            Kind.NameOf(() => services.GetRequiredService<Cluster>().Pools.Select(pool => pool.Settings.Zone), "internet"));
        api.Get("/v1/gossip/keys", "The keys of all members, by fingerprint.", json.KeysView, context => keys.List(context.Query("zone"), show: false), zone)
            .Fails(404, none).Fails(409, refused);
        api.Change("GET", "/v1/gossip/keys/show", "The keys of all members, the keys themselves too.", json.KeysView,
            context => keys.List(Secret(context).Query("zone"), show: true), zone).Fails(404, none).Fails(409, refused);
        foreach (var (word, command, what) in ((string, KeyCommand, string)[])
            [
                ("install", KeyCommand.Install, "Have all members accept a further key."),
                ("use", KeyCommand.Use, "Have all members encrypt with an installed key."),
                ("remove", KeyCommand.Remove, "Have all members forget a key."),
            ])
        {
            api.Change("POST", "/v1/gossip/keys/" + word, what, json.KeyRequest, json.KeysView, (_, request) => keys.Change(command, request))
                .WithBody(json.KeyRequest, new KeyRequest { Key = shownKey }).Fails(404, none).Fails(409, refused);
        }
        api.Change("POST", "/v1/gossip/keys/rotate", "Replace the key of all members.", json.KeyRequest, json.RotationView,
                (_, request) => keys.Rotate(request))
            .WithBody(json.KeyRequest, new KeyRequest()).Fails(404, none).Fails(409, refused);
        api.Change("POST", "/v1/gossip/keys/generate", "Make the first key of a cluster that has none; nothing is switched on.", json.KeyRequest,
            json.NewKeyView,
            (context, request) =>
            {
                Secret(context);
                return Task.FromResult(keys.Generate(request));
            }).WithBody(json.KeyRequest, new KeyRequest()).Fails(404, none).Fails(409, "The zone has a key already, or gossip is not running.");
        api.Get("/v1/gossip/zones", "The zones, parents first, and which of their keys this agent has.", json.ZoneViewArray, _ => zones.List());
        const string written = "The file cannot be written, or another one wins over it.";
        api.Change("POST", "/v1/gossip/zones/change", "Move this node to another zone.", json.ZoneRequest, ApiJson.Default.DoneView,
                (context, request) => zones.Change(request.Name, context.RequestAborted))
            .WithBody(json.ZoneRequest, new ZoneRequest { Name = shownZone }).Fails(404, noZone).Fails(409, written);
        api.Change("POST", "/v1/gossip/zones/{name}/key", "Make a key of a zone, or take one.", json.ZoneKeyRequest, json.NewKeyView,
                (context, request) => zones.Key(Secret(context).Part("name"), request), ("name", "a zone", shownZone))
            .WithBody(json.ZoneKeyRequest, new ZoneKeyRequest()).Fails(404, noZone).Fails(409, "The zone has a key already, or its file cannot be written.");
        MapLegacy(api, zones);
    }

    const string shownZone = Detectors.OwnGroups.DefaultZone, noZone = "There are zone objects, and none of that name.";

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
        }, isLegacy: true).Takes("text/plain", shownZone).Gives(json.LegacyAnswer).Never(400);
        api.Raw("GET", "/agent/zones-keys/reload/{name}", "Take over a zone's key file that was written by hand.", Right.Write, async context =>
        {
            await zones.Reload(context.Part("name"));
            await ApiRoutes.Write(context, true, json.Boolean);
        }, true, ("name", "a zone", shownZone)).Gives(json.Boolean).Fails(400, "That is no name of a zone.").Fails(404, noZone);
    }

    static HttpContext Secret(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context;
    }
}
