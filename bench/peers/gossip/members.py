#!/usr/bin/env python3
"""What 1,000 members cost an agent: resident memory beside one that is alone, and CPU.

    members.py [MEMBERS] [SECONDS]

The members are played by this script: it tells one agent of them in a push/pull, answers every probe, each from its own address, and says of each
by NodeState what an agent would: 13 groups, 10 checks with their output, the facts. Needs root; uses out/opsbro (./dev build); runs in a network namespace of its own."""
import json
import os
import select
import shutil
import socket
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agents import Ours
from hosts import Loopback, own_namespace
from rpc import decode, encode, stats

PORT, AGENT_PORT = 7950, 7946   # two programs cannot have one port, and the members listen on all addresses
PACKET_INFO = struct.Struct("=I4s4s")
IP_PKTINFO = 8
ASKED = 10      # times that each agent is asked for the whole list at the end: what it makes then is garbage until the next collection
PING, ACK, COMPOUND, CRC = 0, 2, 7, 12
ZONE = "internet"
TAGS = {"role": "web", "rack": "r12", "ob": "1", "zn": ZONE, "v": "0.6.0", "px": "0"}
GROUPS = "debian debian12 docker-container kvm linux nginx postgresql redis virtual x86_64 zone::internet web rack-r12".split()
CHECKS = "linux/clock linux/cpu linux/disks linux/inodes linux/load linux/memory linux/swap redis/memory redis/persistence redis/redis".split()


def raw(data):
    return (bytes([0xa0 | len(data)]) if len(data) < 32 else b"\xda" + struct.pack(">H", len(data))) + data


def fields(**values):
    return bytes([0x80 | len(values)]) + b"".join(raw(k.encode()) + (raw(v) if isinstance(v, bytes) else encode(v)) for k, v in sorted(values.items()))


def address(i):
    return bytes([127, 1, i >> 8, i & 255])


def introduce(agent, members):
    """Tells an agent of all members, as a peer would that it exchanges states with."""
    nodes = b"".join(fields(Addr=address(i), Incarnation=1, Meta=b"\xff" + encode({**TAGS, "host": f"host-{i}"}), Name=f"member-{i:04d}".encode(),
                            Port=b"", State=0, Vsn=bytes([1, 5, 2, 2, 5, 5])).replace(raw(b"Port") + b"\xa0", raw(b"Port") + b"\xcd" + struct.pack(">H", PORT))
                     for i in range(1, members + 1))
    state = b"\x02" + bytes([0x86]) + b"".join(raw(k.encode()) + v for k, v in (
        ("EventLTime", b"\x01"), ("Events", b"\x90"), ("LTime", b"\x02"), ("LeftMembers", b"\xc0"), ("QueryLTime", b"\x01"), ("StatusLTimes", b"\x80")))
    message = b"\x06\x83" + raw(b"Join") + b"\xc2" + raw(b"Nodes") + b"\xcd" + struct.pack(">H", members) + raw(b"UserStateLen") + bytes([len(state)])
    with socket.create_connection((agent, AGENT_PORT), 5) as stream:
        stream.sendall(message + nodes + state)
        while stream.recv(1 << 16):
            pass


def array(items):
    items = list(items)
    return (bytes([0x90 | len(items)]) if len(items) < 16 else b"\xdc" + struct.pack(">H", len(items))) + b"".join(items)


def say(agent, members):
    """What each member says of itself: messages of Serf type 200 (docs/protocols/node-state.md), a part of its map in each."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(1, members + 1):
        name, begin = f"member-{i:04d}", 1_790_000_000 + i
        entries = [*((f"fact/{key}", value) for key, value in (
            ("uuid", f"{i:040x}"), ("version", "0.6.0"), ("os", "Debian GNU/Linux 12 (bookworm)"), ("address", socket.inet_ntoa(address(i))),
            ("addresses", f"10.0.{i >> 8}.{i & 255},fd00::{i:x}"), ("started", f"{begin}"))),
            *((f"group/{group}", f"{begin}") for group in GROUPS),
            *((f"check/{check}", f"op {begin} OK: {check} of host {i} is well, {i % 97}% of it are in use") for check in CHECKS)]
        for start in range(0, len(entries), 10):
            part = entries[start:start + 10]
            node = [encode(ZONE), encode(name), encode(begin), encode(0), encode(start), encode(start + len(part)), b"\xc0",
                    array(field for key, value in part for field in (encode(key), encode(1), encode(value)))]
            sender.sendto(b"\x08\xc8\x04\x00" + struct.pack(">Q", i) + array([array(node)]), (agent, AGENT_PORT))
        if i % 50 == 0:
            time.sleep(0.05)


class Members:
    """Answers what comes to any of their addresses."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.socket.bind(("0.0.0.0", PORT))
        self.probes = 0

    def answer(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                return
            packet, about, _, peer = self.socket.recvmsg(1 << 16, 128)
            _, _, to = PACKET_INFO.unpack(about[0][2])
            for message in self.messages(packet):
                if message[0] == PING:
                    self.probes += 1
                    ack = bytes([ACK]) + fields(Payload=b"", SeqNo=decode(message, 1)[0]["SeqNo"])
                    self.socket.sendmsg([ack], [(socket.IPPROTO_IP, IP_PKTINFO, PACKET_INFO.pack(0, to, b"\0\0\0\0"))], 0, peer)

    def messages(self, packet):
        if packet[0] == CRC:
            packet = packet[5:]
        if packet[0] != COMPOUND:
            yield packet
            return
        count = packet[1]
        at = 2 + 2 * count
        for length in struct.unpack_from(f">{count}H", packet, 2):
            yield packet[at:at + length]
            at += length


def main():
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 90
    own_namespace()
    home, hosts, agents = tempfile.mkdtemp(prefix="opsbro-members-"), Loopback(2), []
    try:
        peers = Members()
        kind = Ours(", compress: false")
        agents = [kind.start(hosts, i, home) for i in range(2)]
        clients = {i: kind.client(hosts, i, home) for i in range(2)}
        peers.answer(5)
        introduce(hosts.address(0), members)
        peers.answer(2)
        say(hosts.address(0), members)
        peers.answer(seconds)
        used = [agent.cpu_seconds() for agent in agents]
        peers.answer(30)
        used = [agent.cpu_seconds() - before for agent, before in zip(agents, used)]
        counted, state = stats(clients), clients[0].get("/v1/nodestate")
        (with_them, _, private), (alone, _, private_alone) = (agent.memory_mb() for agent in agents)
        for client in clients.values():
            for _ in range(ASKED):
                client.get("/v1/members")
        asked, asked_alone = (agent.memory_mb()[0] for agent in agents)
        print(json.dumps({"bench": "known members", "members": counted[0][0], "failed": counted[0][1], "probes_answered": peers.probes,
                          "maps": state["nodes"], "map_bytes": state["bytes"],
                          "rss_mb": round(with_them, 1), "alone_rss_mb": round(alone, 1), "more_mb": round(with_them - alone, 1), "target_more_mb": 20, "more_when_asked_mb": round(asked - asked_alone, 1),
                          "more_anonymous_mb": round(private - private_alone, 1), "cpu_percent": round(100 * used[0] / 30, 2),
                          "alone_cpu_percent": round(100 * used[1] / 30, 2), "load1": os.getloadavg()[0]}))
    finally:
        for agent in agents:
            agent.kill()
        hosts.close()
        shutil.rmtree(home, ignore_errors=True)


main()
