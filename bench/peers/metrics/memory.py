"""Memory that an active series takes: the process that gets a value of 50,000 of them every 10 s, less the process with none; and the same
after ten minutes of them came at once. All run side by side: it is not their CPU that is measured."""
import os
import time

import peers
from figures import compare, say
from process import on_socket, send

SERIES, STEP, STEPS_AT_ONCE, LOOK_AFTER = 50_000, 10, 2, 5
START = 75              # seconds; the agent gives back what its start needed within a minute


def lines(first, steps):
    return "".join(f"app.host{i // 100}.service{i // 10 % 10}.value{i % 10} {(i * 7919 + step * 31) % 10007 / 8} {first + step * STEP}\n"
                   for step in range(steps) for i in range(SERIES)).encode()


def feed(servers, rounds):
    """Values as they come, each STEP seconds; the most memory that was seen between two rounds."""
    most = {name: (0, 0) for name in servers}
    for _ in range(rounds):
        begin = time.monotonic()
        text = lines(int(time.time()) // STEP * STEP, 1)
        for name in servers:
            send(peers.LINES[name], text)
        time.sleep(LOOK_AFTER)
        most = {name: max(most[name], server.memory()) for name, server in servers.items()}
        time.sleep(max(0, begin + STEP - time.monotonic()))
    return most


def at_once(servers, steps):
    """What they missed, as fast as they take it."""
    first = int(time.time()) // STEP * STEP - steps * STEP
    for step in range(0, steps, STEPS_AT_ONCE):
        text = lines(first + step * STEP, STEPS_AT_ONCE)
        for name in servers:
            send(peers.LINES[name], text)
    for server in servers.values():
        server.settle(60)


def tell(what, servers, before, after):
    """KiB a series of each."""
    found = {}
    for name, server in servers.items():
        kib = [round((a - b) * 1024 / SERIES, 3) for a, b in zip(after[name], before[name])]
        more = {}
        if name == "ours":
            status = on_socket(f"{server.home}/data/opsbro.sock", "GET", "/v1/metrics/status")
            more = {"series": status["series"], "store_bytes_a_series": round(status["memory_bytes"] / SERIES), "recent_points": status["recent_points"]}
        say("memory", name, what=what, kib_a_series=kib[0], anonymous_kib=kib[1], before_mb=before[name][0], rss_mb=after[name][0], **more)
        found[name] = kib[0]
    return found.pop("ours", None), found


def bench(home, options):
    starts = {"ours": peers.taking_lines, "victoria-metrics": peers.victoria}
    servers = {}
    try:
        for name, start in starts.items():
            if name in options.peers:
                os.makedirs(f"{home}/memory-{name}")
                servers[name] = start(f"{home}/memory-{name}")
        time.sleep(min(START, 3 * options.window))
        before = {name: server.memory() for name, server in servers.items()}
        compare(f"{SERIES:,} active series: KiB each", *tell("active", servers, before, feed(servers, options.window // STEP)), 1.2)
        at_once(servers, options.steps)
        compare(f"after {options.steps} values of each at once: KiB each", *tell("after a burst", servers, before, feed(servers, 1)), None)
    finally:
        for server in servers.values():
            server.stop()
