"""Queries and messages made by dnspython and by chance: well formed, odd, and broken."""
import ipaddress
import unicodedata

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

TYPES = ["A"] * 6 + ["AAAA", "SRV", "TXT", "ANY", "PTR"] * 2 + [
    "SOA", "NS", "MX", "CNAME", "HTTPS", "OPT", "AXFR", "IXFR", "TSIG", "TKEY", "MAILB", "TYPE65280", "TYPE0", "DS", "DNSKEY"]
CLASSES = [1] * 30 + [255, 255, 3, 254, 0, 4711]
OPCODES = [0] * 120 + [1, 2, 3, 4, 5, 6, 15]
PAYLOADS = [0, 100, 511, 512, 513, 700, 1232, 1400, 4096, 65535]


def everything(chance, world, picture):
    queries = [query(chance, picture) for _ in range(world["queries"])]
    wires = queries + [mutated(chance, chance.choice(queries)) for _ in range(world["mutations"])]
    asked = [{"query": wire.hex(), "stream": chance.random() < 0.25, "forward": chance.random() < 0.25} for wire in wires]
    messages = [message(chance) for _ in range(world["messages"])]
    messages += [mutated(chance, chance.choice(messages)) for _ in range(world["messages"])]
    return asked + [{"message": wire.hex()} for wire in messages]


def label(chance):
    kind = chance.random()
    if kind < 0.5:
        return bytes(chance.choice(b"abcXYZ019-_") for _ in range(chance.randint(1, 12)))
    if kind < 0.8:
        return bytes(chance.randrange(256) for _ in range(chance.randint(1, 6)))
    return bytes(chance.choice(b'.\\"();@$ a\0') for _ in range(chance.choice((1, 2, 63))))


def short(labels):
    """As many of the last labels as a name may have."""
    labels = [one[:63] for one in labels]
    while sum(len(one) + 1 for one in labels) > 254:
        labels.pop(0)
    return tuple(labels)


def mixed(chance, labels):
    """0x20: letters of either case."""
    flip = chance.random() < 0.6
    return tuple(bytes(c ^ 0x20 if flip and chr(c).isalpha() and c < 128 and chance.random() < 0.5 else c for c in one) for one in labels)


def name(chance, picture):
    """Something asked for: mostly what there is, or nearly."""
    kind = chance.random()
    known = list(chance.choice(list(picture.names)))
    third = [chance.choice([*picture.zones, b"anything", b"group", label(chance)])] if chance.random() < 0.7 else []
    if kind < 0.5:
        found = known
    elif kind < 0.6:
        found = [chance.choice([b"ok", b"web", b"primary", label(chance), *picture.groups]), *known]
    elif kind < 0.7:
        found = known[chance.randrange(len(known)):]
    elif kind < 0.76:
        found = [label(chance), *known]
    elif kind < 0.86:
        found = list(chance.choice(list(picture.reverse)))
        return found if chance.random() < 0.8 else [label(chance), *found[1:]]
    elif kind < 0.9:
        return [label(chance) for _ in range(chance.randint(0, 20))]
    else:
        found, third = chance.choice(([], [b"ns"], [b"NS"], [label(chance)], [b"group"], [b"xgroup"])), []
    end = picture.domain if chance.random() < 0.97 else (*picture.domain[:-1], b"x" + picture.domain[-1])
    return [*found, *third, *end]


def options(chance):
    found = []
    for _ in range(chance.choice((0, 0, 1, 1, 2, 4))):
        code, size = chance.choice(((10, 8), (10, 8), (10, 24), (10, 16), (10, 40), (10, chance.randrange(60)), (3, 0), (12, 100), (11, 2), (15, 4),
                                    (65001, 33), (chance.randrange(65536), chance.randrange(20))))
        if code != 8:       # its reader is strict about the content
            found.append(dns.edns.GenericOption(code, bytes(chance.randrange(256) for _ in range(size))))
    if chance.random() < 0.2:
        found.append(dns.edns.ECSOption("10.1.2.0", 24))
    return found


def query(chance, picture):
    made = dns.message.QueryMessage(id=chance.randrange(65536))
    made.flags = chance.choice((0, dns.flags.RD, dns.flags.RD, dns.flags.RD | dns.flags.AD, dns.flags.CD, dns.flags.RD | 0x40 | dns.flags.AA | dns.flags.TC))
    asked = dns.name.Name((*short(mixed(chance, name(chance, picture))), b""))
    for _ in range(chance.choice([1] * 30 + [0, 2])):
        likely = ["PTR"] if asked.labels[-2:-1] in ((b"arpa",), (b"ARPA",)) else ["SOA", "NS"] if len(asked.labels) < 4 else ["A", "A", "SRV", "TXT", "AAAA"]
        kind = dns.rdatatype.from_text(chance.choice(likely if chance.random() < 0.6 else TYPES)) if chance.random() < 0.95 else chance.randrange(65536)
        made.question.append(dns.rrset.RRset(asked, chance.choice(CLASSES), kind))
    if chance.random() < 0.08:
        for _ in range(chance.choice((1, 1, 2, 15, 17))):
            owner = asked if chance.random() < 0.5 else dns.name.Name((label(chance), b""))
            chance.choice((made.answer, made.authority, made.additional)).append(dns.rrset.from_text_list(owner, 5, "IN", "A", ["10.0.0.1"]))
    if chance.random() < 0.6:
        made.use_edns(0 if chance.random() < 0.93 else chance.randint(1, 255), chance.choice((0, dns.flags.DO, 0x4000)), chance.choice(PAYLOADS),
                      options=options(chance))
    wire = bytearray(made.to_wire(max_size=65535))
    wire[2] = wire[2] & 0x87 | chance.choice(OPCODES) << 3
    if chance.random() < 0.01:
        wire[2] |= 0x80
    return bytes(wire)


def mutated(chance, wire):
    wire = bytearray(wire)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(wire) + 1)
        match chance.randrange(7):
            case 0 | 1 if at < len(wire):
                wire[at] = chance.choice((0, 1, 12, 0x3F, 0x40, 0x80, 0xC0, 0xFF, chance.randrange(256)))
            case 2 if at < len(wire):
                wire[at] ^= 1 << chance.randrange(8)
            case 3:
                wire[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 12)))
            case 4:
                del wire[at:at + chance.randint(1, 12)]
            case 5:
                del wire[at:]
            case _ if len(wire) > 16:
                at = chance.randrange(12, len(wire) - 2)
                wire[at:at + 2] = (0xC000 | chance.randrange(min(len(wire) + 8, 0x3FFF))).to_bytes(2, "big")
    return bytes(wire)


RECORDS = {
    "A": ["10.1.2.3", "255.255.255.255"], "AAAA": ["2001:db8::1", "::", "::ffff:1.2.3.4", "fe80::1:0:0:1", "1:0:2:0:0:3:0:4"], "NS": ["N"], "CNAME": ["N"],
    "PTR": ["N"], "MX": ["10 N", "65535 N"], "SRV": ["1 2 65535 N"], "SOA": ["N N 1 2 3 4 4294967295"], "HINFO": ['"a b" ""'],
    "TXT": ['"a" "b\\"c\\\\" "" "\\195\\169 \\255\\000"', '"' + "x" * 255 + '"'], "CAA": ['0 issue "x"'], "DS": ["1 8 2 " + "ab" * 32],
    "TLSA": ["3 1 1 " + "cd" * 32], "TYPE65280": ["\\# 0", "\\# 3 010203"], "SSHFP": ["1 1 " + "ef" * 20], "DNSKEY": ["257 3 8 AQAB"],
}


def message(chance):
    """An answer with names that share their ends, so that dnspython compresses them."""
    ends = [tuple(label(chance) for _ in range(chance.randint(0, 4))) for _ in range(3)]
    any_name = lambda: dns.name.Name((*short([label(chance) for _ in range(chance.randint(0, 3))] + list(chance.choice(ends))), b""))
    made = dns.message.QueryMessage(id=chance.randrange(65536))
    made.flags = chance.randrange(65536) & ~0x7800
    if chance.random() < 0.9:
        made.question.append(dns.rrset.RRset(any_name(), chance.choice(CLASSES), chance.randrange(65536)))
    for section in (made.answer, made.authority, made.additional):
        for _ in range(chance.randint(0, 4)):
            kind = chance.choice(list(RECORDS))
            text = " ".join(any_name().to_text() if word == "N" else word for word in chance.choice(RECORDS[kind]).split(" "))
            record = dns.rdata.from_text("IN", kind, text)
            section.append(dns.rrset.from_rdata(any_name(), chance.choice((0, 5, 0x7FFFFFFF)), record))
    if chance.random() < 0.5:
        made.use_edns(0, chance.choice((0, dns.flags.DO)), 1232, options=options(chance))
    return made.to_wire(max_size=65535)


def texts(strings):
    """As docs of the program show them: UTF-8, what is no character is a question mark."""
    def shown(c):
        return "\\" + c if c in '"\\' else "?" if unicodedata.category(c) == "Cc" else c
    return " ".join('"' + "".join(map(shown, s.decode("utf-8", "replace"))) + '"' for s in strings)


def shown(kind, cls, data):
    """What our reader shows, comparable with text(): addresses have several ways to be written, and classes that nobody uses are left out."""
    if cls != dns.rdataclass.IN:
        return ""
    return str(ipaddress.ip_address(data)) if kind in (dns.rdatatype.A, dns.rdatatype.AAAA) else data


def text(rdata):
    """The data of a record as our reader for people writes it."""
    if rdata.rdclass != dns.rdataclass.IN:
        return ""
    match dns.rdatatype.to_text(rdata.rdtype):
        case "A" | "AAAA":
            return str(ipaddress.ip_address(rdata.address))
        case "NS" | "CNAME" | "PTR":
            return rdata.target.to_text()
        case "MX":
            return f"{rdata.preference} {rdata.exchange.to_text()}"
        case "SRV":
            return f"{rdata.priority} {rdata.weight} {rdata.port} {rdata.target.to_text()}"
        case "SOA":
            return f"{rdata.mname.to_text()} {rdata.rname.to_text()} {rdata.serial} {rdata.refresh} {rdata.retry} {rdata.expire} {rdata.minimum}"
        case "TXT":
            return texts(rdata.strings)
        case "HINFO":
            return texts((rdata.cpu, rdata.os))
    wire = rdata.to_wire()
    return f"\\# {len(wire)}" + (f" {wire.hex().upper()}" if wire else "")
