"""The programs that are measured, each started in the namespace of this run, on 127.0.0.1 and in a directory of its own."""
import os
import subprocess

from process import HERE, Server, answers, is_open

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.environ.get("OPSBRO_PROGRAM", os.path.join(ROOT, "out", "opsbro"))
LINES = {"ours": 2003, "victoria-metrics": 3003, "carbon": 4003}     # ports of Graphite's plaintext: all may run at once
STATSD = 8125
OURS_HTTP, VICTORIA_HTTP, PROMETHEUS_HTTP, GRAPHITE_WEB_HTTP, NETDATA_HTTP = 6768, 8428, 9090, 8090, 19999
STATSD_VERSION, STATSD_CONTROL, STATSD_SINK = "0.9.0", 8126, 2023


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def ours(home, sections=""):
    """The shipped program with all its packs: it also collects and checks."""
    write(f"{home}/config/agent.yml", f"http: {{listen: '127.0.0.1:{OURS_HTTP}'}}\ngossip: {{bind: 127.0.0.1}}\n{sections}")
    return Server("ours", home, [PROGRAM, "agent", "start", "--config", f"{home}/config", "--data", f"{home}/data"],
                  lambda: answers(OURS_HTTP, "/readyz"))


def taking_lines(home, sections=""):
    """Ours with its Graphite port open."""
    return ours(home, f"graphite: {{enabled: true, port: {LINES['ours']}, udp: false}}\n{sections}")


def victoria(home):
    return Server("victoria-metrics", home, [
        "victoria-metrics", f"-storageDataPath={home}/data", f"-httpListenAddr=127.0.0.1:{VICTORIA_HTTP}",
        f"-graphiteListenAddr=127.0.0.1:{LINES['victoria-metrics']}", "-retentionPeriod=12", "-search.latencyOffset=0s", "-loggerLevel=ERROR"],
        lambda: answers(VICTORIA_HTTP, "/health") and is_open(LINES['victoria-metrics']))


def prometheus(home):
    write(f"{home}/prometheus.yml", "global: {scrape_interval: 10s}\nscrape_configs: []\n")
    return Server("prometheus", home, [
        "prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data", "--storage.tsdb.retention.time=30d",
        f"--web.listen-address=127.0.0.1:{PROMETHEUS_HTTP}", "--log.level=error"], lambda: answers(PROMETHEUS_HTTP, "/-/ready"))


def carbon(home):
    """carbon-cache without a limit of what it writes, so that all its work is done and counted."""
    for name in ("storage", "log", "whisper"):
        os.makedirs(f"{home}/{name}", exist_ok=True)
    settings = dict(
        STORAGE_DIR=f"{home}/storage/", LOCAL_DATA_DIR=f"{home}/whisper/", CONF_DIR=f"{home}/conf/", LOG_DIR=f"{home}/log/", PID_DIR=f"{home}/",
        USER="", MAX_CACHE_SIZE="inf", MAX_UPDATES_PER_SECOND="inf", MAX_CREATES_PER_MINUTE="inf", CACHE_WRITE_STRATEGY="sorted",
        LINE_RECEIVER_INTERFACE="127.0.0.1", LINE_RECEIVER_PORT=LINES["carbon"], PICKLE_RECEIVER_INTERFACE="127.0.0.1",
        PICKLE_RECEIVER_PORT=LINES["carbon"] + 1, CACHE_QUERY_INTERFACE="127.0.0.1", CACHE_QUERY_PORT=7002, ENABLE_UDP_LISTENER=False,
        ENABLE_LOGROTATION=False, LOG_UPDATES=False, LOG_CACHE_HITS=False, LOG_CREATES=False, LOG_LISTENER_CONN_SUCCESS=False,
        WHISPER_AUTOFLUSH=False)
    write(f"{home}/conf/carbon.conf", "[cache]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    write(f"{home}/conf/storage-schemas.conf", "[carbon]\npattern = ^carbon\\.\nretentions = 60s:1d\n[all]\npattern = .*\nretentions = 10s:3d\n")
    write(f"{home}/conf/storage-aggregation.conf", "")
    return Server("carbon", home, ["/usr/bin/carbon-cache", f"--config={home}/conf/carbon.conf", f"--pidfile={home}/pid", "--nodaemon", "start"],
                  lambda: is_open(LINES["carbon"]), {"GRAPHITE_CONF_DIR": f"{home}/conf", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def graphite_web(home, whisper):
    """Debian's graphite-web in one worker of gunicorn, over the files that carbon wrote; nothing is cached."""
    write(f"{home}/bench_settings.py", f"""
SECRET_KEY = 'x' * 40
ALLOWED_HOSTS = ['*']
GRAPHITE_ROOT = '/usr/share/graphite-web'
CONF_DIR = STORAGE_DIR = '{home}'
LOG_DIR = '{home}/log'
WHISPER_DIR = '{whisper}'
STANDARD_DIRS = [WHISPER_DIR]
INDEX_FILE = '{home}/index'
CARBONLINK_HOSTS = []
TIME_ZONE = 'UTC'
DATABASES = {{'default': {{'NAME': '{home}/graphite.db', 'ENGINE': 'django.db.backends.sqlite3', 'USER': '', 'PASSWORD': '', 'HOST': '', 'PORT': ''}}}}
DATA_CACHE_DURATION = DEFAULT_CACHE_DURATION = 0
CACHES = {{'default': {{'BACKEND': 'django.core.cache.backends.dummy.DummyCache'}}}}
""")
    os.makedirs(f"{home}/log", exist_ok=True)
    environment = {"PYTHONPATH": f"{home}:/usr/lib/python3/dist-packages", "DJANGO_SETTINGS_MODULE": "graphite.settings",
                   "GRAPHITE_SETTINGS_MODULE": "bench_settings", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    subprocess.run(["/usr/bin/python3", "-m", "django", "migrate", "--run-syncdb"], cwd=home, env={**os.environ, **environment}, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Server("graphite-web", home, ["/usr/bin/python3", "/usr/bin/gunicorn", "-b", f"127.0.0.1:{GRAPHITE_WEB_HTTP}", "-w", "1", "-t", "120",
                                         "--pythonpath", home, "graphite.wsgi"],
                  lambda: answers(GRAPHITE_WEB_HTTP, "/render?format=json"), environment, whole_tree=True)


def netdata(home):
    """Without its plugins in other languages; what its other collectors use is its idle CPU."""
    for name in ("cache", "lib", "log", "etc/health.d", "etc/statsd.d"):
        os.makedirs(f"{home}/{name}", exist_ok=True)
    write(f"{home}/etc/netdata.conf", f"""[global]
    run as user = root
[directories]
    config = {home}/etc
    cache = {home}/cache
    lib = {home}/lib
    log = {home}/log
[web]
    bind to = 127.0.0.1
[cloud]
    enabled = no
[statsd]
    max private charts hard limit = 2000
    default port = {STATSD}
[plugins]
    go.d = no
    python.d = no
    charts.d = no
""")
    return Server("netdata", home, ["netdata", "-D", "-c", f"{home}/etc/netdata.conf", "-P", f"{home}/pid"],
                  lambda: answers(NETDATA_HTTP, "/api/v1/info"))


def reference_statsd(home):
    """npm's package statsd, fetched once into the cache that the tests use as well; it flushes into STATSD_SINK."""
    write(f"{home}/config.js", f"""{{ port: {STATSD}, address: "127.0.0.1", mgmt_address: "127.0.0.1", mgmt_port: {STATSD_CONTROL}, flushInterval: 10000,
        backends: ["./backends/graphite"], graphiteHost: "127.0.0.1", graphitePort: {STATSD_SINK}, graphite: {{legacyNamespace: false}} }}""")
    return Server("statsd", home, ["node", f"{statsd_package()}/stats.js", f"{home}/config.js"], lambda: is_open(STATSD_CONTROL))


def statsd_package():
    """Where it is; fetched when it is nowhere: before the namespace, which reaches no registry."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    home = f"{cache}/opsbro-tests/npm-statsd-{STATSD_VERSION}"
    if not os.path.exists(f"{home}/node_modules/statsd/stats.js"):
        made = f"{home}.{os.getpid()}"
        os.makedirs(made)
        subprocess.run(["npm", "install", "--prefix", made, "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save",
                        f"statsd@{STATSD_VERSION}"], check=True, stdout=subprocess.DEVNULL)
        os.rename(made, home)
    return f"{home}/node_modules/statsd"
