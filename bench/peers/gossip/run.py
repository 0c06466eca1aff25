#!/usr/bin/env python3
"""The cluster beside Debian's serf, in the same run: ours, serf's, and the ratio.

    run.py [--nodes N] [--kills N] [--idle SECONDS] [--partition SECONDS] [--only ours|serf] [join] [partition] [loss]

    join        N agents join through one at once; idle traffic, CPU and memory; kill -9 of some, one after the other (127.0.1.x)
    partition   10 agents in namespaces, halves apart for 90 s; time to heal
    loss        the same 10 with 30 % of every protocol lost for 60 s; false failures

All of them with 60 agents when none is named. Needs root, serf, nft, ip (apt-get install serf nftables iproute2); uses out/opsbro (./dev build).
One JSON object a figure, then a table. The figures of a machine that is busy with something else are worth little: load1 stands in each line."""
import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agents import PROGRAM, Ours, Serf, others_cpu_seconds, wait_for
from hosts import Bridge, Loopback, own_namespace
from rpc import stats

LIMIT = 120                       # seconds: nothing is waited for longer
SETTLE = 30
QUIET = 180                       # seconds until 60 agents that started together are idle: their check of the load changes its state as that falls
BRIDGE_NODES = 10
figures = {}


def say(kind, what, **found):
    figures.setdefault(what, {}).setdefault(kind.name, {}).update(found)
    print(json.dumps({"bench": what, "who": kind.name, **found, "load1": os.getloadavg()[0]}), flush=True)


class Cluster:
    """Agents of one kind, each with a connection to ask it."""

    def __init__(self, kind, hosts, count, home):
        self.kind, self.hosts, self.home = kind, hosts, home
        self.agents, self.clients = {}, {}
        for i in range(count):
            self.agents[i] = kind.start(hosts, i, home)
        for i in range(count):
            self.clients[i] = self.client(i)

    def client(self, i):
        return self.kind.client(self.hosts, i, self.home)

    def join(self, i, through=0):
        return {"Existing": [f"{self.hosts.address(through)}:7946"], "Replay": False}

    def join_all(self):
        """All join the first at once, on connections of their own: the answer comes only when the join is done."""
        joining = {i: self.client(i) for i in self.agents if i != 0}
        begin = time.monotonic()
        for i, client in joining.items():
            client.send("join", self.join(i))
        return begin, joining

    def full(self, count):
        """Agents that count all alive and none failed."""
        return sum(members - left == count and failed == 0 for members, failed, left in stats(self.clients).values())

    def wait_full(self, limit=LIMIT, every=0.25):
        count = len(self.agents)
        return wait_for(lambda: self.full(count) == count, limit, every)

    def cpu_seconds(self):
        return sum(agent.cpu_seconds() for agent in self.agents.values())

    def close(self):
        for agent in self.agents.values():
            agent.kill()
        for client in self.clients.values():
            client.close()


def join_bench(kind, home, options):
    hosts = Loopback(options.nodes)
    cluster = Cluster(kind, hosts, options.nodes, home)
    every = 0.1 if options.nodes <= 30 else 0.25
    try:
        time.sleep(3 if kind.name == "serf" else 10)    # ours compiles its hot paths again in the first seconds
        before, used = hosts.counters(), cluster.cpu_seconds()
        begin, joining = cluster.join_all()
        _, done = cluster.wait_full(every=every)
        seconds, after, used = time.monotonic() - begin, hosts.counters(), cluster.cpu_seconds() - used
        for client in joining.values():
            client.close()
        say(kind, "join", nodes=options.nodes, seconds=round(seconds, 2), complete=done, udp_packets=after[0][0] - before[0][0],
            tcp_bytes=after[1][1] - before[1][1], cpu_ms=round(1000 * used / options.nodes, 1))
        idle(kind, cluster, hosts, options)
        for n in range(options.kills):
            kill(kind, cluster, 1 + (n * 7 + 3) % (options.nodes - 1), every)
        medians = figures["kill"][kind.name].pop("runs")
        say(kind, "kill", median_s=round(statistics.median(m for _, m, _ in medians), 2), first_s=round(statistics.median(f for f, _, _ in medians), 2),
            all_s=round(statistics.median(a for _, _, a in medians), 2), kills=len(medians))
    finally:
        cluster.close()
        hosts.close()


def idle(kind, cluster, hosts, options):
    time.sleep(QUIET)
    count = len(cluster.agents)
    traffic, used, busy, begin = hosts.counters(), [a.cpu_seconds() for a in cluster.agents.values()], others_cpu_seconds(), time.monotonic()
    time.sleep(options.idle)
    seconds, after = time.monotonic() - begin, hosts.counters()
    used = [a.cpu_seconds() - u for a, u in zip(cluster.agents.values(), used)]
    rate = lambda kind_of, unit: (after[kind_of][unit] - traffic[kind_of][unit]) / seconds / count
    memory = [a.memory_mb() for a in cluster.agents.values()]
    middle = lambda i: round(statistics.median(m[i] for m in memory), 1)
    say(kind, "idle", bytes_s=round(rate(0, 1) + rate(1, 1), 1), udp_bytes_s=round(rate(0, 1), 1), tcp_bytes_s=round(rate(1, 1), 1),
        packets_s=round(rate(0, 0) + rate(1, 0), 2), udp_packets_s=round(rate(0, 0), 2),
        cpu_percent=round(100 * sum(used) / seconds / count, 3), rss_mb=middle(0), pss_mb=middle(1), anonymous_mb=middle(2),
        others_cores=round((others_cpu_seconds() - busy - sum(used)) / seconds, 2))


def kill(kind, cluster, victim, every):
    others = {i: client for i, client in cluster.clients.items() if i != victim}
    begin, seen = time.monotonic(), {}
    cluster.agents[victim].kill()
    cluster.clients[victim].close()
    while len(seen) < len(others) and time.monotonic() - begin < LIMIT:
        for i, (_, failed, _) in stats({i: c for i, c in others.items() if i not in seen}).items():
            if failed:
                seen[i] = time.monotonic() - begin
        if len(seen) < len(others):
            time.sleep(every)
    times = sorted(seen.values())
    cluster.agents[victim] = cluster.kind.start(cluster.hosts, victim, cluster.home)
    cluster.clients[victim] = cluster.client(victim)
    cluster.clients[victim].call("join", cluster.join(victim), has_body=True)
    again, _ = cluster.wait_full(every=every)
    found = (times[0], times[len(times) // 2], times[-1])
    figures.setdefault("kill", {}).setdefault(kind.name, {}).setdefault("runs", []).append(found)
    print(json.dumps({"bench": "kill", "who": kind.name, "victim": victim, "first_s": round(found[0], 2), "median_s": round(found[1], 2),
                      "all_s": round(found[2], 2), "saw": f"{len(times)}/{len(others)}", "rejoined_s": round(again, 2)}), flush=True)
    time.sleep(2)


def bridged(bench):
    def with_bridge(kind, home, options):
        hosts = Bridge(BRIDGE_NODES)
        cluster = None
        try:
            cluster = Cluster(kind, hosts, BRIDGE_NODES, home)
            _, joining = cluster.join_all()
            _, done = cluster.wait_full()
            for client in joining.values():
                client.close()
            if not done:
                sys.exit(f"10 agents of {kind.name} did not find together")
            time.sleep(SETTLE)
            bench(kind, cluster, hosts, options)
        finally:
            if cluster:
                cluster.close()
            hosts.close()
    return with_bridge


@bridged
def partition_bench(kind, cluster, hosts, options):
    half = BRIDGE_NODES // 2
    hosts.partition(range(half), range(half, BRIDGE_NODES))
    time.sleep(options.partition)
    apart = sum(failed == half for _, failed, _ in stats(cluster.clients).values())
    hosts.heal()
    seconds, done = cluster.wait_full(every=0.1)
    say(kind, "partition", apart=f"{apart}/{BRIDGE_NODES}", partition_s=options.partition, heal_s=round(seconds, 2), complete=done)


@bridged
def loss_bench(kind, cluster, hosts, options):
    hosts.lose(30)
    end, worst = time.monotonic() + options.loss, 0
    while time.monotonic() < end:
        worst = max(worst, max(failed for _, failed, _ in stats(cluster.clients).values()))
        time.sleep(0.2)
    hosts.heal()
    seconds, done = cluster.wait_full(every=0.1)
    say(kind, "loss", lost_percent=30, seconds=options.loss, most_failed_seen_by_one=worst, healed_s=round(seconds, 2), complete=done)


ROWS = [
    ("join", "seconds", "join of all at once, all see all", "s"),
    ("join", "cpu_ms", "the same, CPU of an agent", "ms"),
    ("idle", "bytes_s", "idle, bytes a second and node (IP)", "B/s"),
    ("idle", "packets_s", "idle, packets a second and node", "/s"),
    ("idle", "cpu_percent", "idle, CPU of an agent", "% of a core"),
    ("idle", "rss_mb", "resident memory of an agent", "MB"),
    ("idle", "pss_mb", "the same, shared pages split", "MB"),
    ("kill", "first_s", "kill -9, first sees it (median)", "s"),
    ("kill", "median_s", "kill -9, half see it (median)", "s"),
    ("kill", "all_s", "kill -9, all see it (median)", "s"),
    ("partition", "heal_s", "heal of a partition", "s"),
    ("loss", "most_failed_seen_by_one", "30 % loss, false failures", ""),
]


def table():
    print(f"\n{'':38}{'ours':>10}{'serf':>10}{'ratio':>8}")
    for what, key, text, unit in ROWS:
        ours, serf = (figures.get(what, {}).get(who, {}).get(key) for who in ("ours", "serf"))
        if ours is None and serf is None:
            continue
        ratio = f"{ours / serf:8.2f}" if ours is not None and serf else f"{'':8}"
        print(f"{text:38}{'' if ours is None else ours:>10}{'' if serf is None else serf:>10}{ratio} {unit}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--nodes", type=int, default=60)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--partition", type=float, default=90)
    parser.add_argument("--loss", type=float, default=60)
    parser.add_argument("--only", choices=["ours", "serf"])
    parser.add_argument("benches", nargs="*")
    options = parser.parse_args()
    benches = {"join": join_bench, "partition": partition_bench, "loss": loss_bench}
    wanted = options.benches or list(benches)
    for name in wanted:
        if name not in benches:
            sys.exit(f"no bench is named {name}; there are {', '.join(benches)}")
    if options.only != "serf" and not os.path.exists(PROGRAM):
        sys.exit(f"{PROGRAM} is missing; run ./dev build first")
    own_namespace()
    home = tempfile.mkdtemp(prefix="opsbro-gossip-")
    try:
        for name in wanted:
            for kind in (Serf(), Ours()):
                if options.only in (None, kind.name):
                    directory = f"{home}/{name}-{kind.name}"
                    os.makedirs(directory)
                    benches[name](kind, directory, options)
        table()
    finally:
        shutil.rmtree(home, ignore_errors=True)


main()
