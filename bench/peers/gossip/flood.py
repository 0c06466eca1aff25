#!/usr/bin/env python3
"""What malformed packets cost: 10,000 a second for some seconds against one of three agents.

    flood.py [SECONDS]

Prints CPU of the agent (of one core), its memory before, during and after, and who was failed. The issue's limits: 20 % of a core, nobody failed,
memory bounded. Needs root; uses out/opsbro (./dev build); runs in a network namespace of its own."""
import json
import os
import random
import shutil
import socket
import struct
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agents import Ours
from hosts import Loopback, own_namespace
from rpc import encode, stats

RATE, BATCH = 10_000, 50
AGENTS = 3
SEED = 7


def malformed(chance):
    """Packets of every kind that a broken or hostile peer may send; none of them is one."""
    ping = b"\x00" + encode({"Node": "n0", "SeqNo": 7})
    alive = b"\x04" + encode({"Addr": "x", "Incarnation": 1, "Meta": "", "Node": "evil", "Port": 1, "Vsn": "ab"})
    kinds = [
        lambda: chance.randbytes(chance.randint(1, 1400)),
        lambda: ping[:chance.randint(1, len(ping) - 1)],
        lambda: alive[:chance.randint(1, len(alive) - 1)],
        lambda: b"\x07\xff" + chance.randbytes(600),                                            # a compound of 255 parts that lies about lengths
        lambda: b"\x07\x04" + struct.pack(">4H", 1, 2, 3, 60_000) + chance.randbytes(20),
        lambda: b"\x09" + b"\x82\xa4Algo\x00\xa3Buf\xda" + struct.pack(">H", 1200) + chance.randbytes(1200),    # LZW of noise
        lambda: b"\x0c" + struct.pack(">I", zlib.crc32(ping) ^ 1) + ping,
        lambda: b"\x08" + bytes([chance.randint(0, 9)]) + chance.randbytes(chance.randint(0, 200)),
        lambda: bytes([chance.randint(14, 255)]) + chance.randbytes(40),
        lambda: b"\x00\xdf\xff\xff\xff\xff" + chance.randbytes(30),                             # a map of four billion fields
        lambda: b"\x07\x01\x00\xff" * 200,                                                      # compounds within compounds
    ]
    return [chance.choice(kinds)() for _ in range(5_000)]


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15
    own_namespace()
    home, hosts, kind = tempfile.mkdtemp(prefix="opsbro-flood-"), Loopback(AGENTS), Ours()
    agents = []
    try:
        agents = [kind.start(hosts, i, home) for i in range(AGENTS)]
        clients = {i: kind.client(hosts, i, home) for i in range(AGENTS)}
        for i in range(1, AGENTS):
            clients[i].call("join", {"Existing": [f"{hosts.address(0)}:7946"], "Replay": False}, has_body=True)
        time.sleep(20)
        packets, worst, sent = malformed(random.Random(SEED)), 0, 0
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        taken = clients[0].call("stats")["counters"]["packets_in"]
        before, used, begin = agents[0].memory_mb(), agents[0].cpu_seconds(), time.monotonic()
        during, looked = before, begin
        while (passed := time.monotonic() - begin) < seconds:
            if sent < passed * RATE:
                for _ in range(BATCH):
                    sender.sendto(packets[sent % len(packets)], (hosts.address(0), 7946))
                    sent += 1
            else:
                time.sleep(0.001)
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                during = max(during, agents[0].memory_mb())
                worst = max([worst, *(failed for _, failed, _ in stats(clients).values())])
        passed, used = time.monotonic() - begin, agents[0].cpu_seconds() - used
        taken = clients[0].call("stats")["counters"]["packets_in"] - taken
        time.sleep(10)
        worst = max([worst, *(failed for _, failed, _ in stats(clients).values())])
        print(json.dumps({"bench": "malformed packets", "packets_s": round(sent / passed), "taken_s": round(taken / passed), "us_a_packet": round(1e6 * used / taken, 1), "seconds": round(passed, 1),
                          "cpu_percent_of_a_core": round(100 * used / passed, 1), "target_cpu_percent": 20,
                          "rss_before_mb": round(before[0], 1), "rss_during_mb": round(during[0], 1), "rss_after_mb": round(agents[0].memory_mb()[0], 1),
                          "most_failed_seen_by_one": worst, "load1": os.getloadavg()[0]}))
    finally:
        for agent in agents:
            agent.kill()
        hosts.close()
        shutil.rmtree(home, ignore_errors=True)


main()
