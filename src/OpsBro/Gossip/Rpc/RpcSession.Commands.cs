using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip.Rpc;

/// <summary>Commands that are answered once.</summary>
internal sealed partial class RpcSession
{
    GossipPool Pool => parts.Actions.Pool();

    async Task<(string Error, IRpcBody? Body)> Do(RpcRequest request) => request switch
    {
        { Command: RpcCommand.Members } => ("", new RpcMembers(await Members())),
        { Command: RpcCommand.Stats } => ("", await RpcFigures.Of(parts, Pool)),
        { Command: RpcCommand.Leave } => (await Leave(), null),
        { Command: RpcCommand.ListKeys } => await Keys(KeyCommand.List, ""),
        { Body: RpcMembersFilter filter } => await Filtered(filter),
        { Body: RpcJoin join } => await Join(join),
        { Body: RpcEvent fired } => (await Pool.FireEvent(fired.Name, fired.Payload, fired.Coalesce) ?? "", null),
        { Body: RpcForceLeave leave } => (await ForceLeave(leave), null),
        { Body: RpcTags tags } => (await ChangeTags(tags), null),
        { Body: RpcRespond answer } => (await Respond(answer), null),
        { Body: RpcCoordinate where } => ("", new RpcCoordinateAnswer(await Coordinate(where.Node))),
        { Command: RpcCommand.InstallKey, Body: RpcKey key } => await Keys(KeyCommand.Install, key.Key),
        { Command: RpcCommand.UseKey, Body: RpcKey key } => await Keys(KeyCommand.Use, key.Key),
        { Command: RpcCommand.RemoveKey, Body: RpcKey key } => await Keys(KeyCommand.Remove, key.Key),
        _ => (UnknownCommand, null),
    };

    async Task<List<RpcMember>> Members() => [.. (await Pool.Members()).Members.Select(Shown)];

    static RpcMember Shown(Member member) => new(
        member.Name, member.Address.Addr, member.Address.Port, member.Tags, GossipJournal.Word(member.Status), member.Versions);

    async Task<(string, IRpcBody?)> Filtered(RpcMembersFilter filter)
    {
        var wanted = new List<Func<RpcMember, bool>>();
        foreach (var (pattern, value) in Filters(filter))
        {
            if (pattern.Length == 0) continue;
            if (GoPattern.TryCompile($"^(?:{pattern})$") is not { } compiled) return ($"Failed to compile regex: \"{pattern}\" is none that Go takes", null);
            wanted.Add(member => compiled.IsMatch(value(member)));
        }
        return ("", new RpcMembers([.. (await Members()).Where(member => wanted.All(wants => wants(member)))]));
    }

    static IEnumerable<(string Pattern, Func<RpcMember, string> Value)> Filters(RpcMembersFilter filter)
    {
        yield return (filter.Name, member => member.Name);
        yield return (filter.Status, member => member.Status);
        foreach (var (tag, pattern) in filter.Tags ?? [])
            yield return (pattern, member => member.Tags?.FirstOrDefault(t => t.Key == tag).Value ?? "");
    }

    async Task<(string, IRpcBody?)> Join(RpcJoin join)
    {
        var joined = await parts.Actions.Join(new JoinRequest { Addresses = [.. join.Existing ?? []], Replay = join.Replay }, connection.Closing);
        var count = joined.Count(one => one.Joined);
        // as with Serf, one that answers is enough
        var error = count > 0 ? "" : string.Join("; ", joined.Select(one => $"{one.Address}: {one.Error}"));
        return (error, new RpcJoined(count));
    }

    async Task<string> Leave()
    {
        _ = Pool;   // says why when there is none
        await parts.Cluster.Leave(connection.Closing);
        return "";
    }

    /// <summary>Of a node that nobody knows it is done already; the stock command counts on it.</summary>
    async Task<string> ForceLeave(RpcForceLeave leave)
    {
        if (await Pool.Ask((engine, _) => engine.Find(leave.Node) is null)) return "";
        return await Pool.ForceLeave(leave.Node, leave.Prune) ?? "";
    }

    async Task<string> ChangeTags(RpcTags tags)
    {
        _ = Pool;
        return await parts.Cluster.ChangeTags(tags.Tags ?? [], tags.DeleteTags ?? [], connection.Closing) ?? "";
    }

    async Task<CoordinatePayload?> Coordinate(string node)
    {
        var self = Pool.Settings.Name;
        var known = await Pool.Ask((engine, _) => node == self ? engine.OwnCoordinate : engine.CoordinateOf(node));
        return known is null ? null : new CoordinatePayload(known.Adjustment, known.Error, known.Height, [.. known.Vec]);
    }

    async Task<(string, IRpcBody?)> Keys(KeyCommand command, string text)
    {
        var key = Array.Empty<byte>();
        if (command != KeyCommand.List && (key = GossipKey.TryParse(text)) is null) return ($"that is no key; it must be {GossipKey.Form}", null);
        var (error, said) = await Pool.AskKeys(command, key);
        if (said is null) return (error ?? "", null);
        var summary = (said.Errors, said.Answered < said.Nodes) switch
        {
            ( > 0, _) => $"{said.Errors}/{said.Nodes} nodes reported failure",
            (_, true) => $"{said.Answered}/{said.Nodes} nodes reported success",
            _ => "",
        };
        return (summary, new RpcKeys(
            [.. said.Messages.OrderBy(m => m.Key, StringComparer.Ordinal)],
            command == KeyCommand.List ? [.. said.Keys.OrderBy(k => k.Key, StringComparer.Ordinal)] : null, said.Nodes, said.Errors, said.Answered));
    }
}
