#!/usr/bin/env python3
"""What checks cost: plugins a second and CPU of each, ours and nagios4's in the same run; then 1,000 evaluated checks a second.

    checks.py [plugins] [nagios4] [evaluated]      all of them when none is named

The plugin counts its own runs, so the figure is the same measure for everyone; CPU is that of the whole tree, ended children included.
Uses out/opsbro (./dev build), temporary directories, loopback only; ends only what it started. Prints one JSON object a line."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.environ.get("OPSBRO_PROGRAM", os.path.join(ROOT, "out", "opsbro"))
TICKS = os.sysconf("SC_CLK_TCK")
PLUGINS = int(os.environ.get("BENCH_PLUGINS", "250"))    # checks, one run a second each: more than the machine can do
EVALUATED = 1000
SETTLE_SECONDS, WINDOW_SECONDS = 8, 15


def cpu_seconds(pid):
    """The process and every child of it that was waited for."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return sum(int(f) for f in fields[11:15]) / TICKS


def load():
    return os.getloadavg()[0]


def show(**figures):
    print(json.dumps({**figures, "load": round(load(), 1)}), flush=True)


def build_plugin(directory):
    plugin = f"{directory}/counting_plugin"
    subprocess.run(["cc", "-O2", "-o", plugin, f"{HERE}/checks/counting_plugin.c"], check=True)
    return plugin


class Agent:
    """An agent with only the checks given; ends exactly its own process."""

    def __init__(self, directory, files):
        self.directory = directory
        os.makedirs(f"{directory}/config")
        for name, text in files.items():
            with open(f"{directory}/config/{name}", "w") as f:
                f.write(text)
        self.log = open(f"{directory}/out.txt", "w")
        environment = {**os.environ, "OPSBRO_CONFIG": f"{directory}/config", "OPSBRO_DATA": f"{directory}/data"}
        self.process = subprocess.Popen([PROGRAM, "agent", "start"], env=environment, stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL)
        subprocess.run([PROGRAM, "agent", "wait-initialized", "--timeout", "60"], env=environment, check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def count_runs(name, pid, counter):
    """Executions a second and CPU of each over the window."""
    time.sleep(SETTLE_SECONDS)
    runs, cpu, began = os.path.getsize(counter), cpu_seconds(pid), time.monotonic()
    time.sleep(WINDOW_SECONDS)
    runs, cpu, took = os.path.getsize(counter) - runs, cpu_seconds(pid) - cpu, time.monotonic() - began
    show(bench="plugins", program=name, per_second=round(runs / took, 1), cpu_ms_each=round(cpu / max(1, runs) * 1000, 2))


def plugins(directory):
    plugin, counter = build_plugin(directory), f"{directory}/count"
    open(counter, "w").close()
    files = {f"check{i}.yml": f"check:\n  interval: 1s\n  script: {plugin} {counter}\n" for i in range(PLUGINS)}
    agent = Agent(directory, {"agent.yml": "http: {listen: []}\n", **files})
    try:
        count_runs("opsbro", agent.process.pid, counter)
    finally:
        agent.stop()


NAGIOS_OBJECTS = """
define timeperiod {
  timeperiod_name always
  alias always
  %s
}
define command {
  command_name plugin
  command_line %s %s
}
define contact {
  contact_name nobody
  host_notifications_enabled 0
  service_notifications_enabled 0
  host_notification_commands plugin
  service_notification_commands plugin
  host_notification_period always
  service_notification_period always
}
define host {
  host_name host
  alias host
  address 127.0.0.1
  max_check_attempts 1
  check_period always
  notification_period always
  contacts nobody
}
"""

NAGIOS_SERVICE = """
define service {
  host_name host
  service_description service%d
  check_command plugin
  max_check_attempts 1
  check_interval 1
  retry_interval 1
  check_period always
  notification_period always
  contacts nobody
}
"""


def nagios4(directory):
    program = shutil.which("nagios4")
    if not program:
        show(bench="plugins", program="nagios4", skipped="apt-get install nagios4-core to compare")
        return
    plugin, counter = build_plugin(directory), f"{directory}/count"
    open(counter, "w").close()
    os.makedirs(f"{directory}/results")
    days = "\n  ".join(f"{day} 00:00-24:00" for day in ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"))
    with open(f"{directory}/objects.cfg", "w") as f:
        f.write(NAGIOS_OBJECTS % (days, plugin, counter) + "".join(NAGIOS_SERVICE % i for i in range(PLUGINS)))
    settings = dict(
        cfg_file="objects.cfg", log_file="nagios.log", object_cache_file="cache", precached_object_file="precache", status_file="status",
        state_retention_file="retention", command_file="command", lock_file="lock", temp_file="temp", temp_path="", query_socket="query",
        check_result_path="results")
    lines = [f"{key}={directory}/{value}" for key, value in settings.items()] + [
        "nagios_user=root", "nagios_group=root", "status_update_interval=10", "check_external_commands=0", "log_rotation_method=n",
        "use_syslog=0", "interval_length=1", "service_inter_check_delay_method=s", "max_service_check_spread=1", "enable_notifications=0",
        "enable_flap_detection=0", "use_large_installation_tweaks=1", "enable_environment_macros=0", "enable_event_handlers=0",
        "retain_state_information=0", "service_check_timeout=30"]
    with open(f"{directory}/nagios.cfg", "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(f"{directory}/out.txt", "w") as log:
        process = subprocess.Popen([program, f"{directory}/nagios.cfg"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            time.sleep(1)
            # its workers are processes of their own: their CPU counts once they are added
            children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
            whole = [process.pid, *map(int, children)]
            global cpu_seconds
            one = cpu_seconds
            cpu_seconds = lambda _: sum(one(p) for p in whole)  # noqa: E731
            try:
                count_runs("nagios4", process.pid, counter)
            finally:
                cpu_seconds = one
        finally:
            process.terminate()
            process.wait(20)


def judgements(data):
    """Runs of the checks so far, as the agent counts them on /metrics."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(f"{data}/opsbro.sock")
        s.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
        page = b"".join(iter(lambda: s.recv(65536), b"")).decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith('opsbro_runs_total{component="checks"'))


def evaluated(directory):
    rule = """check:
  interval: 1s
  critical_if: "{{collector.loadaverage.load1}} > 1000 + %d"
  warning_if: "{{collector.loadaverage.load5}} > 1000"
  ok_output: "'OK: load is %%.2f' %% {{collector.loadaverage.load1}}"
"""
    figures = []
    for count in (0, EVALUATED):
        home = f"{directory}/{count}"
        os.makedirs(home)
        agent = Agent(home, {"agent.yml": "http: {listen: []}\n", **{f"check{i}.yml": rule % i for i in range(count)}})
        try:
            time.sleep(SETTLE_SECONDS * 2)    # the compiler's second tier is part of the start, not of the work
            runs, cpu, began = judgements(f"{home}/data"), cpu_seconds(agent.process.pid), time.monotonic()
            time.sleep(WINDOW_SECONDS)
            took = time.monotonic() - began
            figures.append(100 * (cpu_seconds(agent.process.pid) - cpu) / took)
            rate = (judgements(f"{home}/data") - runs) / took
        finally:
            agent.stop()
    show(bench="evaluated", checks=EVALUATED, judgements_per_second=round(rate), cpu_percent=round(figures[1] - figures[0], 2), idle_percent=round(figures[0], 2))


def main():
    wanted = sys.argv[1:] or ["plugins", "nagios4", "evaluated"]
    for name in wanted:
        directory = tempfile.mkdtemp(prefix="opsbro-bench-")
        try:
            {"plugins": plugins, "nagios4": nagios4, "evaluated": evaluated}[name](directory)
        finally:
            shutil.rmtree(directory, ignore_errors=True)


main()
