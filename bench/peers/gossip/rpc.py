"""A client of Serf's agent RPC: Debian's serf and our agent (gossip: rpc) answer it alike, so both are asked the same way."""
import http.client
import socket
import struct
import time


class Rpc:
    """One connection. Several requests may be under way: send() first, receive() later, in the same order."""

    def __init__(self, address, port=7373, make=None, patience=60):
        """Waits until the agent listens. make() makes the socket, for instance in another network namespace."""
        end = time.monotonic() + patience
        while True:
            self.socket = (make or new_socket)()
            try:
                self.socket.settimeout(20)
                self.socket.connect((address, port))
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.sequence, self.received = 0, b""
        self.call("handshake", {"Version": 1})

    def send(self, command, body=None):
        self.sequence += 1
        self.socket.sendall(encode({"Command": command, "Seq": self.sequence}) + (encode(body) if body is not None else b""))

    def receive(self, has_body=True):
        header = self.next()
        if header.get("Error"):
            raise RuntimeError(header["Error"])
        return self.next() if has_body else None

    def call(self, command, body=None, has_body=False):
        self.send(command, body)
        return self.receive(has_body)

    def next(self):
        while True:
            try:
                value, end = decode(self.received, 0)
                self.received = self.received[end:]
                return value
            except IndexError:
                data = self.socket.recv(1 << 16)
                if not data:
                    raise EOFError("the agent closed the connection")
                self.received += data

    def close(self):
        self.socket.close()


def new_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def stats(clients):
    """What each agent counts: {key: (members, failed, left)}; an agent that is gone is left out."""
    asked, counted = {}, {}
    for key, client in clients.items():
        try:
            client.send("stats")
            asked[key] = client
        except OSError:
            pass
    for key, client in asked.items():
        try:
            serf = client.receive()["serf"]
            counted[key] = tuple(int(serf.get(name, 0)) for name in ("members", "failed", "left"))
        except (OSError, EOFError, http.client.HTTPException):
            pass
    return counted


def encode(value):
    """msgpack of the values that requests have."""
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return struct.pack("B", value) if value < 128 else b"\xce" + struct.pack(">I", value)
    if isinstance(value, str):
        data = value.encode()
        return (struct.pack("B", 0xa0 | len(data)) if len(data) < 32 else b"\xda" + struct.pack(">H", len(data))) + data
    if isinstance(value, list):
        return struct.pack("B", 0x90 | len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return struct.pack("B", 0x80 | len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    raise TypeError(value)


NUMBERS = {0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q", 0xd0: ">b", 0xd1: ">h", 0xd2: ">i", 0xd3: ">q", 0xca: ">f", 0xcb: ">d"}
LENGTHS = {0xd9: ">B", 0xda: ">H", 0xdb: ">I", 0xc4: ">B", 0xc5: ">H", 0xc6: ">I"}
ARRAYS, MAPS = {0xdc: ">H", 0xdd: ">I"}, {0xde: ">H", 0xdf: ">I"}


def decode(data, at):
    """The value at a place and the place after it; IndexError when bytes are missing."""
    kind = data[at]
    at += 1
    if kind < 0x80:
        return kind, at
    if kind >= 0xe0:
        return kind - 256, at
    if kind < 0x90:
        return pairs(data, at, kind & 15)
    if kind < 0xa0:
        return items(data, at, kind & 15)
    if kind < 0xc0:
        return text(data, at, kind & 31)
    if kind == 0xc0:
        return None, at
    if kind in (0xc2, 0xc3):
        return kind == 0xc3, at
    for formats, then in ((LENGTHS, text), (ARRAYS, items), (MAPS, pairs)):
        if kind in formats:
            count, at = number(data, at, formats[kind])
            return then(data, at, count)
    if kind in NUMBERS:
        return number(data, at, NUMBERS[kind])
    raise ValueError(f"msgpack type {kind:#x}")


def number(data, at, form):
    size = struct.calcsize(form)
    if len(data) < at + size:
        raise IndexError
    return struct.unpack_from(form, data, at)[0], at + size


def text(data, at, length):
    if len(data) < at + length:
        raise IndexError
    return bytes(data[at:at + length]).decode("latin1"), at + length


def items(data, at, count):
    values = []
    for _ in range(count):
        value, at = decode(data, at)
        values.append(value)
    return values, at


def pairs(data, at, count):
    values = {}
    for _ in range(count):
        key, at = decode(data, at)
        values[key], at = decode(data, at)
    return values, at
