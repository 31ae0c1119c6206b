"""Checkpoints, keys, cosignatures, rotations (docs/formats/checkpoint.md, cosignature.md, log-event.md)."""

import base64
import binascii
import re
from dataclasses import dataclass

from canonical import Refused, from_base64, sha256
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = 1
COSIGNATURE = 4
MAX_TREE_SIZE = 2**48
MAX_NOTE = 64 * 1024


@dataclass(frozen=True)
class Key:
    name: str
    kind: int
    public: bytes

    @property
    def id(self):
        return sha256(self.name.encode(), b"\n", bytes([self.kind]), self.public)[:4]


@dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes
    text: bytes
    """With its last line feed, without signature lines: what is signed."""
    signatures: list
    """(name, key id, rest) of every line."""


def parse_key(value, kind):
    name, _, rest = value.partition("+")
    hash_, _, encoded = rest.partition("+")
    try:
        data = from_base64(encoded)
    except Refused:
        data = b""
    if not name or len(data) != 33 or data[0] != kind or not re.fullmatch("[0-9a-f]{8}", hash_):
        raise Refused("invalid-key", f"key {value}")
    key = Key(name, kind, data[1:])
    if key.id.hex() != hash_:
        raise Refused("invalid-key", f"key {value}: its hash is {key.id.hex()}")
    return key


def ed25519(public, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_checkpoint(data, extensions=False):
    code = "invalid-checkpoint"
    if len(data) > MAX_NOTE:
        raise Refused("too-large", f"{len(data)} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("invalid-utf8", "not UTF-8") from None
    text, separator, tail = whole.rpartition("\n\n")
    lines = text.split("\n")
    signatures = tail.split("\n")
    if not separator or signatures.pop() != "" or not 1 <= len(signatures) <= 64:
        raise Refused("invalid-note", "no signature lines")
    parsed = [parse_signature(line) for line in signatures]
    if None in parsed:
        raise Refused("invalid-note", "a signature line")
    if len(lines) < 3 or (len(lines) > 3 and not extensions) or "" in lines:
        raise Refused(code, "expected three lines")
    if not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]) or int(lines[1]) > MAX_TREE_SIZE:
        raise Refused(code, f"tree size {lines[1]}")
    try:
        root = from_base64(lines[2])
    except Refused:
        raise Refused(code, "root hash") from None
    if len(root) != 32:
        raise Refused(code, "root hash")
    return Checkpoint(lines[0], int(lines[1]), root, (text + "\n").encode(), parsed)


def parse_signature(line):
    match = re.fullmatch("— ([^ +]+) ([A-Za-z0-9+/=]+)", line)
    if match is None:
        return None
    try:
        data = base64.b64decode(match[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) < 5 or base64.b64encode(data).decode() != match[2]:
        return None
    return match[1], data[:4], data[4:]


def signed_by(checkpoint, key):
    """True, False for a line of this key that does not verify, None without a line."""
    lines = [rest for name, id_, rest in checkpoint.signatures if (name, id_) == (key.name, key.id)]
    if not lines:
        return None
    return all(ed25519(key.public, checkpoint.text, rest) for rest in lines)


def check_cosignatures(checkpoint, lines, policy):
    """Outcome of the check `log.cosignatures`."""
    witnesses = {} if policy is None else {(k.name, k.id): k for k in policy.witness_keys}
    present, invalid, strangers = set(), False, False
    for line in lines:
        parsed = parse_signature(line)
        key = None if parsed is None else witnesses.get(parsed[:2])
        if key is None:
            strangers = True
            continue
        body = parsed[2]
        seconds = int.from_bytes(body[:8], "big")
        message = b"cosignature/v1\ntime %d\n" % seconds + checkpoint.text
        if len(body) == 72 and 1 <= seconds <= 253402300799 and ed25519(key.public, message, body[8:]):
            present.add(key.public)
        else:
            invalid = True
    quorum = 0 if policy is None else policy.quorum
    if invalid:
        return "failed", "cosignature-invalid"
    if present and len(present) >= quorum:
        return "passed", None
    if len(present) < quorum:
        return "not-checked", "absent"
    if not lines:
        return "not-checked", "not-required"
    return "not-checked", "no-policy" if policy is None else "untrusted-key"
