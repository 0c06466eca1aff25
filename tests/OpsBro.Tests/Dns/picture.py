"""What the names of a picture lead to, by docs/dns.md and nothing else: written without a look at the program, to be compared with it."""
import ipaddress

KINDS = (b"group", b"name", b"service")
BETWEEN, MISSING, ELSEWHERE = "between", "missing", "elsewhere"


def lower(text):
    """Only letters of ASCII have a case in DNS (RFC 4343)."""
    return bytes(c | 0x20 if 0x41 <= c <= 0x5A else c for c in text)


def labels(text):
    """The labels of a name; None when it cannot be written."""
    found = tuple(lower(label.encode()) for label in text.split("."))
    return found if all(0 < len(label) < 64 for label in found) and size(found) <= 255 else None


def size(found):
    return sum(len(label) + 1 for label in found) + 1


class Entry:
    """A name: who has it, who of them is an answer, and which service it is."""

    def __init__(self, owners, good, service=None, srv_only=False):
        self.owners, self.good, self.service, self.srv_only = owners, good, service, srv_only

    def limited(self, owners, good):
        """Only these; None when nobody is left that ever had the name."""
        left = self.owners & owners
        return Entry(left, self.good & good, self.service, self.srv_only) if left else None


class Picture:
    def __init__(self, world):
        self.world, self.nodes = world, world["nodes"]
        self.domain = labels(world["domain"])
        self.everyone = frozenset(range(len(self.nodes)))
        self.zones = {lower(z.encode()): frozenset(i for i, n in enumerate(self.nodes) if n["zone"].lower() == z.lower())
                      for z in [*world["zones"], *(n["zone"] for n in self.nodes)] if "." not in z}
        self.fine = frozenset(i for i, n in enumerate(self.nodes) if all(one["state"] == "ok" for one in n["services"] + n["checks"]))
        self.names = {}
        self.reverse = {}
        self.add_nodes()
        self.add_groups()
        self.add_services()
        for i, node in enumerate(self.nodes):
            if node["state"] == "alive" and self.target(i):
                for address in node["addresses"]:
                    found = ipaddress.ip_address(address).reverse_pointer
                    self.reverse.setdefault(tuple(found.encode().split(b".")), set()).add(self.target(i))

    def add_nodes(self):
        owners = {}
        for i, node in enumerate(self.nodes):
            for name in filter(None, (node["name"], node["display"])):
                owners.setdefault(labels(name), set()).add(i)
        for name, who in owners.items():
            self.put(name, b"name", Entry(frozenset(who), self.good(who, None)))

    def add_groups(self):
        self.groups = {}
        for i, node in enumerate(self.nodes):
            for group in node["groups"]:
                self.groups.setdefault(lower(group.encode()), set()).add(i)
        for group, who in self.groups.items():
            self.put(labels(group.decode()), b"group", Entry(frozenset(who), self.good(who, group), group))

    def add_services(self):
        self.services, tags = {}, set()
        for i, node in enumerate(self.nodes):
            for service in node["services"]:
                name = lower(service["name"].encode())
                self.services.setdefault(name, set()).add(i)
                tags |= {(lower(tag.encode()), name) for tag in service["tags"]}
        for name, who in self.services.items():
            entry = Entry(frozenset(who), self.good(who, name), name)
            self.put(labels(name.decode()), b"service", entry)
            for transport in (b"_tcp", b"_udp"):
                self.put((b"_" + name, transport), b"service", Entry(entry.owners, entry.good, name, srv_only=True))
        for tag, name in tags:
            who = {i for i in self.services[name] if tag in self.tags_of(i, name)}
            path = (tag, *labels(name.decode()))
            if (*path, b"service") not in self.names:
                self.put(path, b"service", Entry(frozenset(who), self.good(who, name), name))

    def tags_of(self, i, service):
        said = {lower(tag.encode()) for one in self.nodes[i]["services"] if lower(one["name"].encode()) == service for tag in one["tags"]}
        return said | {lower(group.encode()) for group in self.nodes[i]["groups"]}

    def put(self, name, kind, entry):
        if name and all(0 < len(label) < 64 for label in name) and size((*name, kind, *self.domain)) <= 255:
            self.names[(*name, kind)] = entry

    def good(self, who, judge):
        def is_good(i):
            node = self.nodes[i]
            critical = {lower(one["name"].encode()) for one in node["services"] + node["checks"] if one["state"] == "critical"}
            return node["state"] == "alive" and node["addresses"] and judge not in critical
        return frozenset(i for i in who if is_good(i))

    def target(self, i):
        """Where SRV and PTR lead: the node's own name, in its zone when that is one label."""
        node = self.nodes[i]
        name, zone = labels(node["name"]), () if "." in node["zone"] else (lower(node["zone"].encode()),)
        if not name or size((*name, b"name", *self.domain)) > 255:
            return None
        whole = (*name, b"name", *zone, *self.domain)
        return whole if size(whole) <= 255 else (*name, b"name", *self.domain)

    def find(self, name):
        """An Entry, "apex", "server", a set of targets of PTR, or one of the words above."""
        name = tuple(map(lower, name))
        if name[-len(self.domain):] != self.domain:
            return self.reverse.get(name) or {None: ELSEWHERE, name: BETWEEN}.get(self.reverse_zone(name), MISSING)
        rest = name[:-len(self.domain)]
        if len(rest) < 2:
            return "apex" if not rest else "server" if rest == (b"ns",) else BETWEEN
        found = MISSING
        if len(rest) > 2 and rest[-2] in KINDS:
            found = self.look(rest[:-1], self.zones.get(rest[-1], self.everyone))
        if found is MISSING and rest[-1] in KINDS:
            found = self.look(rest, self.everyone)
        return BETWEEN if found is MISSING and len(rest) == 2 and rest[0] in KINDS else found

    def reverse_zone(self, name):
        """The zone that says that there is nothing: a part of an address is one, a whole one and what is below that is in one. None for other names."""
        name = tuple(map(lower, name))
        parts = {(b"in-addr", b"arpa"): 4, (b"ip6", b"arpa"): 32}.get(name[-2:])
        if not parts or len(name) == 2 or name[-len(self.domain):] == self.domain:
            return None
        return name if len(name) - 2 < parts else name[1:]

    def look(self, key, zone):
        is_whole = zone == self.everyone
        owners = self.names[key].owners if key in self.names else frozenset()
        if owners & zone or (owners and is_whole):
            return self.names[key] if is_whole else self.names[key].limited(zone, zone)
        # a name below it exists, so it does (RFC 8020)
        below = [entry for name, entry in self.names.items() if len(name) > len(key) and name[-len(key):] == key]
        if any(entry.owners & zone for entry in below) or (below and not owners) or key in ((kind,) for kind in KINDS):
            return BETWEEN
        if owners:
            return MISSING
        found = None
        if len(key) > 2 and key[1:] in self.names:
            base = self.names[key[1:]]
            if key[0] == b"ok" and key[-1] == b"group":
                found = base.limited(zone, zone & self.fine)
            elif key[-1] == b"service" and key[0] in self.groups and b"." not in key[0]:
                tagged = zone & self.groups[key[0]]
                found = base.limited(tagged, tagged)
        return found or MISSING

    def addresses(self, i, version):
        found = {ipaddress.ip_address(a) for a in self.nodes[i]["addresses"]}
        return {str(a) for a in found if a.version == version}

    def records(self, entry, kind):
        """The data of the records of a type: (what dnspython reads, comparable)."""
        if entry.srv_only and kind not in ("SRV", "TXT"):
            return set()
        if kind in ("A", "AAAA"):
            return {a for i in entry.good for a in self.addresses(i, 4 if kind == "A" else 6)}
        if kind == "SRV":
            return {(0, weight, port, self.target(i)) for i in entry.good if self.target(i) for port, weight in self.ports(i, entry.service)}
        return {self.texts(i) for i in entry.good} if kind == "TXT" else set()

    def ports(self, i, service):
        """Ports with their weights; of two services with one name and port the first one's weight."""
        own = [one for one in self.nodes[i]["services"] if lower(one["name"].encode()) == service and one["port"]]
        return {one["port"]: one["weight"] for one in reversed(own)}.items()

    def texts(self, i):
        node = self.nodes[i]
        texts = [f"name={node['name']}", f"zone={node['zone']}"]
        states = [one["state"] for one in node["services"] + node["checks"]]
        if states:
            texts.append(f"checks={max(states, key=lambda s: self.world['severity'][s])}")
        if node["groups"]:
            texts.append("groups=" + ",".join(node["groups"]))
        return tuple(t.encode() for t in [*texts, *node["facts"], f"age={self.world['now'] - node['since']}"])
