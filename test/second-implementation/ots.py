"""OpenTimestamps proofs (docs/formats/opentimestamps.md)."""

import hashlib
import re
from dataclasses import dataclass

from canonical import Refused

MAGIC = bytes.fromhex("004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294")
PENDING = bytes.fromhex("83dfe30d2ef90c8e")
BITCOIN = bytes.fromhex("0588960d73d71901")
LITECOIN = bytes.fromhex("06869a0d73d71b45")
MAX_BYTES, MAX_MESSAGE, MAX_PAYLOAD, MAX_ADDRESS, MAX_DEPTH = 65536, 4096, 8192, 1000, 255
TWO_HOURS_MS = 2 * 3600 * 1000


def bad(message):
    return Refused("invalid-opentimestamps", message)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        if self.at + length > len(self.data):
            raise bad("bytes missing")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, most=2**53):
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if value > most:
                raise Refused("too-large", "a number")
            if not byte & 0x80:
                if byte == 0 and shift:
                    raise bad("a number in a longer spelling")
                return value
            shift += 7
            if shift > 56:
                raise bad("a number in a longer spelling")

    def bytes(self, most):
        length = self.number()
        if length > most:
            raise Refused("too-large", f"{length} bytes, at most {most}")
        return self.take(length)

    def end(self):
        if self.at != len(self.data):
            raise Refused("trailing-bytes", "bytes behind the end")


@dataclass
class Attestation:
    kind: bytes
    value: object
    """Height, address or raw payload."""
    message: bytes
    """None behind an operation that is not computed."""


def parse(data):
    """(digest, attestations) of a .ots file over a SHA-256."""
    if len(data) > MAX_BYTES:
        raise Refused("too-large", f"{len(data)} bytes")
    reader = Reader(data)
    if reader.take(min(len(MAGIC), len(data))) != MAGIC:
        raise bad("magic")
    if reader.number() != 1:
        raise bad("version")
    algorithm = reader.take(1)
    if algorithm in (b"\x02", b"\x03", b"\x67"):
        raise Refused("unsupported-digest", algorithm.hex())
    if algorithm != b"\x08":
        raise Refused("unknown-operation", algorithm.hex())
    digest = reader.take(32)
    found = []
    timestamp(reader, digest, 0, found)
    reader.end()
    return digest, found


def timestamp(reader, message, depth, found):
    if depth > MAX_DEPTH:
        raise Refused("too-deep", f"more than {MAX_DEPTH} operations")
    seen = set()
    more = True
    while more:
        tag = reader.take(1)
        more = tag == b"\xff"
        if more:
            tag = reader.take(1)
        if tag == b"\0":
            start = reader.at
            kind, payload = reader.take(8), reader.bytes(MAX_PAYLOAD)
            key = tag + reader.data[start : reader.at]
            found.append(Attestation(kind, attestation_value(kind, payload), message))
        else:
            argument = b""
            if tag in (b"\xf0", b"\xf1"):
                argument = reader.bytes(MAX_MESSAGE)
                if not argument:
                    raise bad("an append or prepend of nothing")
            elif tag not in (b"\x08", b"\xf3", b"\x02", b"\x03", b"\x67", b"\xf2"):
                raise Refused("unknown-operation", tag.hex())
            key = tag + argument
            timestamp(reader, apply(tag, argument, message), depth + 1, found)
        if key in seen:
            raise bad("the same branch twice")
        seen.add(key)


def apply(tag, argument, message):
    if message is None or tag in (b"\x02", b"\x03", b"\x67", b"\xf2"):
        return None
    if tag == b"\x08":
        return hashlib.sha256(message).digest()
    result = {b"\xf0": message + argument, b"\xf1": argument + message, b"\xf3": message.hex().encode()}[tag]
    if len(result) > MAX_MESSAGE:
        raise Refused("too-large", "a message")
    return result


def attestation_value(kind, payload):
    reader = Reader(payload)
    if kind == PENDING:
        address = reader.bytes(MAX_ADDRESS)
        reader.end()
        if not re.fullmatch(rb"[A-Za-z0-9._/:-]*", address):
            raise bad("an address")
        return address.decode()
    if kind in (BITCOIN, LITECOIN):
        height = reader.number(2**32 - 1)
        reader.end()
        return height
    return payload


def header_stands(header):
    bits = int.from_bytes(header[72:76], "little")
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    target = mantissa << 8 * (exponent - 3) if exponent > 3 else mantissa >> 8 * (3 - exponent)
    work = hashlib.sha256(hashlib.sha256(header).digest()).digest()
    return not bits & 0x800000 and int.from_bytes(work, "little") <= target


def check(data, digest, headers, has_policy=True):
    """((status, cause), time in milliseconds or None). `headers`: height to list of 80 bytes."""
    try:
        named, attestations = parse(data)
    except Refused:
        return ("failed", "proof-malformed"), None
    if named != digest:
        return ("failed", "proof-of-another-digest"), None
    times, known, unknown = [], False, False
    for attestation in attestations:
        if attestation.kind != BITCOIN or attestation.message is None:
            continue
        at_height = [h for h in headers.get(attestation.value, []) if header_stands(h)]
        for header in at_height:
            known = True
            if header[36:68] == attestation.message:
                times.append(int.from_bytes(header[68:72], "little") * 1000 + TWO_HOURS_MS)
        unknown = unknown or not at_height
    if times:
        return ("passed", None), min(times)
    if known:
        return ("failed", "merkle-root-mismatch"), None
    if unknown:
        return ("not-checked", "offline"), None
    if any(a.kind == PENDING and a.message is not None for a in attestations):
        return ("pending", None), None
    return ("not-checked", "unsupported"), None
