"""Where the agents of a measurement run: network namespaces of this script's own, which end with it. Needs root.

loopback   one namespace; agent i listens on 127.0.1.(i+1). Cannot be partitioned: dials leave from 127.0.0.1.
bridge     a namespace each, 10.77.0.(i+1), on one bridge; nftables drops what is to be lost between them.

The script starts itself again below `unshare`, so that nothing it makes can outlive it or be seen by others."""
import ctypes
import json
import os
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def own_namespace():
    """Starts this script again in a network and mount namespace of its own, with loopback up."""
    if os.environ.get("GOSSIP_BENCH_NAMESPACE") == "own":
        return
    if os.geteuid() != 0:
        sys.exit("network namespaces need root")
    os.environ["GOSSIP_BENCH_NAMESPACE"] = "own"
    inside = "mount -t tmpfs none /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs none /run/netns; }; ip link set lo up; exec \"$@\""
    os.execvp("unshare", ["unshare", "-n", "-m", "sh", "-c", inside, "sh", sys.executable, *sys.argv])


def run(*command, text=None):
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Loopback:
    """Agents of one kind on 127.0.1.x of this namespace; the counters see every packet of gossip once."""

    def __init__(self, count):
        run("nft", "-f", "-", text="""flush ruleset
            table ip gossip {
                counter datagrams {}
                counter streams {}
                chain in {
                    type filter hook input priority 0;
                    udp dport 7946 counter name datagrams
                    tcp dport 7946 counter name streams
                    tcp sport 7946 counter name streams
                }
            }""")

    def address(self, i):
        return f"127.0.1.{i + 1}"

    def inside(self, i):
        return []

    def socket(self, i):
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    def counters(self):
        """(packets, bytes) of UDP and of TCP so far."""
        listed = json.loads(run("nft", "-j", "list", "counters", "table", "ip", "gossip"))["nftables"]
        found = {entry["counter"]["name"]: (entry["counter"]["packets"], entry["counter"]["bytes"]) for entry in listed if "counter" in entry}
        return found["datagrams"], found["streams"]

    def close(self):
        run("nft", "flush", "ruleset")


class Bridge:
    """Agents with a namespace each; what passes between them passes the bridge, and there it can be dropped."""

    def __init__(self, count):
        self.count = count
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.namespaces = []
        run("ip", "link", "add", "gossip0", "type", "bridge", "mcast_snooping", "0")
        run("ip", "link", "set", "gossip0", "up")
        for i in range(count):
            name = f"h{i}"
            run("ip", "netns", "add", name)
            run("ip", "link", "add", f"v{i}", "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "link", "set", f"v{i}", "master", "gossip0", "up")
            run("ip", "-n", name, "addr", "add", f"{self.address(i)}/24", "brd", "+", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
            self.namespaces.append(os.open(f"/run/netns/{name}", os.O_RDONLY))
        self.drop("")

    def address(self, i):
        return f"10.77.0.{i + 1}"

    def inside(self, i):
        return ["ip", "netns", "exec", f"h{i}"]

    def socket(self, i):
        """A socket in the agent's namespace: its loopback is the agent's."""
        self.enter(self.namespaces[i])
        try:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        finally:
            self.enter(self.home)

    def enter(self, namespace):
        if libc.setns(namespace, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def drop(self, rules):
        """The only rules from now on, of what passes the bridge."""
        run("nft", "-f", "-", text=f"flush ruleset\ntable bridge gossip {{\nchain between {{\ntype filter hook forward priority 0;\n{rules}\n}}\n}}\n")

    def partition(self, left, right):
        names = [", ".join(f'"v{i}"' for i in side) for side in (left, right)]
        self.drop(f"iifname {{ {names[0]} }} oifname {{ {names[1]} }} drop\niifname {{ {names[1]} }} oifname {{ {names[0]} }} drop")

    def lose(self, percent):
        self.drop(f"ether type ip numgen random mod 100 < {percent} drop")

    def heal(self):
        self.drop("")

    def close(self):
        run("nft", "flush", "ruleset")
        for namespace in self.namespaces:
            os.close(namespace)
        for i in range(self.count):
            run("ip", "link", "del", f"v{i}")     # at once; with its namespace it would go some time later
            run("ip", "netns", "del", f"h{i}")
        run("ip", "link", "del", "gossip0")
        os.close(self.home)
