"""What every measurement here needs: a network of its own, processes with what they used, lines over TCP, answers over HTTP."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 180          # seconds for anything
QUIET_CORES = 0.03      # a process that uses less of a core has done what it had to


def own_namespace():
    """Starts this script again in a network namespace of its own that has nothing but loopback, and ends with it. Needs root."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # what was started is ended then, too
    if os.environ.get("METRIC_BENCH_NAMESPACE") == "own":
        return
    if os.geteuid() != 0:
        sys.exit("network namespaces need root")
    os.environ["METRIC_BENCH_NAMESPACE"] = "own"
    os.execvp("unshare", ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", sys.executable, *sys.argv])


def compiled(name, home):
    """The program of load/NAME.c."""
    program = f"{home}/{name}"
    if not os.path.exists(program):
        subprocess.run(["gcc", "-O2", "-o", program, f"{HERE}/load/{name}.c", "-lm"], check=True)
    return program


def children(pid):
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in map(int, open(f"/proc/{pid}/task/{thread}/children").read().split()):
                found += [child, *children(child)]
    except OSError:
        pass                # it ended meanwhile
    return found


def busy_seconds():
    """CPU seconds of the whole machine."""
    fields = list(map(int, open("/proc/stat").readline().split()[1:]))
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def until(is_so, what, patience=PATIENCE, every=0.05):
    end = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {patience} s")
        time.sleep(every)


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Server:
    """One process that is measured; ended by its own number."""

    def __init__(self, name, home, command, ready, environment=None, whole_tree=False):
        self.name, self.home, self.whole_tree = name, home, whole_tree
        self.log = open(f"{home}/{name}.log", "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=home,
                                        env={**os.environ, **(environment or {})}, start_new_session=True)
        self.pid = self.process.pid
        try:
            until(lambda: self.process.poll() is not None or ready(), f"{name} starts")
            if self.process.poll() is not None:
                sys.exit(f"{name} ended: {open(self.log.name, errors='replace').read()[-2000:]}")
        except BaseException:
            self.stop()
            raise

    def processes(self):
        return [self.pid, *children(self.pid)] if self.whole_tree else [self.pid]

    def cpu(self):
        """CPU seconds so far, to the nanosecond: the clock of another process, as clock_getcpuclockid(3) makes it of its number."""
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self.processes())

    def memory(self):
        """MiB: resident, and what of it is no file."""
        sizes = {"Rss": 0, "Anonymous": 0}
        for pid in self.processes():
            for line in open(f"/proc/{pid}/smaps_rollup"):
                name, _, rest = line.partition(":")
                if name in sizes:
                    sizes[name] += int(rest.split()[0]) / 1024
        return round(sizes["Rss"], 1), round(sizes["Anonymous"], 1)

    def settle(self, patience=PATIENCE, window=2):
        """Until it does nothing any more: work that lines left behind counts. What it uses idle is no more than QUIET_CORES."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            before = self.cpu()
            time.sleep(window)
            if self.cpu() - before < QUIET_CORES * window:
                return

    def stop(self):
        own = children(self.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in own:
            try:
                os.kill(child, signal.SIGKILL)
            except OSError:
                pass            # it ended with its parent
        self.log.close()


def send(port, source):
    """Everything of a file or of bytes; seconds until the server has taken all, which it says by closing."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(PATIENCE)
        begin = time.monotonic()
        if isinstance(source, bytes):
            s.sendall(source)
        else:
            with open(source, "rb") as f:
                s.sendfile(f)
        s.shutdown(socket.SHUT_WR)
        while s.recv(4096):
            pass
        return time.monotonic() - begin


def fetch(port, path, data=None):
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data), timeout=PATIENCE) as answer:
        return answer.read()


def answers(port, path):
    try:
        fetch(port, path)
        return True
    except (OSError, http.client.HTTPException):
        return False


def timed(port, path, buffer=bytearray(1 << 20)):
    """Milliseconds from the connection to the last byte of the answer, which is only counted: what the asker does with it is not measured."""
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(PATIENCE)
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        first = size = s.recv_into(buffer)
        if not bytes(buffer[:first]).startswith(b"HTTP/1.1 200"):
            sys.exit(f"{path}: {bytes(buffer[:first])[:500]}")
        while got := s.recv_into(buffer):
            size += got
    return (time.perf_counter() - begin) * 1000, size


def on_socket(path, method, target):
    """Asks our agent on its unix socket, where everything is allowed."""
    connection = http.client.HTTPConnection("opsbro", timeout=PATIENCE)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(PATIENCE)
    connection.sock.connect(path)
    try:
        connection.request(method, target, b"{}" if method == "POST" else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{target}: {answer.status} {text[:500]}")
        return json.loads(text or b"null")
    finally:
        connection.close()


def bytes_below(directory):
    """As du counts: blocks on disk, not lengths of files that have holes."""
    return sum(os.stat(os.path.join(at, name)).st_blocks * 512 for at, _, names in os.walk(directory) for name in names)
