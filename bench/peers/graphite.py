#!/usr/bin/python3
"""Graphite lines over one TCP connection into our agent and into Debian's VictoriaMetrics, in the same run: CPU seconds per million lines.

    bench/peers/graphite.py PROGRAM [lines=500000] [rounds=3]

PROGRAM is the built opsbro. All sockets are on loopback; only processes that were started here are ended, by their number.
"""
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM = sys.argv[1]
LINES = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 3
SERIES, STEP = 500, 10
PATIENCE = 120  # seconds for anything
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


def until_open(port):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"nothing listens on port {port}")


def until_quiet(pid):
    """Work that the lines left behind counts: until it took less than 3 % of a core for two seconds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        before = cpu(pid)
        time.sleep(2)
        if cpu(pid) - before < 0.06:
            return


def payload(prefix):
    start = int(time.time()) - LINES // SERIES * STEP
    rows = (f"{prefix}.host{i % SERIES // 10}.metric{i % SERIES % 10} {(i * 7919) % 10007 / 8} {start + i // SERIES * STEP}\n" for i in range(LINES))
    return "".join(rows).encode()


def send(port, data):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(PATIENCE)
        started = time.monotonic()
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        while s.recv(4096):
            pass
        return time.monotonic() - started


def measure(name, command, port, environment=None):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, **(environment or {})})
    try:
        until_open(port)
        until_quiet(process.pid)
        figures = []
        for number in range(ROUNDS):
            data = payload(f"bench{number}")
            before = cpu(process.pid)
            seconds = send(port, data)
            until_quiet(process.pid)
            figures.append((cpu(process.pid) - before, seconds))
        per_million = statistics.median(f[0] for f in figures) / LINES * 1e6
        lines = LINES / statistics.median(f[1] for f in figures)
        print(json.dumps({"peer": name, "cpu_s_per_million": round(per_million, 2), "lines_per_s": round(lines), "rss_mib": round(rss(process.pid)),
                          "load": os.getloadavg()[0]}), flush=True)
        return per_million
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main():
    home = tempfile.mkdtemp(prefix="opsbro-bench-")
    try:
        port, api, web = free_port(), free_port(), free_port()
        os.mkdir(f"{home}/config")
        with open(f"{home}/config/agent.yml", "w") as f:
            f.write(f"http: {{listen: 127.0.0.1:{api}}}\ngossip: {{enabled: false}}\ngraphite: {{enabled: true, port: {port}, udp: false}}\n")
        ours = measure("opsbro", [PROGRAM, "agent", "start", "--config", f"{home}/config", "--data", f"{home}/data"], port)
        port = free_port()
        theirs = measure("victoria-metrics", ["victoria-metrics", f"-storageDataPath={home}/vm", f"-httpListenAddr=127.0.0.1:{web}",
                                              f"-graphiteListenAddr=127.0.0.1:{port}", "-loggerLevel=ERROR"], port)
        print(f"ours / VictoriaMetrics: {ours / theirs:.2f}")
    finally:
        shutil.rmtree(home)


main()
