using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Simulation;

/// <summary>Scenarios of keys, names and messages that are not as they should be: replays, poison, clones, a whole cluster that starts again.</summary>
static class Attacks
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("rotate", "keys change under load without a failure, and the old one is of no use afterwards", [3, 5, 10], Rotate),
        new("replay", "recorded packets, encrypted or not, change nothing", [4, 10, 20], Replay),
        new("poison", "the highest incarnations and Lamport times do no lasting harm", [4, 10, 20], Poison),
        new("clash", "of two with one name the newer is told to stop, and the older stays", [4, 10, 20], Clash),
        new("outage", "after all hosts were off, agents find each other by their snapshots, those that had failed included", [3, 10, 30], Outage),
    ];

    static SimCluster Rotate(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed, new SimOptions { Encrypt = true });
        sim.Links.Loss = 0.01;
        var asker = sim.Nodes[sim.Chance.Below(nodes)];
        byte[] key = [.. Enumerable.Range(0, 16).Select(_ => (byte)sim.Chance.Next())];
        Ask(sim, asker, KeyCommand.Install, key);
        Ask(sim, asker, KeyCommand.Use, key);
        Ask(sim, asker, KeyCommand.Remove, SimOptions.FirstKey);

        sim.Run(TimeSpan.FromSeconds(30));

        foreach (var node in sim.Nodes)
            sim.Require(node.Keys!.Count == 1 && node.Keys.Primary.SequenceEqual(key), $"{node.Name} has {node.Keys.Count} keys, or another one first");
        sim.Require(sim.AllSeeAll(), sim.Blind());
        sim.RequireNoFalseFailure();
        // what is sealed with the old key is dropped, and counted
        using var old = new Keyring([SimOptions.FirstKey]);
        var writer = new PacketWriter(old, []);
        var before = asker.Engine.Counters.Of(PacketFault.NoKey);
        sim.Inject(0, asker.Index, writer.Write(Encoded(new Dead(uint.MaxValue / 4, sim.Nodes[0].Name, "eve")), false, new byte[Envelope.NonceSize]), default);
        sim.Run(TimeSpan.FromSeconds(1));
        sim.Require(asker.Engine.Counters.Of(PacketFault.NoKey) == before + 1, "a packet with the old key is taken");
        sim.RequireNoFalseFailure();
        return sim;
    }

    static void Ask(SimCluster sim, SimNode asker, KeyCommand command, byte[] key)
    {
        // packets are lost, so one answer may be missing: whoever changes keys asks again until all have it
        for (var tries = 0; tries < 8; tries++)
        {
            sim.Require(asker.Engine.AskKeys(command, key, sim.Now, out var id) is null, $"{command} is refused");
            asker.Settle();
            sim.RunUntil(() => asker.KeysAnswer?.Id == id, TimeSpan.FromSeconds(30));
            if (asker.KeysAnswer is { } all && all.Id == id && all.Answered == sim.Nodes.Count && all.Errors == 0) return;
        }
        sim.Require(false, $"{command}: {asker.KeysAnswer}");
    }

    static SimCluster Replay(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed, new SimOptions { Encrypt = seed % 2 == 0 });
        sim.Links.Replay = 0.2;
        var moved = 1 + sim.Chance.Below(nodes - 1);
        for (var i = 0; i < 10; i++)
        {
            sim.Require(sim.Nodes[0].Engine.FireEvent($"e{i}", Encoding.UTF8.GetBytes("x"), false, sim.Now) is null, "an event is refused");
            sim.Nodes[0].Settle();
            sim.Run(TimeSpan.FromSeconds(3));
        }
        // deaths, accusations and goodbyes of before must not hit the next life
        sim.Kill(moved);
        sim.Run(TimeSpan.FromSeconds(40));
        sim.Start(moved);
        sim.Join(moved, 0);
        sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(5));
        var back = sim.Now;

        sim.Run(TimeSpan.FromSeconds(120));

        sim.Require(sim.AllSeeAll(), sim.Blind());
        sim.RequireNoFalseFailure(unless: failure => failure.Subject == moved && failure.At < back);
        foreach (var node in sim.Nodes.Where(node => node.Index != moved))
            foreach (var (name, times) in node.Events) sim.Require(times == 1, $"{node.Name} got {name} {times} times");
        sim.Note($"{sim.Replayed} replayed, {sim.Nodes.Sum(node => node.Engine.Counters.Replays)} found out by their nonce");
        return sim;
    }

    static SimCluster Poison(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        var highest = sim.Nodes.Max(node => node.Engine.Self.Incarnation);
        for (var i = 0; i < 200; i++)
        {
            var (target, victim) = (sim.Chance.Below(nodes), sim.Nodes[sim.Chance.Below(nodes)]);
            IWireMessage message = sim.Chance.Below(8) switch
            {
                0 => new Alive(uint.MaxValue, victim.Name, victim.Address.Addr, victim.Address.Port, default, ProtocolVersions.Ours.ToBytes()),
                1 => new Suspect(uint.MaxValue, victim.Name, "n0"),
                2 => new Dead(uint.MaxValue - 1, victim.Name, "n0"),
                3 => new Dead(uint.MaxValue, victim.Name, victim.Name),
                4 => new JoinIntent(ulong.MaxValue, victim.Name),
                5 => new LeaveIntent(ulong.MaxValue - 1, victim.Name, true),
                6 => new UserEvent(ulong.MaxValue, "poison", default, false),
                _ => new UserEvent(1ul << 40, "poison", default, false),
            };
            var body = Encoded(message);
            if (message is JoinIntent or LeaveIntent or UserEvent) body = [(byte)MessageType.User, .. body];
            sim.Inject(sim.Chance.Below(nodes), target, body, sim.Chance.Within(TimeSpan.FromSeconds(20)));
        }
        sim.Run(TimeSpan.FromSeconds(40));

        sim.Require(sim.AllSeeAll(), sim.Blind());
        sim.RequireNoFalseFailure();
        sim.Require(sim.Nodes.All(node => !node.Events.ContainsKey("poison")), "an event from far in the future is delivered");
        sim.Require(sim.Nodes.All(node => node.Engine.Self.Incarnation < highest + 1_000), "an incarnation is poisoned");
        sim.Require(sim.Nodes.All(node => Math.Max(node.Engine.Clock, node.Engine.EventClock) < GossipLimits.MaxLamportJump), "a clock is poisoned");
        // all goes on as before
        sim.Require(sim.Nodes[0].Engine.FireEvent("after", default, false, sim.Now) is null, "an event is refused");
        sim.Nodes[0].Settle();
        sim.Kill(nodes - 1);
        var bound = Failures.DetectionBound(GossipProfile.Lan, nodes);
        sim.Require(sim.RunUntil(() => sim.Views.FailedTo(nodes - 1) == sim.Running, bound), "a node that dies is not failed any more");
        sim.Run(sim.Nodes[0].Engine.PushPullInterval * 2);
        sim.Require(sim.Nodes.Where(node => node.IsRunning).All(node => node.Events.ContainsKey("after")), "events do not get through any more");
        return sim;
    }

    static SimCluster Clash(int nodes, ulong seed)
    {
        var sim = new SimCluster(nodes + 1, seed);
        for (var i = 0; i < nodes; i++) sim.Start(i);
        for (var i = 1; i < nodes; i++) sim.Join(i, 0);
        bool All() => Enumerable.Range(0, nodes).All(i => sim.Views.AliveTo(i) >= nodes);
        sim.Require(sim.RunUntil(All, TimeSpan.FromSeconds(30)), "the agents do not find together");
        sim.Run(TimeSpan.FromSeconds(5));
        var (clone, victim) = (sim.Nodes[nodes], sim.Chance.Below(nodes));
        clone.Name = SimNode.NameOf(victim);
        sim.Start(nodes);
        sim.Join(nodes, (victim + 1) % nodes);

        var told = sim.RunUntil(() => clone.Conflicts.Any(c => c.MustStop), TimeSpan.FromSeconds(30));

        sim.Require(told, "the newer one was not told to stop");
        var conflict = clone.Conflicts.First(c => c.MustStop);
        sim.Require(conflict.Mine == clone.Address && conflict.Theirs == sim.Nodes[victim].Address, $"the message does not name both: {conflict}");
        sim.Kill(nodes);
        sim.Run(TimeSpan.FromSeconds(40));
        sim.Require(sim.Nodes[victim].Conflicts.All(c => !c.MustStop), "the older one was told to stop");
        for (var i = 0; i < nodes; i++)
            sim.Require(
                i == victim || (sim.Nodes[i].Engine.Find(clone.Name) is { Status: MemberStatus.Alive } it && it.Address == sim.Nodes[victim].Address),
                $"to {SimNode.NameOf(i)} the older one is {sim.Nodes[i].Engine.Find(clone.Name)}");
        sim.RequireNoFalseFailure(unless: failure => failure.Observer == nodes);
        return sim;
    }

    static SimCluster Outage(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        sim.KeepsSnapshots = true;
        var first = sim.Chance.Below(nodes);   // it fails first, and the others' snapshots still hold it
        sim.Kill(first, host: true);
        sim.Run(TimeSpan.FromSeconds(40));
        for (var node = 0; node < nodes; node++)
            if (node != first) sim.Kill(node, host: true);
        sim.Run(TimeSpan.FromSeconds(5));
        for (var node = 0; node < nodes; node++)
        {
            var back = node;
            sim.At(sim.Now + sim.Chance.Within(TimeSpan.FromSeconds(20)), () =>
            {
                sim.Start(back);
                sim.Nodes[back].Rejoin();
            });
        }
        sim.Run(TimeSpan.FromSeconds(20));

        var all = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(15));

        sim.Require(all, $"15 s after the last host came back: {sim.Blind()}");
        sim.RequireNoFalseFailure(unless: failure => failure.Subject == first);
        return sim;
    }

    static byte[] Encoded(IWireMessage message)
    {
        var writer = new SpanWriter();
        message.Write(writer);
        return writer.Written.ToArray();
    }
}
