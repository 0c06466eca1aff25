#!/usr/bin/env python3
"""Names beside Debian's bind9 and unbound, in the same run: ours, theirs, and the ratio.

    run.py [--peers ours,bind9,unbound] [--short] [node] [group] [rate]

    node     A of 1,000 nodes, one record each            group    A of 50 groups, twenty records each
    rate     the same as node at 10,000 queries a second: how long an answer takes

Debian's dnsperf asks over UDP, 100 questions at a time, as fast as the server answers; rate as fast as it is told. One server after the other,
in turn, several rounds, the median counts; each answers some seconds before anything is measured. CPU is of the server's process. Needs root; builds
bench/OpsBro.Benchmarks. One JSON object a figure, then a table. The figures of a machine that is busy with something else are worth little: load1
stands in each line."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "metrics")]
import servers
from process import own_namespace

SERVERS = {"ours": servers.Ours, "bind9": servers.bind9, "unbound": servers.unbound}
PARTS = {"node": (servers.node, servers.NODES), "group": (servers.group, servers.GROUPS), "rate": (servers.node, servers.NODES)}
RATE, MOST, WISHED = 10_000, 1.4, 1.0     # queries a second; the goals: so many times the other's CPU at most


def say(**found):
    print(json.dumps({**found, "load1": round(os.getloadavg()[0], 1)}), flush=True)


def ask(server, questions, seconds, *more):
    """One load; ends the run when the answers are not what was asked for."""
    before = server.cpu()
    text = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(servers.PORT), "-d", questions, "-l", str(seconds), "-T", "1", *more],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    used = server.cpu() - before
    number = lambda pattern: float(re.search(pattern, text).group(1))
    done = number(r"Queries completed:\s+(\d+)")
    if not done or number(r"NOERROR \d+ \(([\d.]+)%\)") < 100:
        sys.exit(f"no answers, or some without records:\n{text[-2000:]}")
    return {"queries_a_second": number(r"Queries per second:\s+([\d.]+)"), "lost": number(r"Queries lost:\s+(\d+)"), "answer_bytes":
            number(r"Average packet size:.*response (\d+)"), "cpu_s_a_million": round(used / done * 1e6, 2),
            "average_ms": round(number(r"Average Latency \(s\):\s+([\d.]+)") * 1000, 3)}


def latencies(server, questions, seconds):
    """Each answer's time at a rate that any of them can keep."""
    text = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(servers.PORT), "-d", questions, "-l", str(seconds), "-T", "1", "-q", "1000", "-Q",
                           str(RATE), "-v"], check=True, stdout=subprocess.PIPE, text=True).stdout
    took = sorted(float(line.split()[-1]) * 1000 for line in text.splitlines() if line.startswith("> NOERROR"))
    return {"answers": len(took), "p50_ms": round(took[len(took) // 2], 3), "p99_ms": round(took[len(took) * 99 // 100], 3), "max_ms": round(took[-1], 3)}


def measure(home, who, parts, options, results):
    server = SERVERS[who](home)
    try:
        for part in parts:
            name, count = PARTS[part]
            questions = f"{home}/{part}"
            with open(questions, "w") as f:
                f.writelines(f"{name(i)} A\n" for i in range(count))
            ask(server, questions, options.seconds, "-c", "8", "-q", "100")     # the code is warm
            before = server.told() if who == "ours" else None
            found = latencies(server, questions, options.seconds) if part == "rate" else ask(server, questions, options.seconds, "-c", "8", "-q", "100")
            if before:
                queries, faults, allocated = (now - then for now, then in zip(server.told(), before))
                found["bytes_allocated_a_query"] = round(allocated / queries, 3)
                if faults:
                    sys.exit(f"{faults} faults of our program")
            say(who=who, part=part, **found)
            results.setdefault((part, who), []).append(found)
        say(who=who, resident_mib=server.memory()[0])
    finally:
        server.stop()


def table(results, peers):
    print("\n" + f"{'median of each':34}" + "".join(f"{who:>10}" for who in peers) + "".join(f"{f'of {who}':>12}" for who in peers if who != "ours") + "  goal")
    for part in dict.fromkeys(part for part, _ in results):
        rows = ([("p50_ms", "p50, ms", ""), ("p99_ms", "p99, ms", "below 1 ms")] if part == "rate" else
                [("cpu_s_a_million", "CPU s a million", f"at most {MOST:g}, wished {WISHED:g}"), ("queries_a_second", "a second", "")])
        for what, unit, goal in rows:
            found = {who: statistics.median(one[what] for one in results[part, who]) for who in peers}
            text = lambda figure: f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
            ratios = [f"{found['ours'] / found[who]:.2f}" if "ours" in found else "" for who in peers if who != "ours"]
            print(f"{f'{part}: {unit}':34}" + "".join(f"{text(found[who]):>10}" for who in peers) + "".join(f"{r:>12}" for r in ratios) + f"  {goal}")
    print(f"load average {' '.join(f'{l:.1f}' for l in os.getloadavg())}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("--peers", default=",".join(SERVERS))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    peers = options.peers.split(",")
    for known, given, noun in ((PARTS, options.parts, "part"), (SERVERS, peers, "peer")):
        for name in given:
            if name not in known:
                sys.exit(f"no {noun} is named {name}; there are {', '.join(known)}")
    if "METRIC_BENCH_NAMESPACE" not in os.environ and "ours" in peers:
        servers.build()         # before the network is gone
    own_namespace()
    options.seconds, rounds = (1, 2) if options.short else (5, 5)
    home = tempfile.mkdtemp(prefix="opsbro-dns-", dir=os.environ.get("BENCH_DIR"))
    try:
        results = {}
        for turn in range(rounds):
            for who in peers if turn % 2 == 0 else reversed(peers):
                place = f"{home}/{turn}-{who}"
                os.makedirs(place)
                measure(place, who, options.parts or list(PARTS), options, results)
        table(results, peers)
    finally:
        shutil.rmtree(home, ignore_errors=True)


main()
