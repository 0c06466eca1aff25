#!/usr/bin/env python3
"""What one agent costs: start, idle, `agent info`.

    one_host.py [start] [idle] [info]        all of them when none is named

Prints one JSON object a line. Uses out/opsbro (./dev build) with directories of its own below a temporary one, listens on loopback only,
is bounded in count and time, and ends only the processes it started. CPU is utime+stime of /proc/PID/stat; wall time is printed beside it
because the figures of the issue name it, but on shared cores only the CPU is worth comparing."""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "out", "opsbro")
TICKS = os.sysconf("SC_CLK_TCK")
STARTS, ASKS = 5, 15
SETTLE_SECONDS, WINDOW_SECONDS = 20, 60


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid):
    sizes = {}
    for line in open(f"/proc/{pid}/smaps_rollup"):
        name, _, rest = line.partition(":")
        if rest.strip().endswith("kB"):
            sizes[name] = int(rest.split()[0]) / 1024
    return {"rss_mb": round(sizes["Rss"], 1), "pss_mb": round(sizes["Pss"], 1), "anonymous_mb": round(sizes["Pss_Anon"], 1)}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Agent:
    """A running agent; ends exactly its own process."""

    def __init__(self, directory, config=""):
        self.directory = directory
        self.port = free_port()
        os.makedirs(f"{directory}/config", exist_ok=True)
        with open(f"{directory}/config/agent.yml", "w") as f:
            f.write(f"http: {{listen: '127.0.0.1:{self.port}'}}\n{config}")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [PROGRAM, "agent", "start", "--config", f"{directory}/config", "--data", f"{directory}/data"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid

    def wait_ready(self, limit=60):
        """Seconds from the start of the process to the end of the first complete round of checks (/readyz)."""
        while time.monotonic() - self.started < limit:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    s.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    if b" 200 " in s.recv(64):
                        return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(0.01)
        raise TimeoutError("the agent was not ready")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def say(**figures):
    print(json.dumps({**figures, "load1": float(open("/proc/loadavg").read().split()[0])}), flush=True)


def start(home):
    seconds, cpu = [], []
    for i in range(STARTS):
        agent = Agent(f"{home}/start{i}")
        try:
            seconds.append(agent.wait_ready())
            cpu.append(cpu_seconds(agent.pid))
        finally:
            agent.stop()
    say(bench="start to first complete check round", median_s=round(statistics.median(seconds), 2), best_s=round(min(seconds), 2),
        worst_s=round(max(seconds), 2), cpu_s=round(statistics.median(cpu), 2), target_s=2)


def idle(home):
    agent = Agent(f"{home}/idle")
    try:
        agent.wait_ready()
        time.sleep(SETTLE_SECONDS)
        before, at = cpu_seconds(agent.pid), time.monotonic()
        time.sleep(WINDOW_SECONDS)
        percent = 100 * (cpu_seconds(agent.pid) - before) / (time.monotonic() - at)
        say(bench="idle with the shipped packs", cpu_percent_of_a_core=round(percent, 2), window_s=WINDOW_SECONDS, **memory_mb(agent.pid),
            target_cpu_percent=0.5, target_rss_mb=75)
    finally:
        agent.stop()


def info(home):
    agent = Agent(f"{home}/info")
    try:
        agent.wait_ready()
        time.sleep(5)
        wall, cpu = [], []
        for _ in range(ASKS):
            before, at = os.times(), time.monotonic()
            subprocess.run([PROGRAM, "--data", f"{agent.directory}/data", "agent", "info"], check=True, stdout=subprocess.DEVNULL)
            wall.append(1000 * (time.monotonic() - at))
            after = os.times()
            cpu.append(1000 * (after.children_user + after.children_system - before.children_user - before.children_system))
        say(bench="opsbro agent info", median_ms=round(statistics.median(wall)), best_ms=round(min(wall)), cpu_ms=round(statistics.median(cpu)),
            target_ms=150)
    finally:
        agent.stop()


def main():
    if not os.path.exists(PROGRAM):
        sys.exit(f"{PROGRAM} is missing; run ./dev build first")
    benches = {"start": start, "idle": idle, "info": info}
    wanted = sys.argv[1:] or list(benches)
    for name in wanted:
        if name not in benches:
            sys.exit(f"no bench is named {name}; there are {', '.join(benches)}")
    home = tempfile.mkdtemp(prefix="opsbro-bench-")
    try:
        for name in wanted:
            benches[name](home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


main()
