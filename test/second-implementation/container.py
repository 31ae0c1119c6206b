"""The PDF and the filing package around a certificate (docs/formats/certificate.md, package.md)."""

import hashlib
import io
import re
import zipfile
import zlib

import canonical as c
import der
import evidence
import seal
import tokens
import x509
from canonical import Refused

MAX_PDF_BYTES = 64 * 2**20
CMS_SIGNED_DATA = "1.2.840.113549.1.7.2"
TIME_STAMP_ATTRIBUTE = "1.2.840.113549.1.9.16.2.14"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt", "manifest-seal.json")
SEAL = c.fields(
    {
        "type": c.one_of("tiezheng/package/v1"),
        "certificate": c.digest,
        "createdAt": c.time,
        "manifests": c.fields({"sha256": c.digest, "sha512": c.digest}),
        "seals": seal.SEALS,
    }
)


def embedded_certificate(pdf):
    """The one embedded file, certificate.json. None if there is none of ours."""
    found = []
    for match in re.finditer(rb"/Type\s*/EmbeddedFile", pdf):
        start = pdf.find(b"stream", match.end())
        begin = start + (8 if pdf[start + 6 : start + 8] == b"\r\n" else 7)
        try:
            content = zlib.decompressobj().decompress(pdf[begin:], evidence.MAX_CERTIFICATE_BYTES + 1)
        except zlib.error:
            continue
        if b'"tiezheng/certificate/v1"' in content:
            found.append(content)
    if len(found) > 1:
        raise Refused("pdf-certificates", f"{len(found)} embedded certificates")
    return found[0] if found else None


def check_pdf(checks, pdf, certificate, policy, material):
    """`pdf.signature` and `pdf.matches`."""
    sealed_by = valid_signers(certificate)
    ranges = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    if len(ranges) != 1:
        checks.add("pdf.signature", "failed", "more-than-one-signature" if ranges else "not-signed")
        checks.add("pdf.matches", "failed", "no-valid-signature")
        return
    first, first_length, second, second_length = map(int, ranges[0])
    hex_part = pdf[first_length:second]
    whole = first == 0 and second + second_length == len(pdf) and re.fullmatch(rb"<[0-9A-Fa-f]*>", hex_part)
    if not whole:
        checks.add("pdf.signature", "failed", "signature-does-not-cover-the-file")
        checks.add("pdf.matches", "failed", "no-valid-signature")
        return
    signed = pdf[:first_length] + pdf[second:]
    try:
        signer, chain, signature, token = der.guarded(open_cms, bytes.fromhex(hex_part[1:-1].decode()), signed)
    except (der.Malformed, x509.Bad, x509.Unsupported) as cause:
        reason = str(cause) if isinstance(cause, x509.Bad) else "cms-malformed"
        unsupported = isinstance(cause, x509.Unsupported)
        checks.add("pdf.signature", *(("not-checked", "unsupported") if unsupported else ("failed", reason)))
        checks.add("pdf.matches", "failed", "no-valid-signature")
        return
    outcome, token_time = seal.judge_signer(
        [signer, *chain], signature, token, c.unix_ms(certificate["claims"]["issuedAt"]),
        None if policy is None else policy.seals, None if policy is None else policy.authorities, material,
    )  # fmt: skip
    if outcome == ("failed", "timestamp-invalid") or (token_time is not None and outcome[0] == "failed"):
        checks.add("pdf.signature", *outcome)
    else:
        # Whom it belongs to is left to the check `seal`.
        checks.add("pdf.signature", "passed")
    matches = signer.der in sealed_by
    checks.add("pdf.matches", *(("passed", None) if matches else ("failed", "signed-by-another-key-than-the-seal")))


def open_cms(data, signed):
    """(signer, other certificates, signature, token or None) of a detached CMS with padding behind it."""
    node, _ = der.read(data, 0, len(data), der.MAX_LEVELS)
    if der.oid(node[0]) != CMS_SIGNED_DATA:
        raise der.Malformed("not signed data")
    body = node[1][0]
    certificates = [x509.parse_certificate(part.raw) for tagged in body if tagged.tag == 0xA0 for part in tagged]
    info = der.expect(body[-1], 0x31)[0]
    _, identifier, digest_algorithm, attributes, algorithm, signature, *unsigned = info
    digest = tokens.DIGESTS[der.oid(digest_algorithm[0])]
    value = tokens.sole(attributes, tokens.MESSAGE_DIGEST)
    if value is None or der.octets(value) != hashlib.new(digest, signed).digest():
        raise x509.Bad("content-digest-mismatch")
    fitting = [x for x in certificates if x.issuer == identifier[0].raw and x.serial == der.integer(identifier[1])]
    signer = next((x for x in fitting if tokens.named_by_attributes(attributes, x)), None)
    if signer is None:
        raise x509.Bad("signing-certificate-attribute")
    x509.verify(signer.spki, algorithm, b"\x31" + attributes.raw[1:], der.octets(signature), der.oid(digest_algorithm[0]))
    token = None
    for attribute in unsigned[0] if unsigned else []:
        if der.oid(attribute[0]) == TIME_STAMP_ATTRIBUTE:
            token = __import__("base64").b64encode(attribute[1][0].raw).decode()
    return signer, [x for x in certificates if x is not signer], der.octets(signature), token


def valid_signers(value):
    """X.509 certificates of the seals whose signatures verify, whoever they are."""
    found = set()
    for one in value["seals"]:
        header = seal.read_header(one["protected"])
        if header is None or header[0] != "ES256":
            continue
        try:
            signer = x509.parse_certificate(header[1][0])
        except der.Malformed:
            continue
        _, verified, _ = seal.check({**one, "timestamp": None}, seal.payload_of(value), 0, None, [], ([], []))
        if verified is not None:
            found.add(signer.der)
    return found


class Package:
    def __init__(self, data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            self.files = {name: archive.read(name) for name in names}
        self.twice = len(set(names)) != len(names)


def parse_manifest(data, length):
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Refused("invalid-manifest", "not UTF-8") from None
    if len(data) > 8 * 2**20 or lines.pop() != "" or len(lines) > 20000:
        raise Refused("invalid-manifest", "lines")
    listed = {}
    for line in lines:
        digest, separator, path = line.partition("  ")
        if not separator or not re.fullmatch("[0-9a-f]{%d}" % length, digest) or path in listed or not path_fits(path):
            raise Refused("invalid-manifest", line[:80])
        listed[path] = digest
    return listed


def path_fits(path):
    segments = path.split("/")
    return (
        0 < len(path) <= 1024
        and not any(s in ("", ".", "..") for s in segments)
        and not any(ord(x) < 32 or 0x7F <= ord(x) <= 0x9F or x in "\\:" for x in path)
    )


def material_in(files):
    """Certificates and revocation data beside the timestamps of a package."""
    beside = {path: data for path, data in files.items() if path.startswith("data/proofs/authority-")}
    certificates = [data for path, data in beside.items() if path.endswith(".der")]
    return certificates, [data for path, data in beside.items() if path.endswith((".crl", ".ocsp"))]


def check_package(checks, package, certificate, pdf_checks):
    """`pdf_checks()` adds those of the PDF in the package."""
    files = package.files
    checks.add("package.manifest", *manifest_outcome(files, certificate))
    checks.add("package.extra", *extra_outcome(package))
    pdf = files.get("data/certificate.pdf")
    if pdf is None:
        checks.add("pdf.matches", "failed", "no-pdf-in-the-package")
    else:
        pdf_checks(pdf)


def extra_outcome(package):
    if package.twice:
        return "failed", "path-twice-in-the-zip"
    try:
        listed = {
            *parse_manifest(package.files.get("manifest-sha256.txt", b""), 64),
            *parse_manifest(package.files.get("tagmanifest-sha256.txt", b""), 64),
        }
    except Refused as refused:
        return "failed", refused.code
    extra = set(package.files) - listed - {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt"}
    return ("failed", "file-not-in-the-manifest") if extra else ("passed", None)


def manifest_outcome(files, certificate):
    if files.get("bagit.txt") != DECLARATION:
        return "failed", "not-a-bag"
    lengths = (("sha256", 64), ("sha512", 128))
    try:
        manifests = {a: parse_manifest(files.get(f"manifest-{a}.txt", b""), n) for a, n in lengths}
        tags = {a: parse_manifest(files.get(f"tagmanifest-{a}.txt", b""), n) for a, n in lengths}
    except Refused as refused:
        return "failed", refused.code
    if not set(TAG_FILES) <= set(tags["sha256"]):
        return "failed", "tag-file-not-listed"
    for listing in (manifests, tags):
        wrong = first_difference(files, listing)
        if wrong is not None:
            return "failed", wrong
    try:
        value = c.parse(files["manifest-seal.json"], 256 * 1024)
        SEAL(value, "manifest-seal.json")
    except Refused as refused:
        return "failed", refused.code
    if value["certificate"] != seal.digest_of(certificate).hex():
        return "failed", "sealed-for-another-certificate"
    for algorithm, digest in value["manifests"].items():
        if hashlib.sha256(files[f"manifest-{algorithm}.txt"]).hexdigest() != digest:
            return "failed", "manifest-changed-after-sealing"
    if not valid_signers(value) & valid_signers(certificate):
        return "failed", "sealed-by-another-key"
    return "passed", None


def first_difference(files, listing):
    if set(listing["sha256"]) != set(listing["sha512"]):
        return "manifests-differ"
    for path in listing["sha256"]:
        if path not in files:
            return "listed-file-missing"
        if any(hashlib.new(a, files[path]).hexdigest() != listed[path] for a, listed in listing.items()):
            return "file-changed"
    return None
