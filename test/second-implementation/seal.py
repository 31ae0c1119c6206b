"""Seals: detached JWS (docs/formats/seal.md)."""

import json

import canonical as c
import tokens
import x509
from canonical import Refused
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

base64url = "[A-Za-z0-9_-]+"
SEALS = c.items(
    c.fields(
        {
            "protected": c.pattern(base64url, 65536),
            "signature": c.pattern(base64url, 2048),
            "timestamp": c.nullable(c.base64_of(65536)),
        }
    ),
    0,
    8,
)


def payload_of(value):
    return c.encode({name: item for name, item in value.items() if name != "seals"})


def digest_of(value):
    return c.sha256(payload_of(value))


def check_all(value, stated_ms, roots, authorities, material, stamped=True):
    """One ((status, cause), signer or None, trusted time or None) for each seal. `roots` None: no policy."""
    return [check(one, payload_of(value), stated_ms, roots, authorities, material) for one in value["seals"]]


def check(one, payload, stated_ms, roots, authorities, material):
    header = read_header(one["protected"])
    if header is None:
        return ("failed", "malformed"), None, None
    algorithm, chain = header
    if algorithm != "ES256":
        return ("not-checked", "unsupported"), None, None
    signature = c.from_base64url(one["signature"])
    if signature is None:
        return ("failed", "malformed"), None, None
    try:
        certificates = [x509.parse_certificate(item) for item in chain]
    except x509.der.Malformed:
        return ("failed", "certificate-malformed"), None, None
    if not is_p256(certificates[0]):
        return ("failed", "key-does-not-fit-algorithm"), None, None
    key = p256_key(certificates[0])
    message = one["protected"].encode() + b"." + to_base64url(payload)
    if key is None or not es256(key, message, signature):
        return ("failed", "signature-invalid"), None, None
    outcome, token_time = judge_signer(
        certificates, signature, one["timestamp"], stated_ms, roots, authorities, material
    )
    return outcome, certificates[0], token_time


def judge_signer(certificates, signature, timestamp, stated_ms, roots, authorities, material):
    """The signer at the time of its own token, else at the stated time: (outcome, time that an authority vouches for)."""
    at, token_time = stated_ms, None
    if timestamp is not None:
        try:
            token = tokens.check_token(c.from_base64(timestamp), signature, authorities, material)
            at = token_time = token.gen_time
        except (x509.Bad, Refused):
            return ("failed", "timestamp-invalid"), None
        except tokens.Open:
            pass
    try:
        if roots is None:
            return ("not-checked", "no-policy"), token_time
        chain = x509.follow_chain(certificates, roots, at, material[1])
    except x509.Bad as bad:
        return ("failed", str(bad)), token_time
    except x509.Unsupported:
        return ("not-checked", "unsupported"), token_time
    return (("passed", None) if chain else ("not-checked", "untrusted-key")), token_time


def read_header(protected):
    """(alg, DER of x5c) or None."""
    data = c.from_base64url(protected)
    try:
        header = c.parse(data or b"", 65536)
        c.fields({"alg": c.any_text(16), "x5c": c.items(c.base64_of(16384), 1, 8)})(header, "protected")
        return header["alg"], [c.from_base64(item) for item in header["x5c"]]
    except (Refused, json.JSONDecodeError):
        return None


def is_p256(certificate):
    algorithm = [part.raw for part in x509.der.parse(certificate.spki)[0]]
    return algorithm == [bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06082a8648ce3d030107")]


def p256_key(certificate):
    """None for a point that is not on the curve."""
    try:
        return load_der_public_key(certificate.spki)
    except (ValueError, UnsupportedAlgorithm):
        return None


def es256(key, message, signature):
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def to_base64url(data):
    import base64

    return base64.urlsafe_b64encode(data).rstrip(b"=")
