using System.Text.Json.Nodes;
using OpsBro.Core.Wire;
using static OpsBro.Tests.Wire.VectorTree;

namespace OpsBro.Tests.Wire;

/// <summary>
/// Serf's messages of the vectors, in decode.py's words. (No tests here: the name makes the build of the tests take
/// it.)
/// </summary>
static class SerfVectors
{
    const int LongList = 40;

    public static (IWireMessage, JsonObject) Read(SerfType type, byte[] body)
    {
        switch (type)
        {
            case SerfType.Leave:
                var leave = LeaveIntent.TryRead(body)!;
                return (leave, new JsonObject { ["LTime"] = leave.LTime, ["Node"] = leave.Node, ["Prune"] = leave.Prune });
            case SerfType.Join:
                var join = JoinIntent.TryRead(body)!;
                return (join, new JsonObject { ["LTime"] = join.LTime, ["Node"] = join.Node });
            case SerfType.UserEvent:
                var one = UserEvent.TryRead(body)!;
                return (one, new JsonObject
                {
                    ["CC"] = one.Coalesce,
                    ["LTime"] = one.LTime,
                    ["Name"] = one.Name,
                    ["Payload"] = Shown(one.Payload),
                });
            case SerfType.PushPull:
                var state = SerfPushPull.TryRead(body)!;
                return (state, State(state));
            case SerfType.Query:
                var query = Query.TryRead(body)!;
                return (query, Question(query));
            case SerfType.QueryResponse:
                var response = QueryResponse.TryRead(body)!;
                return (response, new JsonObject
                {
                    ["Flags"] = (uint)response.Flags,
                    ["From"] = response.From,
                    ["ID"] = response.Id,
                    ["LTime"] = response.LTime,
                    ["Payload"] = Payload(response.Payload),
                });
            case SerfType.KeyRequest:
                var request = KeyRequest.TryRead(body)!;
                return (request, new JsonObject { ["Key"] = Shown(request.Key) });
            case SerfType.KeyResponse:
                var keys = KeyResponse.TryRead(body)!;
                return (keys, new JsonObject
                {
                    ["Keys"] = Texts(keys.Keys),
                    ["Message"] = keys.Message,
                    ["PrimaryKey"] = keys.PrimaryKey,
                    ["Result"] = keys.Result,
                });
            case SerfType.ConflictResponse:
                var conflict = ConflictResponse.TryRead(body)!;
                return (conflict, new JsonObject
                {
                    ["Addr"] = Address(conflict.Addr),
                    ["DelegateCur"] = conflict.Versions.DelegateCur,
                    ["DelegateMax"] = conflict.Versions.DelegateMax,
                    ["DelegateMin"] = conflict.Versions.DelegateMin,
                    ["Name"] = conflict.Name,
                    ["Port"] = conflict.Port,
                    ["ProtocolCur"] = conflict.Versions.ProtocolCur,
                    ["ProtocolMax"] = conflict.Versions.ProtocolMax,
                    ["ProtocolMin"] = conflict.Versions.ProtocolMin,
                    ["Status"] = conflict.Status,
                    ["Tags"] = conflict.Tags is null ? null : Map(conflict.Tags),
                });
            default:
                throw new InvalidDataException($"type {type}");
        }
    }

    static JsonObject State(SerfPushPull state) => new()
    {
        ["EventLTime"] = state.EventLTime,
        ["Events"] = Ring(state.Events),
        ["LTime"] = state.LTime,
        ["LeftMembers"] = Texts(state.LeftMembers),
        ["QueryLTime"] = state.QueryLTime,
        ["StatusLTimes"] = new JsonObject(state.StatusLTimes.Select(p => new KeyValuePair<string, JsonNode?>(p.Key, p.Value))),
    };

    static JsonNode? Ring(IReadOnlyList<EventSlot?>? events)
    {
        if (events is null) return null;
        var full = events.OfType<EventSlot>().Select(slot => (JsonNode)new JsonObject
        {
            ["Events"] = new JsonArray([.. slot.Events!.Select(each => (JsonNode)new JsonObject
            {
                ["Name"] = each.Name, ["Payload"] = Shown(each.Payload),
            })]),
            ["LTime"] = slot.LTime,
        }).ToArray();
        if (events.Count <= LongList) return new JsonArray(full);
        return full.Length == 0 ? $"[{events.Count} x nil]" : new JsonObject { ["len"] = events.Count, ["nonnil"] = new JsonArray(full) };
    }

    static JsonObject Question(Query query) => new()
    {
        ["Addr"] = Address(query.Addr),
        ["Filters"] = Filters(query.Filters),
        ["Flags"] = (uint)query.Flags,
        ["ID"] = query.Id,
        ["LTime"] = query.LTime,
        ["Name"] = query.Name,
        ["Payload"] = Payload(query.Payload),
        ["Port"] = query.Port,
        ["RelayFactor"] = query.RelayFactor,
        ["SourceNode"] = query.SourceNode,
        ["Timeout"] = query.TimeoutNanoseconds,
    };

    static JsonArray? Filters(IReadOnlyList<Bytes>? filters)
    {
        if (filters is null) return null;
        var shown = new JsonArray();
        foreach (var each in filters)
        {
            var filter = QueryFilter.TryRead(each.Span)!;
            var output = new SpanWriter();
            filter.Write(output);
            Assert.Equal(each, new Bytes(output.Written.ToArray()));
            shown.Add(new JsonObject
            {
                ["type"] = filter.Nodes is null ? 1 : 0,
                ["v"] = filter.Nodes is null ? new JsonObject { ["Expr"] = filter.Expr, ["Tag"] = filter.Tag } : Texts(filter.Nodes),
            });
        }
        return shown;
    }

    /// <summary>A payload that is a Serf message itself is read, and must come out the same again.</summary>
    static JsonNode? Payload(Bytes payload)
    {
        if (payload.Length < 2 || payload.Span[0] is < 6 or > 8) return Shown(payload);
        var (read, json) = Read((SerfType)payload.Span[0], payload.Span[1..].ToArray());
        Assert.Equal(payload, new Bytes(Encoded(read)));
        var name = payload.Span[0] switch { 6 => "conflictResponse", 7 => "keyRequest", _ => "keyResponse" };
        return new JsonObject { [$"serf[{payload.Span[0]} {name}]"] = json };
    }

    static JsonArray? Texts(IReadOnlyList<string>? texts) =>
        texts is null ? null : new JsonArray([.. texts.Select(text => (JsonNode)text)]);
}
