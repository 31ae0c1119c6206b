"""Proofs by themselves, beside a file: .tst, .tsr, .ots, .tlog-proof (docs/formats/inspection.md, tlog-proof.md)."""

import hashlib
import re

import der
import note
import ots
import spine
import tokens
import x509
from canonical import Refused, from_base64

TLOG_PROOF = b"c2sp.org/tlog-proof@v1\n"
MAX_TLOG_PROOF = 96 * 1024


def kind_of(data):
    """What it is, by content; None for a file to hold against one."""
    if data.startswith(ots.MAGIC):
        return "opentimestamps"
    if data.startswith(TLOG_PROOF):
        return "tlog-proof"
    if data[:1] != b"\x30":
        return None
    if imprint_of(data) is not None:
        return "timestamp-token"
    token = tokens.from_response(data)
    return "timestamp-response" if token is not None and imprint_of(token) is not None else None


def imprint_of(data):
    """(algorithm, digest) of a token; None if it is no token."""
    try:
        outer, _ = der.read(data or b"", 0, len(data or b""), der.MAX_LEVELS)
        content = der.octets(outer[1][0][2][1][0])
        if der.oid(outer[1][0][2][0]) != tokens.TST_INFO:
            return None
        info = der.parse(content)
        return tokens.DIGESTS.get(der.oid(info[2][0][0])), der.octets(info[2][1])
    except (der.Malformed, IndexError, AttributeError):
        return None


def find_file(checks, files, fits):
    """The presented file that the proof speaks of."""
    for file in files:
        if fits(file):
            checks.add("file.digest", "passed")
            return file
    if len(files) == 1 and kind_of(files[0].data) is None:
        checks.add("file.digest", "failed", "not-the-file-of-this-proof")
    else:
        checks.add("file.missing", "not-checked", "absent")
    return None


def inspect_token(checks, data, kind, files, policy):
    token = tokens.from_response(data) if kind == "timestamp-response" else data
    if token is None:
        checks.add("rfc3161", "failed", "not-granted")
        return ["file.digest", "rfc3161"]
    algorithm, imprint = imprint_of(token)
    evidence = [f for f in files if not is_aid(f.data)]
    file = None
    if algorithm is not None:
        file = find_file(checks, evidence, lambda f: hashlib.new(algorithm, f.data).digest() == imprint)
    stamped = DigestOnly(imprint) if file is None else file.data
    material = material_among(files)
    try:
        check_with(token, stamped, policy, material)
        checks.add("rfc3161", "passed")
    except x509.Bad as bad:
        checks.add("rfc3161", "failed", str(bad))
    except tokens.Open as cause:
        checks.add("rfc3161", "not-checked", str(cause))
    return ["file.digest", "rfc3161"]


class DigestOnly(bytes):
    """Stands for bytes of which only the digest is known."""


def check_with(token, stamped, policy, material):
    authorities = None if policy is None else policy.authorities
    if not isinstance(stamped, DigestOnly):
        return tokens.check_token(token, stamped, authorities, material)
    real = hashlib.new
    # The file is not at hand: the token's own imprint stands for it.
    tokens.hashlib = type("Known", (), {"new": staticmethod(lambda a, d=b"": Known(real, a, d, stamped))})
    try:
        return tokens.check_token(token, stamped, authorities, material)
    finally:
        tokens.hashlib = hashlib


class Known:
    def __init__(self, real, algorithm, data, stamped):
        self._hash, self._data, self._stamped = real(algorithm, data), data, stamped
        self.digest_size = self._hash.digest_size

    def digest(self):
        return bytes(self._stamped) if self._data is self._stamped else self._hash.digest()


def is_aid(data):
    """An X.509 certificate, a CRL or an OCSP response in DER."""
    return is_certificate(data) or is_revocation(data)


def is_certificate(data):
    try:
        x509.parse_certificate(data)
    except der.Malformed:
        return False
    return True


def is_revocation(data):
    try:
        outer = der.parse(data)
        if outer[0].tag == 0x0A:
            return der.oid(outer[1][0][0]) == "1.3.6.1.5.5.7.48.1.1"
        # CertificateList: version, algorithm, issuer, time.
        return outer.tag == 0x30 and len(outer) == 3 and outer[0][3].tag in (0x17, 0x18)
    except (der.Malformed, IndexError):
        return False


def material_among(files):
    """(certificates, revocation data) that lie beside a thing."""
    return [f.data for f in files if is_certificate(f.data)], [f.data for f in files if is_revocation(f.data)]


def presented_among(files, document):
    """Without proofs and aids, unless the document itself speaks of them."""
    return [
        f for f in files if f.sha256.encode() in document or (kind_of(f.data) is None and not is_aid(f.data))
    ]


def inspect_ots(checks, data, files, policy):
    digest, _ = ots.parse(data)
    find_file(checks, files, lambda f: bytes.fromhex(f.sha256) == digest)
    outcome, _ = ots.check(data, digest, {} if policy is None else policy.headers)
    checks.add("opentimestamps", *outcome)
    return ["file.digest", "opentimestamps"]


def parse_tlog_proof(data):
    code = "invalid-tlog-proof"
    if len(data) > MAX_TLOG_PROOF:
        raise Refused("too-large", f"{len(data)} bytes")
    head, separator, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")[1:]
    except UnicodeDecodeError:
        raise Refused(code, "not ASCII") from None
    if not separator or not lines:
        raise Refused(code, "lines")
    extra = None
    if lines[0].startswith("extra "):
        extra = decoded(lines.pop(0)[6:], code)
        if not 1 <= len(extra) <= 16384:
            raise Refused(code, "extra")
    match = re.fullmatch("index (0|[1-9][0-9]{0,15})", lines.pop(0)) if lines else None
    if match is None or len(lines) > 63:
        raise Refused(code, "index")
    hashes = [decoded(line, "invalid-base64") for line in lines]
    if any(len(h) != 32 for h in hashes):
        raise Refused(code, "a hash of another length")
    return extra, int(match[1]), hashes, note.parse_checkpoint(checkpoint, extensions=True)


def decoded(text, code):
    try:
        return from_base64(text)
    except Refused:
        raise Refused(code, "base64") from None


def inspect_tlog_proof(checks, data, files, policy):
    extra, index, hashes, checkpoint = parse_tlog_proof(data)
    entries = [e for f in files for e in (f.data, bytes.fromhex(f.sha256))]

    def included(entry):
        return spine.root_from_proof(spine.leaf_hash(entry), index, checkpoint.size, hashes) == checkpoint.root

    about = None
    try:
        included(b"")
    except spine.Mismatch as mismatch:
        checks.add("log.entry", "failed", str(mismatch))
        entries, extra = [], None
        files = None
    if files is None:
        pass
    elif any(map(included, entries)):
        checks.add("log.entry", "passed")
    elif extra is not None and included(extra):
        checks.add("file.missing", "not-checked", "unsupported")
        checks.add("log.entry", "passed")
    elif len(files) == 1 and kind_of(files[0].data) is None:
        checks.add("log.entry", "failed", "root-mismatch")
    else:
        checks.add("file.missing", "not-checked", "absent")
    if policy is None:
        checks.add("log.origin", "not-checked", "no-policy")
        checks.add("log.signature", "not-checked", "no-policy")
    elif checkpoint.origin not in policy.logs:
        checks.add("log.origin", "not-checked", "untrusted-key")
        checks.add("log.signature", "not-checked", "untrusted-key")
    else:
        checks.add("log.origin", "passed")
        outcomes = [note.signed_by(checkpoint, key) for key in policy.logs[checkpoint.origin]["keys"]]
        if False in outcomes:
            checks.add("log.signature", "failed", "signature-invalid")
        elif True in outcomes:
            checks.add("log.signature", "passed")
        else:
            checks.add("log.signature", "not-checked", "untrusted-key")
    lines = [line for line in data.decode().split("\n") if line.startswith("— ")]
    others = [line for line in lines if not line.startswith(f"— {checkpoint.origin} ")]
    checks.add("log.cosignatures", *note.check_cosignatures(checkpoint, others, policy), about)
    return ["log.entry", "log.origin", "log.signature", *(["log.cosignatures"] if policy and policy.quorum else [])]
