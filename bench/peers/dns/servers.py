"""Three servers of the same 1,000 nodes in 50 groups: ours over a made-up picture, Debian's bind9 and unbound with the records in files."""
import os
import subprocess

from process import Server, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROJECT = os.path.join(ROOT, "bench", "OpsBro.Benchmarks")
PROGRAM = os.path.join(PROJECT, "bin", "Release", "net10.0", "linux-x64", "OpsBro.Benchmarks")
NODES, GROUPS, TTL = 1000, 50, 5
PORT = 5301
SOA = "opsbro. SOA ns.opsbro. hostmaster.opsbro. 1 3600 600 86400 2"


def build():
    subprocess.run(["dotnet", "build", PROJECT, "-c", "Release", "-v", "quiet", "-clp:NoSummary", "-tl:off"], check=True)


def node(i):
    return f"node{i:04d}.name.internet.opsbro."


def group(i):
    return f"group{i % GROUPS:02d}.group.internet.opsbro."


def records():
    """As bench/OpsBro.Benchmarks/DnsServing.cs makes them: an address of each kind for each node and its group. Its service is
    left out: 1,000 records of one name are too many for bind9."""
    for i in range(NODES):
        for owner in (node(i), group(i)):
            yield f"{owner} {TTL} IN A 10.0.{i // 250}.{i % 250 + 1}"
            yield f"{owner} {TTL} IN AAAA fd00::{i:x}"


def answers():
    """One question gets its answer."""
    found = subprocess.run(["dig", "@127.0.0.1", "-p", str(PORT), "+short", "+time=1", "+tries=1", node(7)], stdout=subprocess.PIPE, text=True)
    return found.stdout.strip() == "10.0.0.8"


class Ours(Server):
    """The server that the agent has, in the benchmarks' program, with the runtime's settings of the shipped one."""

    def __init__(self, home):
        os.mkfifo(f"{home}/input")
        super().__init__("ours", home, ["sh", "-c", f'exec "{PROGRAM}" dns-server {PORT} {NODES} {GROUPS} <>"{home}/input"'], answers,
                         {"DOTNET_TieredPGO": "0"})

    def told(self):
        """(queries, faults, bytes allocated) so far; asking allocates some hundred bytes itself."""
        lines = lambda: open(self.log.name).read().splitlines()
        before = len(lines())
        with open(f"{self.home}/input", "w") as f:
            f.write("\n")
        until(lambda: len(lines()) > before, "ours tells what it did")
        return tuple(map(int, lines()[-1].split()))


def bind9(home):
    with open(f"{home}/zone", "w") as f:
        f.write(f"$TTL {TTL}\n{SOA}\nopsbro. NS ns.opsbro.\nns.opsbro. A 127.0.0.1\n" + "\n".join(records()) + "\n")
    with open(f"{home}/named.conf", "w") as f:
        f.write(f'options {{ directory "{home}"; pid-file none; listen-on port {PORT} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no;\n'
                f'  session-keyfile none; managed-keys-directory "{home}"; minimal-responses yes; notify no; }};\n'
                f'controls {{}};\nzone "opsbro" {{ type primary; file "{home}/zone"; }};\n')
    return Server("bind9", home, ["named", "-f", "-n", "1", "-c", f"{home}/named.conf"], answers)


def unbound(home):
    with open(f"{home}/unbound.conf", "w") as f:
        f.write(f'server:\n do-daemonize: no\n username: ""\n chroot: ""\n directory: "{home}"\n pidfile: ""\n use-syslog: no\n verbosity: 0\n'
                f' interface: 127.0.0.1\n port: {PORT}\n num-threads: 1\n local-zone: "opsbro." static\n local-data: "{SOA}"\n'
                + "".join(f' local-data: "{record}"\n' for record in records()) + "remote-control:\n control-enable: no\n")
    return Server("unbound", home, ["unbound", "-d", "-c", f"{home}/unbound.conf"], answers)
