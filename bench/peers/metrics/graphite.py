"""Graphite's plaintext over one TCP connection: CPU seconds a million lines, until the server has done all that they brought."""
import os
import statistics
import time

import peers
from figures import compare, say
from process import send

SERIES, STEP = 500, 10


def lines(prefix, count):
    start = int(time.time()) - count // SERIES * STEP
    return "".join(f"{prefix}.host{i % SERIES // 10}.metric{i % SERIES} {(i * 7919) % 10007 / 8} {start + i // SERIES * STEP}\n"
                   for i in range(count)).encode()


def measure(start, home, options):
    os.makedirs(home)
    server = start(home)
    try:
        time.sleep(options.settle)
        cpu, rates = [], []
        for number in range(options.rounds):
            text = lines(f"bench{number}", options.lines)
            server.settle(60)
            before = server.cpu()
            rates.append(options.lines / send(peers.LINES[server.name], text))
            server.settle()
            cpu.append((server.cpu() - before) / options.lines * 1e6)
        say("graphite", server.name, lines=options.lines, cpu_s_per_million=round(statistics.median(cpu), 3), best=round(min(cpu), 3),
            worst=round(max(cpu), 3), lines_per_s=round(statistics.median(rates)), rss_mb=server.memory()[0])
        return statistics.median(cpu)
    finally:
        server.stop()


def bench(home, options):
    starts = {"ours": peers.taking_lines, "victoria-metrics": peers.victoria, "carbon": peers.carbon}
    found = {name: measure(start, f"{home}/graphite-{name}", options) for name, start in starts.items() if name in options.peers}
    compare("graphite over TCP: CPU s a million lines", found.pop("ours", None), found, "victoria-metrics")
