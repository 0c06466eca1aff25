#!/usr/bin/python3
"""Debian's graphite-web as the oracle of our Graphite functions: no web server, one process, JSON lines in and out.

    oracle.py DIRECTORY

The first line of input sets the world up; every other line is one question and gets one line of answer, in order.

    {"now": 1700000000, "zone": "UTC", "series": [{"name": "a.b", "step": 10, "start": 1699990000, "values": [1, null, 2.5]}, ...]}
    {"path": "/render", "get": [["target", "a.b"], ...], "now": 1700000000}   ->   {"status": 200, "body": "..."}
    {"path": "/tags/tagSeries", "post": [["path", "a;b=c"]]}                  ->   {"status": 200, "body": "..."}
    {"time": "now-1h", "now": 1700000000, "zone": "Europe/Paris"}             ->   {"epoch": 1699996400} or {"error": "..."}

A question that takes graphite-web longer than two seconds (some intervals of no length never end) is answered with status 504.

DIRECTORY is the caller's to make and to remove. The series become whisper files there, those with tags are entered into the
tag database, and the clock stands still at "now". Needs graphite-web and python3-whisper of Debian 12, nothing else.
"""
import collections
import inspect
import json
import os
import signal
import sys
import time

directory = sys.argv[1]
setup = json.loads(sys.stdin.readline())
clock = [setup["now"]]

SETTINGS = """
SECRET_KEY = "of no use to anybody outside this process"
ALLOWED_HOSTS = ["*"]
GRAPHITE_ROOT = "/usr/share/graphite-web"
CONF_DIR = STORAGE_DIR = {directory!r}
LOG_DIR = {directory!r} + "/log"
WHISPER_DIR = {directory!r} + "/whisper"
STANDARD_DIRS = [WHISPER_DIR]
INDEX_FILE = {directory!r} + "/index"
CARBONLINK_HOSTS = []
TIME_ZONE = {zone!r}
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {directory!r} + "/graphite.db",
                         "USER": "", "PASSWORD": "", "HOST": "", "PORT": ""}}}}
CACHES = {{"default": {{"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}}}
DEFAULT_CACHE_DURATION = DATA_CACHE_DURATION = 0
LOG_RENDERING_PERFORMANCE = LOG_CACHE_PERFORMANCE = LOG_INFO = False
"""


def mend_inspect():
    """Python 3.11 took away what graphite-web 1.1.8 describes its functions with."""
    spec = collections.namedtuple("spec", "args varargs keywords defaults")

    def argspec(function):
        found = inspect.getfullargspec(function)
        return spec(found.args, found.varargs, found.varkw, found.defaults)

    def shown(args, varargs=None, keywords=None, defaults=None, *_, **__):
        optional = dict(zip(reversed(args), reversed(defaults or ())))
        words = ["%s=%r" % (a, optional[a]) if a in optional else a for a in args]
        return "(%s)" % ", ".join(words + (["*" + varargs] if varargs else []))

    inspect.getargspec, inspect.formatargspec = argspec, shown


def start_graphite():
    for part in ("log", "whisper"):
        os.makedirs(os.path.join(directory, part), exist_ok=True)
    with open(os.path.join(directory, "oracle_settings.py"), "w") as out:
        out.write(SETTINGS.format(directory=directory, zone=setup.get("zone", "UTC")))
    sys.path.insert(0, directory)
    os.environ.update(DJANGO_SETTINGS_MODULE="graphite.settings", GRAPHITE_SETTINGS_MODULE="oracle_settings")
    import django
    django.setup()
    from django.core.management import call_command
    call_command("migrate", "--run-syncdb", verbosity=0)


def write_series(client):
    import whisper
    from graphite.tags.utils import TaggedSeries
    tagged = []
    for series in setup["series"]:
        name, step, values = series["name"], series["step"], series["values"]
        if ";" in name:
            name = TaggedSeries.parse(name).path   # the tags in order
            tagged.append(name)
            file = TaggedSeries.encode(name, sep="/")
        else:
            file = name.replace(".", "/")
        file = os.path.join(directory, "whisper", file + ".wsp")
        os.makedirs(os.path.dirname(file), exist_ok=True)
        whisper.create(file, [(step, series.get("points", len(values)))], xFilesFactor=0, aggregationMethod="average")
        points = [(series["start"] + step * i, v) for i, v in enumerate(values) if v is not None]
        whisper.update_many(file, points, now=clock[0])
        os.utime(file, (clock[0], clock[0]))
    if tagged:
        answer = client.post("/tags/tagMultiSeries", {"path": tagged})
        if answer.status_code != 200:
            raise SystemExit("graphite-web refuses the tags: %r" % answer.content)


def fields(pairs):
    """Form fields, each name with all its values."""
    form = {}
    for key, value in pairs:
        form.setdefault(key, []).append(value)
    return form


def answer_to(question, client):
    if "time" in question:
        from datetime import datetime
        import pytz
        from graphite.render.attime import parseATTime
        zone = pytz.timezone(question.get("zone", "UTC"))
        try:
            parsed = parseATTime(question["time"], zone, datetime.fromtimestamp(question["now"], zone))
            return {"epoch": int(parsed.timestamp())}
        except Exception as fault:   # whatever it is: the text has no meaning for graphite-web
            return {"error": "%s: %s" % (type(fault).__name__, fault)}
    if "post" in question:
        answer = client.post(question["path"], fields(question["post"]))
    else:
        answer = client.get(question["path"], fields(question.get("get", [])))
    return {"status": answer.status_code, "body": answer.content.decode("utf-8")}


class TooLong(BaseException):
    """Not an Exception: graphite-web catches those."""


def ring(*_):
    raise TooLong


def main():
    signal.signal(signal.SIGALRM, ring)
    time.time = lambda: float(clock[0])
    mend_inspect()
    start_graphite()
    from django.test import Client
    client = Client(raise_request_exception=False)
    write_series(client)
    print(json.dumps({"ready": len(setup["series"])}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        clock[0] = question.get("now", clock[0])
        signal.alarm(2)
        try:
            answer = answer_to(question, client)
        except TooLong:
            answer = {"status": 504, "body": ""}
        signal.alarm(0)
        print(json.dumps(answer), flush=True)


main()
