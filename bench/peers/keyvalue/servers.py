"""The stores that are measured: one etcd or three, one agent or three. Each has directories of its own on the same disk, and flushes what it acknowledges."""
import base64
import json
import os
import time
import urllib.request

from process import PATIENCE, Server, answers, fetch, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROGRAM = os.environ.get("OPSBRO_PROGRAM", os.path.join(ROOT, "out", "opsbro"))
TOKEN = "bench-of-keys-and-values-0123456789"
SETTLES = 10            # seconds without a change before the ring of keys is settled


class Store:
    """Some servers that are one store, and how it is asked."""

    def __init__(self, servers, addresses, put, get):
        self.servers, self.addresses, self.put, self.get = servers, addresses, put, get

    def cpu(self):
        return sum(server.cpu() for server in self.servers)

    def memory(self):
        return round(sum(server.memory()[0] for server in self.servers), 1)

    def stop(self):
        for server in self.servers:
            server.stop()


def started(starters):
    """All at once; when one does not start, the others end."""
    servers = []
    try:
        for start in starters:
            servers.append(start())
        return servers
    except BaseException:
        for server in servers:
            server.stop()
        raise


def etcd(home, nodes):
    """Debian's etcd through its HTTP gateway: keys and values in base64, 136 characters for the same 100 bytes."""
    ports = [2379 + 10 * i for i in range(nodes)]
    cluster = ",".join(f"e{i}=http://127.0.0.1:{port + 1}" for i, port in enumerate(ports))

    def start(i, port):
        os.makedirs(f"{home}/e{i}")
        url, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
        return Server(f"etcd{i}", f"{home}/e{i}", [
            "etcd", "--name", f"e{i}", "--data-dir", f"{home}/e{i}/data", "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--log-level", "error"], lambda: True)

    servers = started([lambda i=i, port=port: start(i, port) for i, port in enumerate(ports)])
    store = Store(servers, ",".join(f"127.0.0.1:{port}" for port in ports), ["-m", "POST", "-u", "/v3/kv/put", "-b", '{"key":"%B","value":"%V"}', "-v", "136"],
                  ["-m", "POST", "-u", "/v3/kv/range", "-b", '{"key":"%B"}'])
    ended_when_not(store, lambda: all(answers(port, "/health") and b'"true"' in fetch(port, "/health") for port in ports), "etcd is healthy")
    return store


def ended_when_not(store, is_so, what):
    try:
        until(is_so, what, PATIENCE, every=0.2)
    except BaseException:
        store.stop()
        raise


def ask(host, path, body=None):
    request = urllib.request.Request(f"http://{host}:6768{path}", data=body, method="PUT" if body else "GET", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def ours(home, nodes):
    """The shipped program with all its packs, in group kv; writes need a token over TCP. Three have a cluster key, for links go under it."""
    hosts = [f"127.0.0.{1 + i}" for i in range(nodes)]

    def start(i, host):
        place = f"{home}/o{i}"
        os.makedirs(f"{place}/config")
        with open(f"{place}/config/agent.yml", "w") as f:
            f.write(f"http: {{listen: '{host}:6768', tokens: [{TOKEN}]}}\ngroups: [kv]\nseeds: [{', '.join(h for h in hosts if h != host)}]\n"
                    f"gossip: {{bind: {host}, name: o{i}, detect: {{enabled: false}}, encrypt: {base64.b64encode(b'k' * 32).decode()}}}\n")
        return Server(f"ours{i}", place, [PROGRAM, "agent", "start", "--config", f"{place}/config", "--data", f"{place}/data"], lambda: True)

    servers = started([lambda i=i, host=host: start(i, host) for i, host in enumerate(hosts)])
    store = Store(servers, ",".join(f"{host}:6768" for host in hosts), ["-m", "PUT", "-u", "/v1/kv/%K", "-b", "%V", "-H", f"Authorization: Bearer {TOKEN}"],
                  ["-m", "GET", "-u", "/v1/kv/%K?raw"])

    def is_ready():
        try:
            if not all(len([m for m in ask(host, "/v1/members?group=kv") if m["state"] == "alive"]) == nodes for host in hosts):
                return False
            return all(ask(host, f"/v1/kv/ready/{host}", b"x")["copies"] >= min(nodes, 2) for host in hosts)
        except OSError:
            return False            # it does not listen yet, or refuses until it knows the others

    ended_when_not(store, is_ready, f"{nodes} agents keep keys together")
    time.sleep(SETTLES + 2)
    return store
