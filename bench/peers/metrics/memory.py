"""Memory that an active series takes: the process that gets a value of 50,000 of them every 10 s, less the process with none."""
import os
import time

import peers
from figures import compare, say
from process import on_socket, send

SERIES, STEP, STEPS_AT_ONCE = 50_000, 10, 2
SETTLE = 60             # seconds; the agent gives back what its start needed within a minute


def lines(first, steps):
    return "".join(f"app.host{i // 100}.service{i // 10 % 10}.value{i % 10} {(i * 7919 + step * 31) % 10007 / 8} {first + step * STEP}\n"
                   for step in range(steps) for i in range(SERIES)).encode()


def feed(server):
    """One value of each, as they come; memory in the middle of the time until the next ones."""
    text = lines(int(time.time()) // STEP * STEP, 1)
    begin = time.monotonic()
    send(peers.LINES[server.name], text)
    time.sleep(STEP / 2)
    found = server.memory()
    time.sleep(max(0, begin + STEP - time.monotonic()))
    return found


def measure(start, home, options):
    os.makedirs(home)
    server = start(home)
    try:
        time.sleep(min(SETTLE, options.window))
        server.settle(30)
        before = server.memory()
        first = int(time.time()) // STEP * STEP - options.steps * STEP
        for step in range(0, options.steps, STEPS_AT_ONCE):
            send(peers.LINES[server.name], lines(first + step * STEP, STEPS_AT_ONCE))
        at_once = server.memory()
        server.settle(60)
        fed = [feed(server) for _ in range(max(1, options.window // STEP))]
        after = max(fed)
        more = {}
        if server.name == "ours":
            status = on_socket(f"{home}/data/opsbro.sock", "GET", "/v1/metrics/status")
            more = {"series": status["series"], "store_bytes_a_series": round(status["memory_bytes"] / SERIES), "recent_points": status["recent_points"]}
        kib = lambda memory, which: round((memory[which] - before[which]) * 1024 / SERIES, 3)
        say("memory", server.name, points=options.steps * SERIES, kib_a_series=kib(after, 0), anonymous_kib=kib(after, 1),
            after_all_at_once_kib=kib(at_once, 0), before_mb=before[0], after_mb=after[0], **more)
        return kib(after, 0)
    finally:
        server.stop()


def bench(home, options):
    starts = {"ours": peers.taking_lines, "victoria-metrics": peers.victoria}
    found = {name: measure(start, f"{home}/memory-{name}", options) for name, start in starts.items() if name in options.peers}
    mine = found.pop("ours", None)
    compare(f"{SERIES:,} active series: KiB each", mine, found, 1.2)
