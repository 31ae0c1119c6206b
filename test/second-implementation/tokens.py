"""RFC 3161 timestamp tokens (docs/formats/rfc3161.md), steps 1 to 12."""

import hashlib
from dataclasses import dataclass

import der
import x509

DIGESTS = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
WEAK = x509.WEAK_HASHES
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
ESS_V1, ESS_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
MAX_TOKEN = 65536
YEAR_MS = 366 * 86400 * 1000


class Open(Exception):
    """Nothing can be said: the cause of not-checked."""


@dataclass
class Token:
    gen_time: int
    """Milliseconds since 1970."""
    accuracy: int
    chain: list
    root: object


@dataclass
class Info:
    algorithm: str
    imprint: bytes
    gen_time: int
    accuracy: int


def check_token(data, stamped, authorities, material, at_hand=()):
    """
    `stamped`: the bytes, or None to take what the token names. `authorities`: Certificates; None without a policy.
    Raises x509.Bad (failed) or Open (not-checked).
    """
    info, signer, certificates = open_token(data, stamped, material)
    try:
        judged = x509.judge_chain(signer, [*certificates, *at_hand], authorities or [], info.gen_time, material[1])
    except x509.Unsupported:
        raise Open("unsupported") from None
    if judged is None:
        raise Open("no-policy" if authorities is None else "untrusted-key")
    return Token(info.gen_time, info.accuracy, judged, judged[-1])


def open_token(data, stamped, material):
    if len(data) > MAX_TOKEN:
        raise x509.Bad("token-too-large")
    try:
        return der.guarded(read_token, data, stamped, material)
    except der.Trailing:
        raise x509.Bad("trailing-bytes") from None
    except der.Malformed:
        raise x509.Bad("token-malformed") from None
    except x509.Unsupported:
        raise Open("unsupported") from None


def read_token(data, stamped, material):
    outer = der.expect(der.parse(data), 0x30)
    if der.oid(outer[0]) != SIGNED_DATA:
        raise x509.Bad("not-signed-data")
    if len(outer) != 2:
        raise der.Malformed("members")
    signed = der.expect(der.expect(outer[1], 0xA0)[0], 0x30)
    version, algorithms, encapsulated, *rest = signed
    certificates = [part for tagged in rest if tagged.tag == 0xA0 for part in tagged]
    infos = der.expect(rest[-1], 0x31)
    if der.oid(encapsulated[0]) != TST_INFO:
        raise x509.Bad("not-a-timestamp-token")
    content = der.octets(der.expect(encapsulated[1], 0xA0)[0])
    if len(infos) != 1:
        raise x509.Bad("not-exactly-one-signer")
    kinds = {part.tag for part in certificates}
    expected = 5 if kinds & {0xA3} else 4 if kinds & {0xA2} else 3
    if der.integer(version) != expected:
        raise der.Malformed("version of SignedData")
    info = infos[0]
    info_version, identifier, digest_algorithm, *tail = info
    by_key_id = identifier.tag == 0x80
    if der.integer(info_version) != (3 if by_key_id else 1):
        raise der.Malformed("version of SignerInfo")
    digest = der.oid(digest_algorithm[0])
    if digest not in {der.oid(algorithm[0]) for algorithm in algorithms}:
        raise der.Malformed("the signer's digest algorithm is not listed")

    tst = read_tst_info(content)
    if tst.algorithm in WEAK:
        raise x509.Bad("weak-digest")
    if tst.algorithm not in DIGESTS:
        raise Open("unsupported")
    if len(tst.imprint) != hashlib.new(DIGESTS[tst.algorithm]).digest_size:
        raise x509.Bad("tst-info-malformed")
    if hashlib.new(DIGESTS[tst.algorithm], stamped).digest() != tst.imprint:
        raise x509.Bad("imprint-mismatch")

    if tail[0].tag != 0xA0:
        raise x509.Bad("signed-attributes-absent")
    attributes, algorithm, signature = tail[0], der.expect(tail[1], 0x30), der.octets(tail[2])
    for attribute in attributes:
        der.expect(attribute, 0x30)
        der.expect(attribute[1], 0x31)
    if digest in WEAK:
        raise x509.Bad("weak-digest")
    if digest not in DIGESTS:
        raise Open("unsupported")
    content_type = sole(attributes, CONTENT_TYPE)
    if content_type is None or der.oid(content_type) != TST_INFO:
        raise x509.Bad("content-type-attribute")
    message_digest = sole(attributes, MESSAGE_DIGEST)
    if message_digest is None or der.octets(message_digest) != hashlib.new(DIGESTS[digest], content).digest():
        raise x509.Bad("content-digest-mismatch")

    at_hand = [*x509.parse_all([c.raw for c in certificates if c.tag == 0x30]), *x509.parse_all(material[0])]
    if by_key_id:
        fitting = [c for c in at_hand if c.subject_key_id == identifier.content]
    else:
        fitting = [c for c in at_hand if c.issuer == identifier[0].raw and c.serial == der.integer(identifier[1])]
    if not fitting:
        raise Open("absent")
    named = [c for c in fitting if named_by_attributes(attributes, c)]
    if not named:
        raise x509.Bad("signing-certificate-attribute")
    signer = named[0]
    check_signer(signer)
    signed_bytes = b"\x31" + attributes.raw[1:]
    x509.verify(signer.spki, algorithm, signed_bytes, signature, digest)
    return tst, signer, at_hand


def read_tst_info(content):
    try:
        return der.guarded(tst_info, content)
    except der.Malformed:
        raise x509.Bad("tst-info-malformed") from None


def tst_info(content):
    version, policy, imprint, serial, gen_time, *rest = der.expect(der.parse(content), 0x30)
    if der.integer(version) != 1:
        raise x509.Bad("tst-info-version")
    der.oid(policy)
    der.integer(serial)
    at, has_fraction = der.generalized_ms(gen_time)
    accuracy = 1 if has_fraction else 1000
    order = []
    for part in rest:
        if part.tag == 0x30:
            accuracy = read_accuracy(part)
        elif part.tag == 1:
            der.boolean(part)
        elif part.tag == 0xA1:
            for name, (critical, _) in x509.read_extensions(part).items():
                if critical:
                    raise x509.Bad("unknown-critical-extension")
        elif part.tag not in (2, 0xA0):
            raise der.Malformed("a member too many")
        order.append({0x30: 0, 1: 1, 2: 2, 0xA0: 3, 0xA1: 4}[part.tag])
    if order != sorted(set(order)):
        raise der.Malformed("members")
    if len(imprint) != 2:
        raise der.Malformed("imprint")
    return Info(der.oid(imprint[0][0]), der.octets(imprint[1]), at, accuracy)


def read_accuracy(part):
    microseconds = 0
    tags = []
    for value in part:
        unit, least, most = {2: (1000000, 0, 10**9), 0x80: (1000, 0, 999), 0x81: (1, 0, 999)}[value.tag] if value.tag in (2, 0x80, 0x81) else (0, 1, 0)
        number = int.from_bytes(value.content, "big", signed=True)
        if not least <= number <= most:
            raise der.Malformed("accuracy")
        microseconds += unit * number
        tags.append(value.tag)
    ms = -(-microseconds // 1000)
    if tags != sorted(set(tags)) or ms > YEAR_MS:
        raise der.Malformed("accuracy")
    return ms


def sole(attributes, name):
    """The one value of the attribute that stands there once, else None."""
    found = [attribute for attribute in attributes if der.oid(attribute[0]) == name]
    if len(found) != 1 or len(found[0][1]) != 1:
        return None
    return found[0][1][0]


def named_by_attributes(attributes, certificate):
    present = {der.oid(attribute[0]) for attribute in attributes} & {ESS_V1, ESS_V2}
    if not present:
        return False
    for name in present:
        value = sole(attributes, name)
        if value is None:
            return False
        first = list(value[0][0])
        algorithm = "sha1"
        if name == ESS_V2:
            algorithm = "sha256"
            if first[0].tag == 0x30:
                algorithm = DIGESTS.get(der.oid(first.pop(0)[0]))
                if algorithm is None:
                    return False
        if der.octets(first[0]) != hashlib.new(algorithm, certificate.der).digest():
            return False
        if len(first) > 1:
            names, serial = first[1]
            directory = [general[0].raw for general in names if general.tag == 0xA4]
            if der.integer(serial) != certificate.serial or directory != [certificate.issuer]:
                return False
    return True


def check_signer(signer):
    purposes = signer.purposes
    if purposes is None or x509.TIME_STAMPING not in purposes:
        raise x509.Bad("extended-key-usage-absent")
    if purposes != [x509.TIME_STAMPING]:
        raise x509.Bad("extended-key-usage-not-sole")
    if not signer.extensions[x509.PURPOSES][0]:
        raise x509.Bad("extended-key-usage-not-critical")
    usage = signer.key_usage
    if usage is not None and (not usage or usage - {0, 1}):
        raise x509.Bad("key-usage")
    if signer.is_ca:
        raise x509.Bad("signer-is-a-ca")


def from_response(data):
    """The token of a TimeStampResp, or None if it is not granted or not one."""
    try:
        outer = der.parse(data)
        status = der.integer(outer[0][0])
    except (der.Malformed, IndexError):
        return None
    return outer[1].raw if status in (0, 1) and len(outer) == 2 else None
