"""What waiting costs, after a minute and after five: ours with its statsd and Graphite ports open, the peers beside it."""
import os
import time

import peers
from figures import compare, say

MINUTE = 60


def bench(home, options):
    listening = f"statsd: {{enabled: true, port: {peers.STATSD + 1}}}\n"
    starts = {"ours": lambda at: peers.taking_lines(at, listening), "netdata": peers.netdata, "victoria-metrics": peers.victoria}
    servers, found = {}, {}
    try:
        for name, start in starts.items():
            if name in options.peers:
                os.makedirs(f"{home}/idle-{name}")
                servers[name] = start(f"{home}/idle-{name}")
        begin = time.monotonic()
        for after in (MINUTE, 5 * MINUTE):
            used = {}
            pause = max(0, begin + after - options.window - time.monotonic())
            time.sleep(pause)
            before = {name: server.cpu() for name, server in servers.items()}
            time.sleep(options.window)
            for name, server in servers.items():
                rss, anonymous = server.memory()
                used[name] = 100 * (server.cpu() - before[name]) / options.window
                say("idle", name, after_s=after, cpu_percent=round(used[name], 2), window_s=options.window, rss_mb=rss, anonymous_mb=anonymous)
                found[name] = (used[name], rss)
            for i, what in enumerate(("% of a core", "resident MB")):
                others = {name: figure[i] for name, figure in found.items() if name != "ours"}
                compare(f"idle after {after} s: {what}", found.get("ours", (None, None))[i], others, None)
    finally:
        for server in servers.values():
            server.stop()
