"""The two programs that are measured, started alike: Debian's serf, and ours, which collects and checks besides."""
import os
import subprocess
import time

from http_api import Http
from rpc import Rpc

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.environ.get("OPSBRO_PROGRAM", os.path.join(ROOT, "out", "opsbro"))
TICKS = os.sysconf("SC_CLK_TCK")

class Agent:
    """One process; ended by its own number."""

    def __init__(self, command, log, environment=None):
        self.log = open(log, "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={**os.environ, **(environment or {})}, start_new_session=True)
        self.pid = self.process.pid

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def cpu_seconds(self):
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self):
        """(resident, proportional, anonymous)."""
        sizes = {}
        for line in open(f"/proc/{self.pid}/smaps_rollup"):
            name, _, rest = line.partition(":")
            if rest.strip().endswith("kB"):
                sizes[name] = int(rest.split()[0]) / 1024
        return sizes["Rss"], sizes["Pss"], sizes["Pss_Anon"]


class Serf:
    """Debian's serf."""
    name = "serf"

    def start(self, hosts, i, home):
        rpc = "127.0.0.1" if hosts.inside(i) else hosts.address(i)
        return Agent([*hosts.inside(i), "serf", "agent", f"-node=n{i}", f"-bind={hosts.address(i)}:7946", f"-rpc-addr={rpc}:7373",
                      "-profile=lan", "-log-level=warn"], f"{home}/serf{i}.log")

    def client(self, hosts, i, home):
        return Rpc("127.0.0.1" if hosts.inside(i) else hosts.address(i), make=lambda: hosts.socket(i))


class Ours:
    """The shipped program."""
    name = "ours"

    def __init__(self, more=""):
        self.more = more

    def start(self, hosts, i, home):
        directory = self.home(home, i)
        os.makedirs(f"{directory}/config", exist_ok=True)
        address = hosts.address(i)
        http = "127.0.0.1" if hosts.inside(i) else address
        with open(f"{directory}/config/agent.yml", "w") as f:
            f.write(f"http: {{listen: '{http}:6768'}}\n"
                    f"gossip: {{name: n{i}, bind: {address}, detect: {{enabled: false}}{self.more}}}\n")
        # a killed agent's snapshot would let the next one join by itself; serf has none here either
        subprocess.run(["rm", "-rf", f"{directory}/data/gossip"], check=True)
        return Agent([*hosts.inside(i), PROGRAM, "agent", "start", "--config", f"{directory}/config", "--data", f"{directory}/data"],
                     f"{home}/ours{i}.log")

    def client(self, hosts, i, home):
        return Http(f"{self.home(home, i)}/data/opsbro.sock")

    def home(self, home, i):
        return f"{home}/ours{i}"


def others_cpu_seconds():
    """Busy CPU seconds of the whole machine, to say how quiet it was."""
    fields = list(map(int, open("/proc/stat").readline().split()[1:]))
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def wait_for(is_so, limit, every):
    """Seconds until it was so, and whether it became so."""
    begin = time.monotonic()
    while True:
        so = is_so()
        if so or time.monotonic() - begin > limit:
            return time.monotonic() - begin, bool(so)
        time.sleep(every)
