"""Asks our agent by its HTTP API on its unix socket, which is there in every network namespace, with the calls that rpc.Rpc has for Serf's."""
import http.client
import json
import socket
import time


IDLE = 60      # seconds after which a connection is made anew: the agent closes one that nobody uses


class Http:
    """One connection. A request may be under way while others are asked: send() first, receive() later."""

    def __init__(self, path, patience=60):
        """Waits until the agent answers and its gossip runs."""
        end = time.monotonic() + patience
        self.path = path
        while True:
            try:
                self.open()
                self.call("stats")
                return
            except (OSError, RuntimeError, http.client.HTTPException):
                self.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def open(self):
        self.connection = http.client.HTTPConnection("opsbro")
        self.connection.auto_open = 0
        self.connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.connection.sock.settimeout(30)
        self.used = time.monotonic()
        self.connection.sock.connect(self.path)

    def refresh(self):
        if time.monotonic() - self.used > IDLE:
            self.close()
            self.open()
        self.used = time.monotonic()

    def get(self, path):
        self.refresh()
        self.connection.request("GET", path)
        return json.loads(self.connection.getresponse().read())

    def send(self, command, body=None):
        self.command = command
        self.refresh()
        if command == "join":
            self.connection.request("POST", "/v1/gossip/join", json.dumps({"addresses": body["Existing"], "replay": body["Replay"]}),
                                    {"Content-Type": "application/json"})
        else:
            self.connection.request("GET", "/v1/gossip")

    def receive(self, has_body=True):
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(text.decode("utf-8", "replace"))
        found = json.loads(text)
        if self.command == "join":
            if not found[0]["joined"]:
                raise RuntimeError(found[0]["error"])
            return found
        if not found["pools"]:
            raise RuntimeError("gossip is not running yet")
        pool = found["pools"][0]
        members = pool["members"]
        return {"serf": {"members": sum(members.values()), "failed": members.get("failed", 0), "left": members.get("left", 0)},
                "counters": pool.get("counters", {})}

    def call(self, command, body=None, has_body=False):
        self.send(command, body)
        return self.receive()

    def close(self):
        self.connection.close()
