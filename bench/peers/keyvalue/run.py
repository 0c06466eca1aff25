#!/usr/bin/env python3
"""Keys and values beside Debian's etcd, in the same run: ours, etcd's, and the ratio.

    run.py [--peers ours,etcd] [--short] [one] [three]

    one        one node                                    three      three nodes, the client on all of them; quorum

Puts and gets of 10,000 keys with values of 100 bytes, at 1 and 32 connections, through the same client over HTTP; each store flushes to the same disk before
it acknowledges. Gets are those that see every acknowledged write (etcd: linearizable; ours: quorum). Several rounds, ours and etcd's in turn, each with
fresh data, after some seconds of both that are not counted; the median counts. CPU is of all server processes. Needs root; uses out/opsbro (./dev build). One JSON object a figure, then a
table. The figures of a machine that is busy with something else are worth little: load1 stands in each line."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "metrics")]
import servers
from process import own_namespace

NODES = {"one": 1, "three": 3}
STORES = {"ours": servers.ours, "etcd": servers.etcd}
CONNECTIONS, KEYS, GOAL = (1, 32), 10_000, 2.0          # goal: so many times etcd's
WARM = 4                # seconds of puts, and of gets, before anything is measured


def say(**found):
    print(json.dumps({**found, "load1": round(os.getloadavg()[0], 1)}), flush=True)


def fdatasync_ms(home, count=200):
    """Median of a small write to the end of a file and its flush: what no store here can do without."""
    took = []
    with open(f"{home}/flushed", "wb", buffering=0) as f:
        for _ in range(count):
            f.write(b"x" * 256)
            begin = time.perf_counter()
            os.fdatasync(f.fileno())
            took.append((time.perf_counter() - begin) * 1000)
    return round(statistics.median(took), 3)


def load(program, store, arguments, connections, *more):
    """One measured load; ends the run when the store refuses something."""
    before = store.cpu()
    text = subprocess.run([program, "-a", store.addresses, "-c", str(connections), "-k", str(KEYS), *arguments, *more], check=True,
                          stdout=subprocess.PIPE).stdout
    found = json.loads(text)
    found["cpu_s_a_million"] = round((store.cpu() - before) / found["done"] * 1e6, 1)
    if found["errors"]:
        sys.exit(f"{found['errors']} of {found['done']} requests failed")
    return found


def measure(program, home, who, nodes, options, results):
    store = STORES[who](home, NODES[nodes])
    try:
        load(program, store, store.put, 16, "-s", "-n", str(KEYS), "-t", "120")         # every key is there
        for arguments in (store.put, store.get):
            load(program, store, arguments, 16, "-n", "2000000", "-t", str(WARM))       # and the code is warm: .NET compiles anew what runs often
        for operation, arguments in (("put", store.put), ("get", store.get)):
            for connections in CONNECTIONS:
                found = load(program, store, arguments, connections, "-n", "2000000", "-t", str(options.seconds))
                say(who=who, nodes=nodes, operation=operation, connections=connections, **found)
                results.setdefault((nodes, operation, connections, who), []).append(found)
        say(who=who, nodes=nodes, resident_mib=store.memory())
    finally:
        store.stop()


def table(results, peers):
    wide = 34
    print(f"\n{'median of each':{wide}}{'ours':>9}{'etcd':>9}{'ratio':>7}  goal")
    for nodes, operation, connections in dict.fromkeys(key[:3] for key in results):
        for what, unit, goal in (("ops", "a second", f"at least {GOAL:g}"), ("p99_ms", "p99, ms", ""), ("cpu_s_a_million", "CPU s a million", "")):
            ours, etcd = (statistics.median(one[what] for one in results[nodes, operation, connections, who]) if who in peers else None
                          for who in ("ours", "etcd"))
            text = lambda figure: "" if figure is None else f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
            ratio = f"{ours / etcd:.2f}" if ours is not None and etcd else ""
            print(f"{f'{nodes}, {operation}, {connections}: {unit}':{wide}}{text(ours):>9}{text(etcd):>9}{ratio:>7}  {goal}")
    print(f"load average {' '.join(f'{l:.1f}' for l in os.getloadavg())}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("--peers", default=",".join(STORES))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    peers = options.peers.split(",")
    for known, given, noun in ((NODES, options.parts, "part"), (STORES, peers, "peer")):
        for name in given:
            if name not in known:
                sys.exit(f"no {noun} is named {name}; there are {', '.join(known)}")
    if not os.path.exists(servers.PROGRAM):
        sys.exit(f"{servers.PROGRAM} is missing; run ./dev build first")
    own_namespace()
    options.seconds, rounds = (2, 1) if options.short else (5, 3)
    home = tempfile.mkdtemp(prefix="opsbro-keyvalue-", dir=os.environ.get("BENCH_DIR"))
    try:
        program, results = f"{home}/http_load", {}
        subprocess.run(["gcc", "-O2", "-o", program, f"{HERE}/http_load.c"], check=True)
        say(fdatasync_ms=fdatasync_ms(home))
        for nodes in options.parts or NODES:
            for turn in range(rounds):
                for who in peers if turn % 2 == 0 else reversed(peers):
                    place = f"{home}/{nodes}-{turn}-{who}"
                    os.makedirs(place)
                    measure(program, place, who, nodes, options, results)
                    shutil.rmtree(place)
        table(results, peers)
    finally:
        shutil.rmtree(home, ignore_errors=True)


main()
