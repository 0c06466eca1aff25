"""Statsd over UDP: CPU seconds a million metrics at steady rates, and what is lost at 300,000 a second."""
import json
import os
import socket
import subprocess
import threading
import time

import peers
from figures import compare, say
from process import busy_seconds, compiled, on_socket

NAMES = 1000
RATES = {1: (10_000, 50_000), 40: (100_000, 400_000)}      # lines a datagram, lines a second
FLOOD = 300_000
AFTER = 0.7             # seconds until the last datagram was read


def counters():
    """Of UDP in this namespace, by name."""
    names, values = (line.split()[1:] for line in open("/proc/net/snmp") if line.startswith("Udp:"))
    return dict(zip(names, map(int, values)))


def burst(server, load, rate, lines, seconds):
    """What a steady rate costs. Datagrams that found a full buffer or nobody are lost, whoever should have read them."""
    before, cpu, busy, begin = counters(), server.cpu(), busy_seconds(), time.monotonic()
    sent = json.loads(subprocess.run([load, str(peers.STATSD), str(rate), str(seconds), str(lines), str(NAMES)],
                                     check=True, capture_output=True, text=True).stdout)
    time.sleep(AFTER)
    after, cpu, took = counters(), server.cpu() - cpu, time.monotonic() - begin
    lost = sum(after[name] - before[name] for name in ("RcvbufErrors", "NoPorts")) / sent["datagrams"]
    return {"sent": sent["metrics"], "kept_rate": round(sent["metrics"] / sent["seconds"]), "lost": round(lost, 5), "cpu_s": round(cpu, 3),
            "cpu_s_per_million": round(cpu / (sent["metrics"] * (1 - lost)) * 1e6, 3), "machine_cores": round((busy_seconds() - busy) / took, 2)}


class Sink:
    """Takes what the reference daemon flushes, and forgets it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", peers.STATSD_SINK))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return          # closed
            with connection:
                while connection.recv(65536):
                    pass

    def close(self):
        self.listener.close()


def taken(server):
    """Lines that our agent has counted itself; None of others."""
    if server.name != "ours":
        return None
    return on_socket(f"{server.home}/data/opsbro.sock", "GET", "/v1/statsd")["lines"]


def measure(start, home, load, options):
    os.makedirs(home)
    server = start(home)
    figures = {}
    try:
        time.sleep(options.settle)
        cpu = server.cpu()
        time.sleep(options.seconds)
        say("statsd idle", server.name, cpu_percent=round(100 * (server.cpu() - cpu) / options.seconds, 2))
        for lines, rates in RATES.items():
            burst(server, load, 5000, lines, 2)         # every name is known, and what compiles itself has done so
            burst(server, load, rates[-1], lines, 4)
            for rate in rates:
                # the middle of several: a whole interval each, so that each has one flush
                found = sorted((burst(server, load, rate, lines, options.seconds) for _ in range(options.rounds)), key=lambda f: f["cpu_s"])
                middle = found[len(found) // 2]
                say("statsd", server.name, lines_a_datagram=lines, rate=rate, rss_mb=server.memory()[0], **middle)
                figures[lines, rate] = middle["cpu_s_per_million"]
            before = taken(server)
            flood = burst(server, load, FLOOD, lines, 5)
            if before is not None:
                flood["counted"] = taken(server) - before
            say("statsd flood", server.name, lines_a_datagram=lines, **flood)
            figures[lines, "lost"] = 100 * flood["lost"]
    finally:
        server.stop()
    return figures


def bench(home, options):
    load, sink = compiled("statsd_load", home), Sink()
    ours = lambda at: peers.ours(at, f"statsd: {{enabled: true, port: {peers.STATSD}}}\n")
    starts = {"ours": ours, "netdata": peers.netdata, "statsd": peers.reference_statsd}
    try:
        found = {name: measure(start, f"{home}/statsd-{name}", load, options) for name, start in starts.items() if name in options.peers}
    finally:
        sink.close()
    for lines, rates in RATES.items():
        for rate in rates:
            row(found, (lines, rate), f"statsd, {lines} a datagram, {rate:,}/s: CPU s a million", "netdata")
        row(found, (lines, "lost"), f"statsd, {lines} a datagram, {FLOOD:,}/s: % lost", 0)


def row(found, key, what, goal):
    compare(what, found.get("ours", {}).get(key), {name: figures[key] for name, figures in found.items() if name != "ours"}, goal)
