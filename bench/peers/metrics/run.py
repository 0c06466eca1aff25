#!/usr/bin/env python3
"""Metrics beside other programs, in the same run: ours, the peer's, and the ratio.

    run.py [--peers NAME,NAME] [--short] [statsd] [graphite] [storage] [query] [memory] [idle]

    statsd     CPU a million metrics at steady rates, one and 40 a datagram; loss at 300,000 a second      netdata, npm's statsd
    graphite   CPU a million lines over TCP                                                                victoria-metrics, carbon
    storage    bytes a sample of 500 series x 24 h at 10 s                                                 victoria-metrics, prometheus, carbon
    query      one and 100 series x 24 h, all points                                                       and graphite-web
    memory     50,000 active series                                                                        victoria-metrics
    idle       CPU and memory after one and five minutes; only when it is named                            netdata, victoria-metrics

All of them but idle when none is named. Needs root; uses out/opsbro (./dev build). One JSON object a figure, then a table. CPU is of the server's process,
until it has done what it was given. The figures of a machine that is busy with something else are worth little: load1 stands in each line; the
ratio is of the same minutes and worth more."""
import argparse
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures
import graphite
import idle
import memory
import peers
import query
import statsd
import storage
from process import own_namespace

PARTS = ("statsd", "graphite", "storage", "query", "memory", "idle")
PEERS = ("ours", "victoria-metrics", "prometheus", "carbon", "graphite-web", "netdata", "statsd")


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    options.peers = options.peers.split(",")
    for known, given, noun in ((PARTS, options.parts, "part"), (PEERS, options.peers, "peer")):
        for name in given:
            if name not in known:
                sys.exit(f"no {noun} is named {name}; there are {', '.join(known)}")
    if not os.path.exists(peers.PROGRAM):
        sys.exit(f"{peers.PROGRAM} is missing; run ./dev build first")
    wanted = options.parts or [part for part in PARTS if part != "idle"]
    if "statsd" in wanted and "statsd" in options.peers:
        peers.statsd_package()
    own_namespace()
    # seconds of a measured load (a whole interval of statsd) and before it; repetitions; lines; steps of 50,000 series
    options.seconds, options.settle, options.rounds, options.turns = (4, 3, 1, 1) if options.short else (10, 15, 1, 5)
    options.lines, options.steps, options.window = (200_000, 6, 10) if options.short else (500_000, 60, 30)
    home = tempfile.mkdtemp(prefix="opsbro-metrics-")
    try:
        day = storage.Day(home)
        benches = {"statsd": (statsd, home), "graphite": (graphite, home), "storage": (storage, day), "query": (query, day),
                   "memory": (memory, home), "idle": (idle, home)}
        for name in wanted:
            module, place = benches[name]
            module.bench(place, options)
        figures.table()
    finally:
        shutil.rmtree(home, ignore_errors=True)


main()
