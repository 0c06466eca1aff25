#!/usr/bin/python3
"""Debian's dnspython as the oracle of our DNS: it makes queries and messages, well formed and not, and reads what becomes of them.

    oracle.py            one process, JSON lines in and out

The first line of input is the world: what picture.py needs, "seed", and how many "queries", "mutations" and "messages". Then come all questions:

    {"query": HEX, "stream": true, "forward": false}    a query, by TCP, to a server that asks no others
    {"message": HEX}                                    any message, to be read
    {}                                                  that was all

and one line for each in the same order: {"answer": HEX} (empty for no answer, null for "ask others"), {"read": null or what was read}. At last one
line comes back: {"faults": [...], "seen": {what: how often}}. Known differences, where dnspython is right and nothing is wrong with us, are counted
as "known: ..."; explain() has the list."""
import json
import random
import sys
import traceback

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.wire

import makes
import picture

MOST_RECORDS = 16


class Refused(Exception):
    """What must be answered with FORMERR."""


class Seen:
    """A query as far as a server has to look at it, read with dnspython's own parser."""

    def __init__(self, wire):
        parser = dns.wire.Parser(wire)
        self.wire = wire
        self.id, self.flags, *self.counts = parser.get_struct("!HHHHHH")
        self.opcode = self.flags >> 11 & 15
        self.name, self.opt, self.cookie, self.end = None, None, None, 12
        self.refused = None
        if self.opcode or self.flags & dns.flags.QR:
            return
        try:
            self.read(parser)
        except Refused as e:
            self.refused = str(e)
        except dns.exception.DNSException as e:
            self.refused = f"wire: {type(e).__name__}"

    def read(self, parser):
        if self.counts[0] > 1:
            raise Refused("not one question")
        if self.counts[0]:
            name = parser.get_name()
            if parser.current - 12 != len(name.to_wire()):
                raise Refused("a pointer in the question")
            self.type, self.cls = parser.get_struct("!HH")
            self.name, self.end = name, parser.current
        if sum(self.counts[1:]) > MOST_RECORDS:
            raise Refused("too many records")
        for number in range(sum(self.counts[1:])):
            end = self.end_of_name(parser.current)
            owner = parser.get_name()
            parser.seek(end)    # it goes on behind all that it read, which is too far when a pointer leads to bytes around itself
            kind, cls, ttl, length = parser.get_struct("!HHIH")
            data = parser.get_bytes(length)
            if kind == dns.rdatatype.OPT:
                if self.opt or number < self.counts[1] + self.counts[2] or owner != dns.name.root:
                    raise Refused("wire: OPT twice, in another section, or with a name")
                self.opt = (cls, ttl)
                if not self.version:
                    self.options(dns.wire.Parser(data))
        if not self.counts[0] and not self.cookie:
            raise Refused("not one question, and no cookie is wanted")

    def end_of_name(self, at):
        """Behind its pointer or its zero."""
        while at < len(self.wire) and 0 < self.wire[at] < 0x40:
            at += 1 + self.wire[at]
        return at + 1 + (at < len(self.wire) and self.wire[at] >= 0xC0)

    @property
    def version(self):
        return self.opt[1] >> 16 & 255 if self.opt else 0

    def options(self, parser):
        while parser.remaining():
            code, length = parser.get_struct("!HH")
            data = parser.get_bytes(length)
            if code == dns.edns.OptionType.COOKIE and self.cookie is None:
                if length != 8 and not 16 <= length <= 40:
                    raise Refused("a cookie of a length that none has")
                self.cookie = data


def explain(refusal, seen):
    """Why dnspython and we may differ about whether a query is well formed; None when nothing explains it."""
    if refusal is None:
        return seen.refused if not seen.refused.startswith("wire") else None
    if refusal == "TrailingJunk":
        return "bytes behind the message are not looked at"
    if refusal in ("UnknownTSIGKey", "BadTSIG"):
        return "a signature is not looked at"
    if sum(seen.counts[1:]):
        return "the data of records that a query carries, and of options that we do not know, is not looked at"
    return None


class Judge:
    def __init__(self, world):
        self.world, self.picture = world, picture.Picture(world)
        self.faults, self.seen = [], {}

    def count(self, what):
        self.seen[what] = self.seen.get(what, 0) + 1

    def judge(self, question, reply):
        wire = bytes.fromhex(question["query" if "query" in question else "message"])
        try:
            if "message" in question:
                self.message(wire, reply["read"])
            else:
                self.query(wire, question, None if reply["answer"] is None else bytes.fromhex(reply["answer"]))
        except Exception as e:      # also what dnspython's readers raise, and slips of this script
            at = traceback.extract_tb(e.__traceback__)[-1]
            self.faults.append(f"{at.name}:{at.lineno} {type(e).__name__} {e}: {json.dumps(question)} gave {json.dumps(reply)[:1500]}")

    def query(self, wire, question, answer):
        if len(wire) < 12 or wire[2] & 0x80:
            assert answer == b"", "no query, and an answer"
            return self.count("no query")
        seen = Seen(wire)
        try:
            dns.message.from_wire(wire)
            refusal = None
        except Exception as e:      # what its readers of data raise is not DNSException alone
            refusal = type(e).__name__
        if seen.opcode == 0 and (refusal is None) != (seen.refused is None):
            known = explain(refusal, seen)
            assert known, f"dnspython: {refusal}, we ought to: {seen.refused}"
            self.count(f"known: {known}")
        self.count("malformed" if seen.refused else "well formed")
        if not seen.opcode and not seen.refused and not seen.name:
            return self.count("a cookie alone")
        self.answer(seen, question, answer)

    def answer(self, seen, question, answer):
        found = None if seen.refused or seen.opcode else self.picture.find(seen.name.labels[:-1])
        expected = self.rcode(seen, found)
        zone = self.picture.reverse_zone(seen.name.labels[:-1]) if found else None
        is_known = found and found is not picture.ELSEWHERE and not (zone and not (isinstance(found, set) and seen.type == dns.rdatatype.PTR))
        is_foreign = expected in ("REFUSED", "NXDOMAIN", "NOERROR") and not is_known and not 249 <= seen.type <= 254 and seen.cls in (1, 255)
        if is_foreign and question["forward"] and seen.flags & dns.flags.RD:
            assert answer is None, "should be asked elsewhere"
            return self.count("to others")
        assert answer, "no answer"
        # bytes behind the message and counts that are wrong are refused; it does not know every opcode
        got = dns.message.from_wire(bytes((*answer[:2], answer[2] & 0x87, *answer[3:])), one_rr_per_rrset=True)
        assert answer[2] >> 3 & 15 == seen.opcode, "another opcode came back"
        rcode = dns.rcode.to_text(got.rcode())
        assert rcode == expected, f"{rcode} for {expected}"
        self.count(rcode)
        self.head(seen, question, answer, got, found if expected in ("NOERROR", "NXDOMAIN") else None)
        self.edns(seen, got, rcode)
        if expected == "NOERROR":
            self.sections(seen, question, answer, got, found)
        else:
            assert not got.answer and not got.additional, "records in an answer that has none"
        is_none = expected == "NXDOMAIN" or (expected == "NOERROR" and not got.answer and not got.flags & dns.flags.TC)
        assert bool(got.authority) == is_none, "SOA is there exactly when there is nothing"
        if is_none:
            self.soa(got.authority, zone or self.picture.domain)
            self.count("no such address" if zone else "no such name")
        if not got.answer and rcode == "NOERROR":
            self.count("NODATA")

    @staticmethod
    def rcode(seen, found):
        if seen.opcode:
            return "NOTIMP"
        if seen.refused:
            return "FORMERR"
        if seen.version:
            return "BADVERS"
        if seen.cls not in (1, 255) or 249 <= seen.type <= 254:
            return "REFUSED"
        if seen.type == dns.rdatatype.OPT:
            return "FORMERR"
        if found is picture.ELSEWHERE:
            return "REFUSED"
        return "NXDOMAIN" if found is picture.MISSING else "NOERROR"

    def head(self, seen, question, answer, got, ours):
        """Flags, the question, the size."""
        flags = dns.flags.QR | (dns.flags.AA if ours else 0) | (dns.flags.RA if question["forward"] else 0)
        flags |= seen.flags & (dns.flags.RD | dns.flags.CD) | got.flags & (dns.flags.TC | 15)
        assert got.id == seen.id and int(got.flags) == int(flags), f"flags {int(got.flags):04x} for {int(flags):04x}"
        if seen.opcode or seen.refused:
            assert not got.question, "a question that was not read came back"
        else:
            assert answer[12:seen.end] == seen.wire[12:seen.end] and answer[4:6] == b"\0\1", "the question is not as it was"
        most = 65535 if question["stream"] else self.most(seen)
        assert len(answer) <= most, f"{len(answer)} bytes for {most}"

    def most(self, seen):
        return max(512, min(seen.opt[0], self.world["udpSize"])) if seen.opt else 512

    def edns(self, seen, got, rcode):
        assert (got.edns >= 0) == bool(seen.opt), "OPT is there exactly when it was asked with"
        if not seen.opt:
            return
        assert got.edns == 0 and got.payload == self.world["udpSize"]
        assert bool(got.ednsflags & dns.flags.DO) == bool(seen.opt[1] & 0x8000), "DO is given back"
        cookies = [o.to_wire() for o in got.options if o.otype == dns.edns.OptionType.COOKIE]
        assert len(got.options) == len(cookies)
        if seen.cookie and not seen.refused and rcode != "BADVERS":
            assert len(cookies) == 1 and len(cookies[0]) == 24 and cookies[0][:8] == seen.cookie[:8], "the cookie"
            self.count("cookie")
        else:
            assert not cookies

    def soa(self, authority, zone):
        assert len(authority) == 1
        (rrset,) = authority
        assert rrset.rdtype == dns.rdatatype.SOA and tuple(map(picture.lower, rrset.name.labels[:-1])) == zone
        assert rrset.ttl == rrset[0].minimum == self.world["negativeTtl"]

    def sections(self, seen, question, answer, got, found):
        kind = dns.rdatatype.to_text(seen.type)
        expected = self.expected(found, kind)
        records = [data(rrset[0]) for rrset in got.answer]
        assert len(records) == len(set(records)), "a record twice"
        for rrset in got.answer:
            assert rrset.name.labels == seen.name.labels and rrset.rdclass == 1, "the owner is not the question"
            assert rrset.ttl == self.world["negativeTtl" if kind == "SOA" else "ttl"]
        if got.flags & dns.flags.TC:
            assert not question["stream"] and set(records) < expected, "cut, and yet whole"
            assert kind not in ("A", "AAAA") or len(answer) + 28 > self.most(seen), "cut, and room is left"
            self.count("cut")
        else:
            assert set(records) == expected, f"{sorted(map(str, records))} for {sorted(map(str, expected))}"
        if records:
            self.count(kind)
        self.additional(question, got, found, kind)

    def expected(self, found, kind):
        if found == "apex":
            top = self.picture.domain
            soa = [(b"ns", *top), (b"hostmaster", *top), self.world["serial"], self.world["negativeTtl"]]
            return {"NS": {(b"ns", *top)}, "SOA": {tuple(soa)}, "ANY": {"RFC8482"}}.get(kind, set())
        if isinstance(found, set):
            return {"PTR": found, "ANY": {"RFC8482"}}.get(kind, set())
        if found == "server":
            return {"ANY": {"RFC8482"}}.get(kind) or {a for a in self.world["server"] if kind == ("AAAA" if ":" in a else "A")}
        if not isinstance(found, picture.Entry):
            return set()
        return {"RFC8482"} if kind == "ANY" else self.picture.records(found, kind)

    def additional(self, question, got, found, kind):
        """Addresses of the hosts that SRV and NS lead to, each once, as many as fit; by TCP all."""
        hosts = {}
        if kind == "NS" and found == "apex":
            hosts[(b"ns", *self.picture.domain)] = set(self.world["server"])
        elif kind == "SRV" and isinstance(found, picture.Entry):
            for i in found.good:
                hosts[self.picture.target(i)] = self.picture.addresses(i, 4) | self.picture.addresses(i, 6)
        targets = {record if kind == "NS" else record[3] for record in (data(rrset[0]) for rrset in got.answer)} if hosts else set()
        wanted = {(target, address) for target in targets for address in hosts[target]}
        given = [(tuple(map(picture.lower, rrset.name.labels[:-1])), data(rrset[0])) for rrset in got.additional]
        assert len(given) == len(set(given)), "an additional record twice"
        assert set(given) <= wanted and (not question["stream"] or set(given) == wanted), f"additional {given} for {wanted}"
        if given:
            self.count("additional")

    def message(self, wire, read):
        try:
            message = dns.message.from_wire(wire, one_rr_per_rrset=True, keyring=None)
        except Exception as e:
            return self.count("message malformed" if read is None else f"known: message read, dnspython: {type(e).__name__}")
        if message.opcode() or len(message.question) > 1:
            return self.count("message of another kind")
        assert read is not None, "dnspython can read it"
        question = [[q.name.to_text(), int(q.rdtype), int(q.rdclass)] for q in message.question]
        assert question == ([read["question"]] if read["question"][0] else []), f"{question}"
        for section, ours in (("answer", read["answers"]), ("authority", read["authorities"]), ("additional", read["additionals"])):
            theirs = [[s.name.to_text(), int(s.rdtype), int(s.rdclass), s.ttl, makes.text(s[0])] for s in getattr(message, section)]
            ours = [[*one[:3], 0 if one[3] > 0x7FFFFFFF else one[3], makes.shown(*one[1:3], one[4])] for one in ours if one[1] != dns.rdatatype.OPT]
            assert theirs == ours, f"{section} {theirs}"
        self.count("message read")


def data(rdata):
    """The data of a record, comparable."""
    name = lambda n: tuple(map(picture.lower, n.labels[:-1]))
    match dns.rdatatype.to_text(rdata.rdtype):
        case "A" | "AAAA":
            return rdata.address
        case "SRV":
            return (rdata.priority, rdata.weight, rdata.port, name(rdata.target))
        case "TXT":
            return rdata.strings
        case "NS" | "PTR":
            return name(rdata.target)
        case "SOA":
            return (name(rdata.mname), name(rdata.rname), rdata.serial, rdata.minimum)
        case "HINFO":
            return rdata.cpu.decode()
    raise AssertionError(f"a record of type {rdata.rdtype}")


def main():
    world = json.loads(sys.stdin.readline())
    judge = Judge(world)
    chance = random.Random(world["seed"])
    questions = makes.everything(chance, world, judge.picture)
    sys.stdout.writelines(json.dumps(question) + "\n" for question in [*questions, {}])
    sys.stdout.flush()
    for question in questions:
        judge.judge(question, json.loads(sys.stdin.readline()))
    print(json.dumps({"faults": judge.faults, "seen": judge.seen}), flush=True)


main()
