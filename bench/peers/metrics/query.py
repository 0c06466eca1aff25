"""One and a hundred series of a day, every point: milliseconds until the whole answer is there, and CPU. All run at once and are asked in turns."""
import json
import math
import os
import statistics
from urllib.parse import quote

import peers
import storage
from figures import compare, say
from process import fetch, timed

ASKED = {"1 series x 24 h": (1, 20), "100 series x 24 h": (100, 3)}      # series, requests in a turn
WARM = 8        # turns' worth of requests before those that count: ours compiles its hot paths again after some hundred
SLOW = {"graphite-web": {1: 5, 100: 1}}


def render(day, target):
    return f"/render?target={quote(target)}&from={day.first - storage.STEP}&until={day.last}&format=json"


def query_range(day, selector, more=""):
    return f"/api/v1/query_range?query={quote(selector)}&start={day.first}&end={day.last}&step={storage.STEP}{more}"


def asks(day):
    """(port, question of one series, of a hundred) of each."""
    one, many = "hosts.h03.cpu_user", "hosts.h0{0,1,2,3,4}.*"
    return {
        "ours": (peers.OURS_HTTP, render(day, one), render(day, many)),
        "victoria-metrics": (peers.VICTORIA_HTTP, query_range(day, '{__name__="hosts.h03.cpu_user"}', "&nocache=1"),
                             query_range(day, '{__name__=~"hosts.h0[0-4].*"}', "&nocache=1")),
        "prometheus": (peers.PROMETHEUS_HTTP, query_range(day, 'cpu_user{host="h03"}'), query_range(day, '{host=~"h0[0-4]"}')),
        "graphite-web": (peers.GRAPHITE_WEB_HTTP, render(day, one) + "&noCache=1", render(day, many) + "&noCache=1"),
    }


def start(day, options):
    starts = {"ours": lambda: peers.ours(day.loaded["ours"]), "victoria-metrics": lambda: peers.victoria(day.loaded["victoria-metrics"]),
              "prometheus": lambda: peers.prometheus(day.loaded["prometheus"])}
    servers = {}
    try:
        for name, make in starts.items():
            if name in day.loaded:
                servers[name] = make()
        if "graphite-web" in options.peers and "carbon" in day.loaded:
            home = f"{day.home}/graphite-web"
            os.makedirs(home)
            servers["graphite-web"] = peers.graphite_web(home, f"{day.loaded['carbon']}/whisper")
        return servers
    except BaseException:
        for server in servers.values():
            server.stop()
        raise


def answer(name, port, path, series):
    """The size of the answer and the sums of its series in order, after a look whether every point is there."""
    text = fetch(port, path)
    found = json.loads(text)
    values = [[value for value, _ in s["datapoints"] if value is not None] for s in found] if isinstance(found, list) \
        else [[float(value) for _, value in s["values"]] for s in found["data"]["result"]]
    counts = [len(v) for v in values]
    if len(counts) != series or min(counts) != storage.POINTS:
        raise SystemExit(f"{name} answered {len(counts)} series with {min(counts, default=0)} to {max(counts, default=0)} points; "
                         f"{series} with {storage.POINTS} are there")
    return len(text), sorted(map(math.fsum, values))


def answer_sizes(day, servers, number, series):
    """Of each; all must tell the same numbers."""
    found = {name: answer(name, asks(day)[name][0], asks(day)[name][number], series) for name in servers}
    first = next(iter(found))
    for name, (_, sums) in found.items():
        # VictoriaMetrics keeps 15 digits
        if not all(math.isclose(a, b, rel_tol=1e-12) for a, b in zip(sums, found[first][1])):
            raise SystemExit(f"{name} and {first} tell different numbers")
    return {name: size for name, (size, _) in found.items()}


def whole(port, path, size):
    """Milliseconds of an answer that is as large as the one that was looked at."""
    milliseconds, got = timed(port, path)
    if got < size:
        raise SystemExit(f"{path}: {got} bytes came, of {size}")
    return milliseconds


def bench(day, options):
    storage.load(day, options)
    servers = start(day, options)
    try:
        for number, (what, (series, requests)) in enumerate(ASKED.items(), 1):
            found = {name: [] for name in servers}
            cpu = dict.fromkeys(servers, 0.0)
            sizes = answer_sizes(day, servers, number, series)
            for server in servers.values():
                server.settle(30)
            for turn in range(options.turns + 1):
                for name, server in servers.items():
                    port, path = asks(day)[name][0], asks(day)[name][number]
                    before = server.cpu()
                    count = SLOW.get(name, {}).get(series, requests * (WARM if turn == 0 else 1))
                    times = [whole(port, path, sizes[name]) for _ in range(count)]
                    if turn > 0:
                        found[name] += times
                        cpu[name] += server.cpu() - before
            for name, times in found.items():
                say("query", name, what=what, median_ms=round(statistics.median(times), 2), best_ms=round(min(times), 2),
                    cpu_ms=round(1000 * cpu[name] / len(times), 2), requests=len(times), answer_mb=round(sizes[name] / 1e6, 2),
                    rss_mb=servers[name].memory()[0])
            medians = {name: statistics.median(times) for name, times in found.items()}
            compare(f"{what}: median ms", medians.pop("ours", None), medians, "victoria-metrics")
            used = {name: 1000 * cpu[name] / len(found[name]) for name in servers}
            compare(f"{what}: CPU ms", used.pop("ours", None), used, None)
    finally:
        for server in servers.values():
            server.stop()
