#!/usr/bin/env python3
"""What a thousand readers of the stream cost an agent: CPU seconds of the agent at ten changes a second, with npm's ws as readers.
   run.py [READERS] [SECONDS]; one JSON object a line. The program is out/opsbro, or OPSBRO_PROGRAM."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.environ.get("OPSBRO_PROGRAM", os.path.join(ROOT, "out", "opsbro"))
WS = "8.23.0"
TICKS = os.sysconf("SC_CLK_TCK")
CHECKS = 10             # each changes once a second
API, PORT = 26768, 26769


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)


def files(home):
    os.makedirs(f"{home}/config/checks")
    os.makedirs(f"{home}/marks")
    with open(f"{home}/config/agent.yml", "w") as f:
        f.write(f"http: {{listen: '127.0.0.1:{API}'}}\nwebsocket: {{enabled: true, port: {PORT}}}\n"
                "gossip: {bind: 127.77.7.7, detect: {enabled: false}}\n")
    for i in range(CHECKS):
        with open(f"{home}/config/checks/flip{i}.yml", "w") as f:
            f.write(f"check:\n  name: flip{i}\n  interval: 200ms\n  critical_if: \"file_exists('{home}/marks/{i}')\"\n"
                    "  critical_output: \"'it is marked'\"\n  ok_output: \"'it is not marked'\"\n")


class Changes(threading.Thread):
    """Makes and removes a file every tenth of a second: ten changes of checks a second."""

    def __init__(self, home):
        super().__init__(daemon=True)
        self.home, self.isOver = home, threading.Event()

    def run(self):
        at = time.monotonic()
        for n in range(10 ** 9):
            path = f"{self.home}/marks/{n % CHECKS}"
            if os.path.exists(path):
                os.remove(path)
            else:
                open(path, "w").close()
            at += 1 / CHECKS
            if self.isOver.wait(max(0, at - time.monotonic())):
                return


def measured(pid, seconds):
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return round(100 * (cpu_seconds(pid) - before) / (time.monotonic() - began), 2)


def main():
    readers, seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000, int(sys.argv[2]) if len(sys.argv) > 2 else 30
    home = tempfile.mkdtemp(prefix="opsbro-events-")
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", home, f"ws@{WS}"], check=True)
    shutil.copy(f"{HERE}/readers.js", home)
    files(home)
    agent = subprocess.Popen([PROGRAM, "agent", "start", "--config", f"{home}/config", "--data", f"{home}/data"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = None
    try:
        subprocess.run([PROGRAM, "agent", "wait-initialized", "--timeout", "60"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "OPSBRO_DATA": f"{home}/data"})
        time.sleep(20)      # its start is over
        result = {"readers": readers, "load1": os.getloadavg()[0], "quiet_percent": measured(agent.pid, seconds), "quiet_mb": resident_mb(agent.pid)}
        changes = Changes(home)
        changes.start()
        time.sleep(3)
        result["changes_without_readers_percent"] = measured(agent.pid, seconds)
        client = subprocess.Popen(["node", f"{home}/readers.js", f"ws://127.0.0.1:{PORT}/v1/stream?topics=check&check=*flip*", str(readers)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        client.stdout.readline()
        time.sleep(3)
        ask(client)
        result["changes_with_readers_percent"] = measured(agent.pid, seconds)
        came = ask(client)
        result["mb"] = resident_mb(agent.pid)
        changes.isOver.set()
        changes.join()
        time.sleep(3)
        result["readers_without_changes_percent"] = measured(agent.pid, seconds)
        result |= {"changes_a_second_each": round(came["messages"] / readers / seconds, 2), "bytes_a_change": came["bytes"] // max(1, came["messages"]),
                   "closed": came["closed"], "disorder": came["disorder"], "latency_median_ms": came["latencyMedian"],
                   "latency_max_ms": came["latencyMax"], "load1_end": os.getloadavg()[0]}
        print(json.dumps(result))
    finally:
        for process in (client, agent):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(home, ignore_errors=True)


def ask(client):
    client.stdin.write("\n")
    client.stdin.flush()
    return json.loads(client.stdout.readline())


main()
