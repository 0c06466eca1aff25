"""A day of 500 series of hosts at 10 s: bytes a sample on disk, and CPU to take them in. Leaves the directories for query.py."""
import os
import resource
import subprocess
import time

import peers
from figures import compare, say
from process import bytes_below, compiled, fetch, on_socket, send

SERIES, POINTS, STEP = 500, 8640, 10
SAMPLES = SERIES * POINTS
DAY = 86400


class Day:
    """Yesterday, whole; the same numbers for everyone."""

    def __init__(self, home):
        self.home = home
        self.first = (int(time.time()) // DAY - 1) * DAY
        self.last = self.first + (POINTS - 1) * STEP
        self.loaded = {}        # directory of each that has it
        self.found = {}         # bytes a sample

    def file(self, shape):
        path = f"{self.home}/day.{shape}"
        if not os.path.exists(path):
            with open(f"{path}.part", "wb") as f:
                subprocess.run([compiled("numbers", self.home), shape, str(SERIES), str(POINTS), str(STEP), str(self.first)], stdout=f, check=True)
            os.rename(f"{path}.part", path)
        return path


def load_lines(name, start, day, finish, data):
    """Starts it, sends the day, has it finish what it does in the background, and looks at its disk."""
    home = f"{day.home}/day-{name}"
    os.makedirs(home)
    server = start(home)
    try:
        server.settle(30)
        before = server.cpu()
        seconds = send(peers.LINES[name], day.file("lines"))
        server.settle()
        cpu, at_once = server.cpu() - before, bytes_below(data(home))
        finish(server)
        server.settle()
        all_cpu, size = server.cpu() - before, bytes_below(data(home))
        memory, parts = server.memory()[0], shares(data(home)) if name != "carbon" else {}
    finally:
        server.stop()
    day.loaded[name], day.found[name] = home, size / SAMPLES
    say("storage", name, bytes_a_sample=round(size / SAMPLES, 3), before_merging=round(at_once / SAMPLES, 3),
        parts=parts, cpu_s_per_million=round(cpu / SAMPLES * 1e6, 3), with_merging=round(all_cpu / SAMPLES * 1e6, 3), seconds=round(seconds, 1), rss_mb=memory)


def shares(directory):
    """Bytes a sample of each that lies in it."""
    sizes = {e.name: bytes_below(e.path) if e.is_dir() else e.stat().st_blocks * 512 for e in os.scandir(directory)}
    return {name: round(size / SAMPLES, 3) for name, size in sorted(sizes.items()) if size >= SAMPLES / 1000}


def ours(day):
    # everything that its metrics have in the data directory: store, journal, and their logs of commits
    load_lines("ours", peers.taking_lines, day, lambda server: on_socket(f"{server.home}/data/opsbro.sock", "POST", "/v1/metrics/compact"),
               metric_files)


def metric_files(home):
    """A directory of links, for what is of the metrics lies beside what is not."""
    place = f"{home}/metric-files"
    os.makedirs(place, exist_ok=True)
    for name in os.listdir(place):
        os.unlink(f"{place}/{name}")
    for name in os.listdir(f"{home}/data"):
        if name.startswith("metric") and os.path.isfile(f"{home}/data/{name}"):
            os.link(f"{home}/data/{name}", f"{place}/{name}")
    return place


def victoria(day):
    def finish(server):
        fetch(peers.VICTORIA_HTTP, "/internal/force_flush")
        time.sleep(2)
        fetch(peers.VICTORIA_HTTP, "/internal/force_merge")
        time.sleep(2)
    load_lines("victoria-metrics", peers.victoria, day, finish, lambda home: f"{home}/data")


def carbon(day):
    load_lines("carbon", peers.carbon, day, lambda server: None, lambda home: f"{home}/whisper/hosts")
    day.found["carbon"] /= 3        # its files are made for three days at once


def prometheus(day):
    home = f"{day.home}/day-prometheus"
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = day.file("openmetrics")
    generating = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "--max-block-duration=24h", "openmetrics", text, f"{home}/data"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - generating.ru_utime - generating.ru_stime
    os.unlink(text)
    size = bytes_below(f"{home}/data")
    day.loaded["prometheus"], day.found["prometheus"] = home, size / SAMPLES
    say("storage", "prometheus", bytes_a_sample=round(size / SAMPLES, 3), cpu_s_per_million=round(cpu / SAMPLES * 1e6, 3))


LOADERS = {"ours": ours, "victoria-metrics": victoria, "prometheus": prometheus, "carbon": carbon}


def load(day, options):
    """Of those that are measured the ones that have it not yet."""
    for name, loader in LOADERS.items():
        if name in options.peers and name not in day.loaded:
            loader(day)


def bench(day, options):
    load(day, options)
    found = dict(day.found)
    mine = found.pop("ours", None)
    compare("500 series x 24 h at 10 s: bytes a sample", mine, found, ("victoria-metrics", 1.3))
