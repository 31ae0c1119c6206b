"""X.509 certificates, chains and revocation as far as docs/formats/rfc3161.md asks (steps 10 to 12)."""

from dataclasses import dataclass, field

import der
from canonical import sha256
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

HASHES = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}
WEAK_HASHES = {"1.2.840.113549.2.5", "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.4"}
ECDSA = {f"1.2.840.10045.4.3.{n}": h for n, h in ((2, hashes.SHA256), (3, hashes.SHA384), (4, hashes.SHA512))}
RSA_PKCS1 = {f"1.2.840.113549.1.1.{n}": h for n, h in ((11, hashes.SHA256), (12, hashes.SHA384), (13, hashes.SHA512))}
WEAK_SIGNATURES = {"1.2.840.10045.4.1", "1.2.840.10045.4.3.1", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.14"}
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSA_PSS = "1.2.840.113549.1.1.10"
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
KEY_USAGE, BASIC, PURPOSES = "2.5.29.15", "2.5.29.19", "2.5.29.37"
KNOWN_EXTENSIONS = {KEY_USAGE, BASIC, PURPOSES, "2.5.29.14", "2.5.29.17", "2.5.29.18", "2.5.29.31", "2.5.29.32", "2.5.29.35"}
TIME_STAMPING, OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
MAX_CHAIN = 8
# Revoked later for one of these, what was signed before stands.
HARMLESS_LATER = {0, 3, 4, 5}


class Unsupported(Exception):
    pass


class Bad(Exception):
    """A reason of the report."""


def verify(spki, algorithm, message, signature, signer_digest=None):
    """Raises Bad (`signature-invalid`, `weak-key`, `weak-digest`) or Unsupported."""
    name = der.oid(algorithm[0])
    if name in WEAK_SIGNATURES:
        raise Bad("weak-digest")
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise Unsupported(name) from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
        raise Bad("weak-key")
    try:
        if name in ECDSA:
            if not isinstance(key, ec.EllipticCurvePublicKey):
                raise Bad("signature-invalid")
            if not isinstance(key.curve, CURVES):
                raise Unsupported(key.curve.name)
            key.verify(signature, message, ec.ECDSA(ECDSA[name]()))
        elif name in RSA_PKCS1 or name == RSA_ENCRYPTION:
            digest = RSA_PKCS1.get(name) or HASHES.get(signer_digest)
            if digest is None:
                raise Bad("weak-digest") if signer_digest in WEAK_HASHES else Unsupported(signer_digest)
            if not isinstance(key, rsa.RSAPublicKey):
                raise Bad("signature-invalid")
            key.verify(signature, message, padding.PKCS1v15(), digest())
        elif name == RSA_PSS:
            digest, salt = pss_parameters(algorithm)
            if not isinstance(key, rsa.RSAPublicKey):
                raise Bad("signature-invalid")
            key.verify(signature, message, padding.PSS(padding.MGF1(digest()), salt), digest())
        else:
            raise Unsupported(name)
    except (InvalidSignature, ValueError):
        raise Bad("signature-invalid") from None


def pss_parameters(algorithm):
    """Mask and digest by the same algorithm."""
    parts = {part.tag: part[0] for part in algorithm[1]} if len(algorithm) > 1 else {}
    if 0xA0 not in parts or 0xA1 not in parts:
        raise Bad("weak-digest")
    digest, mask = der.oid(parts[0xA0][0]), der.oid(parts[0xA1][1][0])
    if digest in WEAK_HASHES:
        raise Bad("weak-digest")
    if digest not in HASHES or mask != digest:
        raise Unsupported(digest)
    return HASHES[digest], der.integer(parts[0xA2]) if 0xA2 in parts else 20


@dataclass
class Certificate:
    der: bytes
    tbs: bytes
    serial: int
    issuer: bytes
    subject: bytes
    not_before: int
    not_after: int
    spki: bytes
    key_bits: bytes
    algorithm: der.Node
    signature: bytes
    extensions: dict = field(default_factory=dict)
    """Object identifier to (critical, DER value)."""

    @property
    def unknown_critical(self):
        return any(critical and name not in KNOWN_EXTENSIONS for name, (critical, _) in self.extensions.items())

    def extension(self, name):
        found = self.extensions.get(name)
        return None if found is None else der.parse(found[1])

    @property
    def key_usage(self):
        """Set of bit numbers, or None if it is not stated."""
        node = self.extension(KEY_USAGE)
        if node is None:
            return None
        return {i * 8 + j for i, byte in enumerate(der.bits(node)) for j in range(8) if byte & 0x80 >> j}

    @property
    def is_ca(self):
        node = self.extension(BASIC)
        return node is not None and len(node) > 0 and node[0].tag == 1 and der.boolean(node[0])

    @property
    def path_length(self):
        node = self.extension(BASIC)
        last = None if node is None or len(node) == 0 else node[-1]
        return der.integer(last) if last is not None and last.tag == 2 else None

    @property
    def subject_key_id(self):
        node = self.extension("2.5.29.14")
        return None if node is None else der.octets(node)

    @property
    def purposes(self):
        node = self.extension(PURPOSES)
        return None if node is None else [der.oid(purpose) for purpose in node]


def parse_certificate(data):
    return der.guarded(read_certificate, data)


def read_certificate(data):
    outer = der.expect(der.parse(data), 0x30)
    tbs, algorithm, signature = outer
    parts = list(der.expect(tbs, 0x30))
    if parts[0].tag == 0xA0:
        parts = parts[1:]
    serial, _inner, issuer, validity, subject, spki, *rest = parts
    extensions = {}
    for part in rest:
        if part.tag == 0xA3:
            extensions = read_extensions(part[0])
    return Certificate(
        data, tbs.raw, der.integer(serial), issuer.raw, subject.raw,
        der.any_time_ms(validity[0]), der.any_time_ms(validity[1]),
        spki.raw, der.bits(spki[1]), algorithm, der.bits(signature), extensions,
    )  # fmt: skip


def read_extensions(sequence):
    extensions = {}
    for extension in sequence:
        name, *critical, value = extension
        if der.oid(name) in extensions:
            raise der.Malformed("an extension twice")
        extensions[der.oid(name)] = (bool(critical) and der.boolean(critical[0]), der.octets(value))
    return extensions


def parse_all(blobs):
    found = []
    for blob in blobs:
        try:
            found.append(parse_certificate(blob))
        except der.Malformed:
            continue
    return found


def issued(issuer, certificate):
    """True if issuer's name and key fit; a reason if its signature cannot be judged."""
    if issuer.subject != certificate.issuer:
        return False
    try:
        verify(issuer.spki, certificate.algorithm, certificate.tbs, certificate.signature)
    except Bad as bad:
        return False if str(bad) == "signature-invalid" else bad
    except Unsupported as unsupported:
        return unsupported
    return True


def judge_chain(signer, at_hand, roots, at, revocation):
    """
    Leads the signer to a root: the chain, or None if nothing leads there. Raises Bad, Unsupported. Of several chains one that
    stands is taken; if none does, the first issuer that fits by signature and is refused gives the reason.
    """
    known = {root.der for root in roots}
    candidates = list({c.der: c for c in [*roots, *at_hand]}.values())
    check_certificate(signer, at)
    first = []

    def grow(chain):
        last = chain[-1]
        if last.der in known:
            return chain
        if len(chain) > MAX_CHAIN:
            return None
        for candidate in candidates:
            if any(candidate.der == link.der for link in chain):
                continue
            fits = issued(candidate, last)
            if fits is False or str(fits) == "weak-key":
                continue
            try:
                if fits is not True:
                    raise fits
                check_issuer(candidate, len(chain) - 1)
                check_period(candidate, at)
                if candidate.der not in known:
                    check_certificate(candidate, at)
            except (Bad, Unsupported) as bad:
                first.append(bad)
                continue
            whole = grow([*chain, candidate])
            if whole is not None:
                return whole
        return None

    chain = grow([signer])
    if chain is None and first:
        raise first[0]
    if chain is not None:
        check_revocation(chain, candidates, revocation, at)
    return chain


def follow_chain(chain, roots, at, revocation):
    """A chain that stands in its order, as seals carry it: what leads from its first certificate to one of `roots`, or None. Raises Bad."""
    for position, certificate in enumerate(chain):
        check_certificate(certificate, at)
        path = chain[: position + 1]
        if not any(certificate.der == root.der for root in roots):
            above = next((root for root in roots if stands_above(root, certificate, position, at)), None)
            if above is None:
                if position + 1 < len(chain):
                    check_next(chain[position + 1], certificate, position)
                continue
            path = [*path, above]
        check_revocation(path, path, revocation, at)
        return path
    return None


def stands_above(root, certificate, position, at):
    try:
        if issued(root, certificate) is not True:
            return False
        check_issuer(root, position)
        check_period(root, at)
    except Bad:
        return False
    return True


def check_next(issuer, certificate, position):
    if issuer.subject != certificate.issuer:
        raise Bad("issuer-mismatch")
    fits = issued(issuer, certificate)
    if fits is False:
        raise Bad("certificate-signature-invalid")
    if fits is not True:
        raise fits
    check_issuer(issuer, position)


def check_certificate(certificate, at):
    check_period(certificate, at)
    if certificate.unknown_critical:
        raise Bad("unknown-critical-extension")


def check_period(certificate, at):
    if at < certificate.not_before:
        raise Bad("certificate-not-yet-valid")
    # The end is a whole second, which still counts.
    if at >= certificate.not_after + 1000:
        raise Bad("certificate-expired")


def check_issuer(certificate, below):
    usage = certificate.key_usage
    if not certificate.is_ca or (usage is not None and 5 not in usage):
        raise Bad("issuer-is-not-a-ca")
    if certificate.path_length is not None and below > certificate.path_length:
        raise Bad("path-too-long")


def check_revocation(chain, at_hand, revocation, at):
    for position, certificate in enumerate(chain[:-1]):
        issuer = chain[position + 1]
        for blob in revocation:
            for answer in (crl_answer, ocsp_answer):
                try:
                    revoked = der.guarded(answer, blob, certificate, issuer, at_hand)
                except (der.Malformed, Bad, Unsupported):
                    continue
                if revoked is not None and voids(revoked, at):
                    raise Bad("signer-revoked" if position == 0 else "issuer-revoked")


def voids(revoked, at):
    since, reason, invalid_since = revoked
    if since <= at or (invalid_since is not None and invalid_since <= at):
        return True
    return reason not in HARMLESS_LATER


def crl_answer(blob, certificate, issuer, _at_hand):
    tbs, algorithm, signature = der.parse(blob)
    parts = [part for part in tbs if not (part.tag == 2)]
    inner, name, _this_update, *rest = parts
    if name.raw != certificate.issuer or inner.raw != algorithm.raw:
        return None
    usage = issuer.key_usage
    if usage is not None and 6 not in usage:
        return None
    for part in rest:
        if part.tag == 0xA0 and not crl_extensions_fit(read_extensions(part[0]), certificate):
            return None
    verify(issuer.spki, algorithm, tbs.raw, der.bits(signature))
    for part in rest:
        if part.tag != 0x30:
            continue
        for entry in part:
            if der.integer(entry[0]) == certificate.serial:
                reason, invalid_since = entry_extensions(entry)
                return der.any_time_ms(entry[1]), reason, invalid_since
    return None


def crl_extensions_fit(extensions, certificate):
    for name, (critical, value) in extensions.items():
        if name == "2.5.29.28":
            tags = {part.tag: part.content for part in der.parse(value)}
            other_kind = 0x81 if certificate.is_ca else 0x82
            if any(tags.get(tag) == b"\xff" for tag in (0x84, 0x85, other_kind)) or 0x83 in tags:
                return False
        elif name == "2.5.29.27" or (critical and name not in ("2.5.29.20", "2.5.29.35")):
            return False
    return True


def entry_extensions(entry):
    reason = invalid_since = None
    if len(entry) > 2:
        for name, (_, value) in read_extensions(entry[2]).items():
            if name == "2.5.29.21":
                reason = der.integer(der.parse(value), 10)
            elif name == "2.5.29.24":
                invalid_since = der.generalized_ms(der.parse(value))[0]
    return reason, invalid_since


def ocsp_answer(blob, certificate, issuer, at_hand):
    from cryptography.hazmat.primitives.hashes import Hash

    outer = der.parse(blob)
    if der.integer(outer[0], 10) != 0:
        return None
    kind, body = outer[1][0]
    if der.oid(kind) != "1.3.6.1.5.5.7.48.1.1":
        return None
    data, algorithm, signature, *certs = der.parse(der.octets(body))
    responder = issuer
    responses = [part for part in data if part.tag == 0x30][0]
    produced = [der.generalized_ms(part)[0] for part in data if part.tag == 0x18][0]
    embedded = parse_all([c.raw for c in certs[0][0]]) if certs else []
    keys = [issuer, *[
        c for c in [*embedded, *at_hand]
        if OCSP_SIGNING in (c.purposes or []) and issued(issuer, c) is True and c.not_before <= produced <= c.not_after
    ]]  # fmt: skip
    for responder in keys:
        try:
            verify(responder.spki, algorithm, data.raw, der.bits(signature))
            break
        except Bad:
            continue
    else:
        return None
    for single in responses:
        cert_id, status = single[0], single[1]
        digest = {"1.3.14.3.2.26": hashes.SHA1, **HASHES}[der.oid(cert_id[0][0])]

        def digest_of(value, digest=digest):
            hasher = Hash(digest())
            hasher.update(value)
            return hasher.finalize()

        if (
            der.octets(cert_id[1]) == digest_of(certificate.issuer)
            and der.octets(cert_id[2]) == digest_of(issuer.key_bits)
            and der.integer(cert_id[3]) == certificate.serial
            and status.tag == 0xA1
        ):
            reason = der.integer(status[1][0], 10) if len(status) > 1 else None
            return der.generalized_ms(status[0])[0], reason, None
    return None


def fingerprint(certificate):
    return sha256(certificate.der)
