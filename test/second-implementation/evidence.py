"""Certificates, receipts and status answers: their members and their checks (docs/formats/certificate.md and what it links to)."""

import hashlib

import canonical as c
import evm
import note
import ots
import seal
import spine
import tokens
import x509
from canonical import Refused
from sm3 import sm3

MAX_CERTIFICATE_BYTES = 8 * 2**20
MAX_RECEIPT_BYTES = 4 * 2**20
MAX_STATUS_BYTES = 2 * 2**20
DAY_MS = 24 * 3600 * 1000

RECORD = c.fields(
    {
        "type": c.one_of("tiezheng/deposit/v1"),
        "depositId": c.uuid,
        "receivedAt": c.time,
        "notBefore": c.nullable(c.fields({"chain": c.chain, "blockHash": c.hash0x})),
        "files": c.fields({"count": c.integer(1, 1000), "root": c.digest}),
        "annexes": c.fields({"depositor": c.digest, "statement": c.digest}, {"signature": c.digest}),
        "salt": c.digest,
    }
)
half = "[a-z0-9][a-z0-9!#$&^_.+-]*"
media_type = c.pattern(f"{half}/{half}", 127)
ENTRY_FIELDS = c.fields(
    {
        "type": c.one_of("tiezheng/file/v1"),
        "depositId": c.uuid,
        "index": c.integer(0, 999),
        "sizeBytes": c.integer(0),
        "mediaType": c.nullable(media_type),
        "digestSource": c.one_of("computed", "declared"),
        "digests": c.fields({"sha256": c.digest, "sm3": c.nullable(c.digest)}),
        "nameCommitment": c.digest,
        "salt": c.digest,
    }
)
NAME = c.fields({"type": c.one_of("tiezheng/file-name/v1"), "name": c.text(1, 255), "salt": c.digest})


def ENTRY(value, at):
    ENTRY_FIELDS(value, at)
    if value["digestSource"] == "computed" and None in (value["mediaType"], value["digests"]["sm3"]):
        c.wrong(at, "a computed entry has a media type and both digests")


DEPOSITOR = c.fields(
    {
        "type": c.one_of("tiezheng/annex/depositor/v1"),
        "depositId": c.uuid,
        "name": c.text(1, 200),
        "kind": c.one_of("person", "organisation", "unknown"),
        "identityCheck": c.fields(
            {"method": c.text(1, 100), "checkedAt": c.nullable(c.time)}, {"checkedBy": c.text(1, 200)}
        ),
        "salt": c.digest,
    }
)
KINDS = "web-page app live-stream trade chat photo video audio document program other".split()
STATEMENT = c.fields(
    {"type": c.one_of("tiezheng/annex/statement/v1"), "depositId": c.uuid, "salt": c.digest},
    {
        "title": c.text(1, 200),
        "kind": c.one_of(*KINDS),
        "source": c.text(1, 2000),
        "capturedFrom": c.time,
        "capturedUntil": c.time,
        "method": c.text(1, 1000),
        "tool": c.text(1, 200),
        "purpose": c.text(1, 1000),
        "captureOperator": c.text(1, 200),
        "rightHolder": c.text(1, 200),
        "rights": c.text(1, 1000),
    },
)


CHAIN = c.items(c.base64_of(16384), 1, 8)
SIGNED_BY = {
    "passkey": c.fields(
        {
            "method": c.one_of("passkey"),
            "publicKey": c.base64_of(512),
            "authenticatorData": c.base64_of(1024),
            "clientDataJson": c.base64_of(4096),
            "signature": c.base64_of(256),
        }
    ),
    "x509": c.fields(
        {
            "method": c.one_of("x509"),
            "algorithm": c.one_of("ES256", "RS256"),
            "chain": CHAIN,
            "signature": c.base64_of(1024),
        }
    ),
    "sm2": c.fields(
        {"method": c.one_of("sm2"), "chain": CHAIN, "signerId": c.text(1, 100), "signature": c.base64_of(256)}
    ),
}


def signed(value, at):
    method = value.get("method") if isinstance(value, dict) else None
    if method not in SIGNED_BY:
        c.wrong(at, f"method {method!r}")
    SIGNED_BY[method](value, at)


SIGNATURE = c.fields(
    {"type": c.one_of("tiezheng/annex/signature/v1"), "depositId": c.uuid, "signed": signed, "salt": c.digest}
)
ANNEXES = {"depositor": DEPOSITOR, "statement": STATEMENT}
SEALED_BY = {"seals": seal.SEALS}
PROOF = c.items(c.digest, 0, 64)
CHECKPOINT = c.any_text(64 * 1024)
NOTE_KEYS = c.items(c.key_text, 1, 8)
EVM = c.fields(
    {
        "type": c.one_of("evm"),
        "chain": c.chain,
        "contract": c.address,
        "blockHash": c.hash0x,
        "header": c.pattern("0x(?:[0-9a-f]{2})+", 2 + 2 * 8192),
        "transactionIndex": c.integer(0, 10**6),
        "receiptProof": c.items(c.pattern("0x(?:[0-9a-f]{2})+", 2 + 2 * 65536), 1, 16),
        "receiptLogIndex": c.integer(0, 10000),
        "claims": c.fields(
            {
                "transactionHash": c.hash0x,
                "finality": c.fields({"rule": c.text(1, 200), "status": c.one_of("pending", "final")}),
                "nodesRunBy": c.nullable(c.text(1, 200)),
            }
        ),
    }
)
RFC3161 = c.fields(
    {
        "type": c.one_of("rfc3161"),
        "token": c.base64_of(65536),
        "certificates": c.items(c.base64_of(16384), 0, 16),
        "revocation": c.items(c.base64_of(2**20), 0, 16),
    }
)
OPENTIMESTAMPS = c.fields({"type": c.one_of("opentimestamps"), "proof": c.base64_of(65536)})
ATTESTATIONS = {"evm": EVM, "rfc3161": RFC3161, "opentimestamps": OPENTIMESTAMPS}


def attestation(value, at):
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ATTESTATIONS:
        c.wrong(at, f"type {kind!r}")
    ATTESTATIONS[kind](value, at)


PUBLICATION = c.fields(
    {
        "checkpoint": CHECKPOINT,
        "inclusionProof": PROOF,
        "cosignatures": c.items(c.any_text(1000), 0, 64),
        "attestations": c.items(attestation, 0, 32),
    }
)
ROTATION_RECORD = c.fields(
    {
        "type": c.one_of("tiezheng/log-event/v1"),
        "event": c.one_of("key-rotation"),
        "newKey": c.key_text,
        "effectiveFrom": c.time,
        "salt": c.digest,
    }
)
ROTATION = c.fields(
    {"record": ROTATION_RECORD, "leafIndex": c.integer(0, 2**48), "inclusionProof": PROOF, "checkpoint": CHECKPOINT}
)
LOG = c.fields(
    {"origin": c.origin, "leafIndex": c.integer(0, 2**48), "keys": NOTE_KEYS},
    {"rotations": c.items(ROTATION, 1, 7)},
)
CERTIFICATE = c.typed("tiezheng/certificate/v1", c.fields(
    {
        "type": c.one_of("tiezheng/certificate/v1"),
        "claims": c.fields(
            {
                "certificateNo": c.pattern("TZ-[0-9]{8}-[0-9A-HJKMNP-TV-Z]{8}"),
                "issuedAt": c.time,
                "evaluation": c.boolean,
                "platform": c.fields(
                    {
                        "name": c.text(1, 200),
                        "operator": c.nullable(c.text(1, 200)),
                        "website": c.nullable(c.text(1, 300)),
                        "filingNo": c.nullable(c.text(1, 100)),
                        "interests": c.nullable(c.text(1, 1000)),
                    }
                ),
                "originalsHeld": c.items(c.integer(0), 0, 1000),
                "limitations": c.items(c.fields({"zh": c.text(1, 2000), "en": c.text(1, 2000)}), 0, 32),
            }
        ),
        "record": RECORD,
        "files": c.items(
            c.fields({"entry": ENTRY, "path": PROOF, "name": c.nullable(NAME)}), 0, 1000
        ),
        "annexes": c.fields({}, {**ANNEXES, "signature": SIGNATURE}),
        "log": LOG,
        "notBeforeHeader": c.nullable(c.pattern("0x(?:[0-9a-f]{2})+", 2 + 2 * 8192)),
        "publications": c.items(PUBLICATION, 1, 16),
        **SEALED_BY,
    }
))  # fmt: skip
RECEIPT = c.typed("tiezheng/receipt/v1", c.fields(
    {
        "type": c.one_of("tiezheng/receipt/v1"),
        "evaluation": c.boolean,
        "record": RECORD,
        "files": c.items(c.fields({"entry": ENTRY, "name": NAME}), 1, 1000),
        "annexes": c.fields(ANNEXES, {"signature": SIGNATURE}),
        "leafIndex": c.integer(0, 2**48),
        "inclusionProof": PROOF,
        "checkpoint": CHECKPOINT,
        "publishBy": c.time,
        **SEALED_BY,
    }
))  # fmt: skip
CERTIFIED = c.fields({"type": c.one_of("tiezheng/certified/v1"), "certificate": c.digest, "salt": c.digest})
STATUS = c.fields(
    {
        "type": c.one_of("tiezheng/status/v1"),
        "certificateNo": c.pattern("TZ-[0-9]{8}-[0-9A-HJKMNP-TV-Z]{8}"),
        "certificate": c.digest,
        "status": c.one_of("valid", "withdrawn", "superseded"),
        "since": c.time,
        "reason": c.pattern("[a-z0-9]+(?:-[a-z0-9]+)*", 60),
        "salt": c.digest,
    },
    {"successor": c.digest},
)


def status_record(value, at):
    if isinstance(value, dict) and value.get("type") == "tiezheng/certified/v1":
        return CERTIFIED(value, at)
    STATUS(value, at)
    if (value["status"] == "superseded") != ("successor" in value):
        c.wrong(at, "successor only and always with superseded")
    return None


STATUS_PROOF = c.fields(
    {
        "type": c.one_of("tiezheng/status-proof/v1"),
        "certificate": c.digest,
        "certificateNo": c.pattern("TZ-[0-9]{8}-[0-9A-HJKMNP-TV-Z]{8}"),
        "claims": c.fields({"answeredAt": c.time, "checkpointAt": c.time, "newest": c.true}),
        "evaluation": c.boolean,
        "log": LOG,
        "publication": PUBLICATION,
        "record": status_record,
        **SEALED_BY,
    }
)


class Checks(list):
    def add(self, name, status, cause=None, about=None):
        self.append({"name": name, "status": status, "cause": cause, "about": about})

    def status(self, name, about=None):
        return [x["status"] for x in self if x["name"] == name and x["about"] == about]


    def status_of(self, name):
        return [x["status"] for x in self if x["name"] == name]


class File:
    def __init__(self, data):
        self.size = len(data)
        self.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.sm3 = sm3(data).hex()


def parse_certificate(data):
    value = c.parse(data, MAX_CERTIFICATE_BYTES)
    CERTIFICATE(value, "certificate")
    return value


def check_deposit(checks, record, files, annexes, presented):
    """The record, its files and annexes. `files`: entry, name, path or None where all entries are there."""
    parts = [*(f["entry"] for f in files), *(annexes[name] for name in ANNEXES if name in annexes)]
    indices = [f["entry"]["index"] for f in files]
    if any(part["depositId"] != record["depositId"] for part in parts):
        checks.add("record.commitment", "failed", "part-of-another-deposit")
    elif any(index >= record["files"]["count"] for index in indices):
        checks.add("record.commitment", "failed", "file-index-out-of-range")
    elif len(set(indices)) != len(indices):
        checks.add("record.commitment", "failed", "file-listed-twice")
    else:
        checks.add("record.commitment", "passed")
    checks.add("annex.signature", *check_depositors_signature(record, annexes.get("signature")))
    for name in ("depositor", "statement"):
        if name not in annexes:
            checks.add(f"annex.{name}", "not-checked", "closed")
        elif c.commit(annexes[name]).hex() == record["annexes"][name]:
            checks.add(f"annex.{name}", "passed")
        else:
            checks.add(f"annex.{name}", "failed", "commitment-mismatch")
    whole = rebuilt_root(record, files) if files and "path" not in files[0] else None
    for file in files:
        check_path(checks, record, file, whole)
    match_files(checks, files, presented)


def check_depositors_signature(record, annex):
    """Of the key in the annex; whose it is, nothing here says."""
    committed = record["annexes"].get("signature")
    if committed is None:
        return ("not-checked", "absent") if annex is None else ("failed", "signature-not-committed-to")
    if annex is None:
        return "not-checked", "closed"
    if c.commit(annex).hex() != committed or annex["depositId"] != record["depositId"]:
        return "failed", "commitment-mismatch"
    signed_by = annex["signed"]
    to_sign = c.commit({"files": {"root": record["files"]["root"]}, "statement": record["annexes"]["statement"]})
    try:
        if signed_by["method"] == "passkey":
            return check_passkey(signed_by, to_sign)
        if signed_by["method"] == "x509":
            return check_x509_signature(signed_by, to_sign)
        return "not-checked", "unsupported"
    except Refused as refused:
        return "failed", refused.code
    except x509.Bad as bad:
        return "failed", str(bad)
    except x509.Unsupported:
        return "not-checked", "unsupported"


ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")


def check_passkey(signed_by, to_sign):
    key, data, client, signature = (
        c.from_base64(signed_by[name]) for name in ("publicKey", "authenticatorData", "clientDataJson", "signature")
    )
    said = c.read_json(client, 4096)
    if not isinstance(said, dict):
        c.wrong("clientDataJson", "expected an object")
    for name, most in (("type", 100), ("challenge", 200), ("origin", 300)):
        c.any_text(most)(said.get(name), name)
    c.boolean(said.get("crossOrigin", False), "crossOrigin")
    if len(data) < 37:
        return "failed", "authenticator-data-malformed"
    if said["type"] != "webauthn.get":
        return "failed", "not-an-assertion"
    if said["challenge"] != seal.to_base64url(to_sign).decode():
        return "failed", "signed-something-else"
    if not data[32] & 1:
        return "failed", "nobody-was-present"
    message = data + c.sha256(client)
    if key.startswith(ED25519_SPKI):
        valid = note.ed25519(key[len(ED25519_SPKI) :], message, signature)
        return ("passed", None) if valid else ("failed", "signature-invalid")
    x509.verify(key, x509.der.parse(ECDSA_SHA256), message, signature)
    return "passed", None


def check_x509_signature(signed_by, to_sign):
    """No policy names whom a reader lets vouch for depositors."""
    try:
        chain = [x509.parse_certificate(c.from_base64(item)) for item in signed_by["chain"]]
    except x509.der.Malformed:
        return "failed", "certificate-malformed"
    algorithm = ECDSA_SHA256 if signed_by["algorithm"] == "ES256" else RSA_SHA256
    x509.verify(chain[0].spki, x509.der.parse(algorithm), to_sign, c.from_base64(signed_by["signature"]))
    return "not-checked", "untrusted-key"


def check_path(checks, record, file, whole):
    entry, name = file["entry"], file["name"]
    about = f"file {entry['index'] + 1}"
    if name is not None and c.commit(name).hex() != entry["nameCommitment"]:
        return checks.add("file.path", "failed", "name-commitment-mismatch", about)
    root = bytes.fromhex(record["files"]["root"])
    if "path" not in file:
        return checks.add("file.path", *(("passed", None) if whole == root else ("failed", "root-mismatch")), about)
    leaf = spine.leaf_hash(spine.file_leaf_data(entry))
    path = [bytes.fromhex(h) for h in file["path"]]
    try:
        spine.check_inclusion(leaf, entry["index"], record["files"]["count"], path, root)
    except spine.Mismatch as mismatch:
        return checks.add("file.path", "failed", str(mismatch), about)
    return checks.add("file.path", "passed", None, about)


def rebuilt_root(record, files):
    """The root over all entries; None if they are not all there, in their order."""
    if [f["entry"]["index"] for f in files] != list(range(record["files"]["count"])):
        return None
    return subtree([spine.leaf_hash(spine.file_leaf_data(f["entry"])) for f in files])


def match_files(checks, files, presented):
    entries = {f["entry"]["index"]: f["entry"] for f in files}
    rest = sorted({f.sha256: f for f in presented}.values(), key=lambda f: f.sha256)
    pairs = []
    for digest in ("sha256", "sm3"):
        for file in list(rest):
            fitting = [e for e in entries.values() if e["digests"][digest] == getattr(file, digest)]
            if fitting:
                rest.remove(file)
            for entry in fitting:
                pairs.append((entry, file))
                del entries[entry["index"]]
    if len(rest) == 1 and len(entries) == 1:
        pairs.append((entries.popitem()[1], rest.pop()))
    for entry, file in pairs:
        compare(checks, f"file {entry['index'] + 1}", entry, file)
    for stranger in rest:
        checks.add("file.sha256", "failed", "matches-no-file-of-this-deposit", f"presented {stranger.sha256}")
    for entry in entries.values():
        checks.add("file.missing", "not-checked", "absent", f"file {entry['index'] + 1}")


def compare(checks, about, entry, file):
    def same(name, recorded, found, reason):
        checks.add(name, *(("passed", None) if recorded == found else ("failed", reason)), about)

    same("file.size", entry["sizeBytes"], file.size, "size-mismatch")
    same("file.sha256", entry["digests"]["sha256"], file.sha256, "digest-mismatch")
    if entry["digests"]["sm3"] is None:
        checks.add("file.sm3", "not-checked", "absent", about)
    else:
        same("file.sm3", entry["digests"]["sm3"], file.sm3, "digest-mismatch")


def keys_of(origin, policy, rotations):
    """(key, tree sizes from, to) that count for the origin: the policy's, and those of proved rotations."""
    if policy is None or origin not in policy.logs:
        return []
    counting = [[key, 0, note.MAX_TREE_SIZE] for key in policy.logs[origin]["keys"]]
    for rotation in rotations:
        proved = proved_rotation(origin, rotation, counting)
        if proved is None:
            break
        old, new, size = proved
        old[2] = size
        if not any(entry[0] == new for entry in counting):
            counting.append([new, size, note.MAX_TREE_SIZE])
    return counting


def proved_rotation(origin, rotation, counting):
    try:
        checkpoint = note.parse_checkpoint(rotation["checkpoint"].encode())
        new = note.parse_key(rotation["record"]["newKey"], note.ED25519)
    except Refused:
        return None
    size = rotation["leafIndex"] + 1
    proof = [bytes.fromhex(h) for h in rotation["inclusionProof"]]
    leaf = spine.leaf_hash(spine.plain_leaf_data(rotation["record"]))
    if checkpoint.origin != origin or new.name != origin or checkpoint.size != size:
        return None
    if spine.root_from_proof(leaf, size - 1, size, proof) != checkpoint.root or not note.signed_by(checkpoint, new):
        return None
    for entry in counting:
        if entry[0] != new and entry[2] == note.MAX_TREE_SIZE and note.signed_by(checkpoint, entry[0]):
            return entry, new, size
    return None


def check_log(checks, log, checkpoint, leaf_data, proof, cosignatures, policy, about):
    """The log's checks of one publication. True if its leaf is in the tree, whoever signed that."""
    if checkpoint.origin != log["origin"]:
        checks.add("log.origin", "failed", "origin-mismatch", about)
    elif policy is None:
        checks.add("log.origin", "not-checked", "no-policy", about)
    elif checkpoint.origin not in policy.logs:
        checks.add("log.origin", "not-checked", "untrusted-key", about)
    else:
        checks.add("log.origin", "passed", None, about)
    checks.add("log.signature", *check_signature(log, checkpoint, policy), about)
    hashes = [bytes.fromhex(h) for h in proof]
    included = True
    try:
        spine.check_inclusion(spine.leaf_hash(leaf_data), log["leafIndex"], checkpoint.size, hashes, checkpoint.root)
        checks.add("log.inclusion", "passed", None, about)
    except spine.Mismatch as mismatch:
        included = False
        checks.add("log.inclusion", "failed", str(mismatch), about)
    if cosignatures is not None:
        checks.add("log.cosignatures", *note.check_cosignatures(checkpoint, cosignatures, policy), about)
    return included


def stands_in_log(checks, about):
    return all(checks.status(f"log.{name}", about) == ["passed"] for name in ("origin", "signature", "inclusion"))


def check_signature(log, checkpoint, policy):
    signed = [
        (note.signed_by(checkpoint, key), least, most)
        for key, least, most in keys_of(checkpoint.origin, policy, log.get("rotations", []))
    ]
    if any(outcome is False for outcome, _, _ in signed):
        return "failed", "signature-invalid"
    valid = [(least, most) for outcome, least, most in signed if outcome]
    if any(least <= checkpoint.size <= most for least, most in valid):
        return "passed", None
    if valid:
        retired = checkpoint.size > valid[0][1]
        return "failed", "signed-by-retired-key" if retired else "signed-before-its-rotation"
    if log["keys"] and not any(hint_signed(checkpoint, key) for key in log["keys"]):
        return "failed", "signature-invalid"
    return "not-checked", "no-policy" if policy is None else "untrusted-key"


def hint_signed(checkpoint, text):
    try:
        key = note.parse_key(text, note.ED25519)
    except Refused:
        return False
    return key.name == checkpoint.origin and note.signed_by(checkpoint, key) is True


def check_attestations(checks, publication, checkpoint, number, origin, policy, material):
    """The attestations of one publication: [(time in milliseconds, operator, independent)] and the anchors that stand."""
    times, anchors, token_operators = [], [], []
    for i, item in enumerate(publication["attestations"]):
        about = f"publication {number}, attestation {i + 1}"
        if item["type"] == "evm":
            check_anchor(checks, item, checkpoint, origin, policy, about, times, anchors)
        elif item["type"] == "rfc3161":
            check_stamp(checks, item, checkpoint_bytes(publication), policy, material, about, times, token_operators)
        else:
            headers = {} if policy is None else policy.headers
            outcome, at = ots.check(c.from_base64(item["proof"]), checkpoint.root, headers)
            checks.add("opentimestamps", *outcome, about)
            if at is not None:
                times.append((at, "Bitcoin", policy.bitcoin_independent))
    return times, anchors, token_operators


def checkpoint_bytes(publication):
    return publication["checkpoint"].encode()


def check_anchor(checks, item, checkpoint, origin, policy, about, times, anchors):
    try:
        header = evm.check_receipt(item, checkpoint.size, checkpoint.root)
        checks.add("evm.receipt", "passed", None, about)
    except evm.Failed as failed:
        header = None
        checks.add("evm.receipt", "failed", str(failed), about)
    confirmed = confirmation(policy, item["chain"], item["blockHash"])
    checks.add("evm.canonical", *confirmed, about)
    if policy is None:
        checks.add("evm.contract", "not-checked", "no-policy", about)
    else:
        known = (item["chain"], item["contract"]) in policy.logs.get(origin, {"contracts": ()})["contracts"]
        checks.add("evm.contract", *(("passed", None) if known else ("not-checked", "untrusted-key")), about)
    checks.add("evm.finality", *confirmed, about)
    if header is not None and confirmed[0] == "passed":
        times.append((header.timestamp * 1000, *chain_operator(policy, item["chain"])))
        if all(checks.status(name, about) == ["passed"] for name in ("evm.contract", "evm.finality")):
            anchors.append(chain_operator(policy, item["chain"])[0])


def chain_operator(policy, chain):
    entry = policy.chains.get(chain, {"independent": False})
    return entry.get("operator", chain), entry["independent"]


def confirmation(policy, chain, block_hash):
    known = policy is not None and (chain, block_hash) in policy.blocks
    return ("passed", None) if known else ("not-checked", "offline")


def check_stamp(checks, item, stamped, policy, material, about, times, token_operators):
    own = [[c.from_base64(x) for x in item[name]] for name in ("certificates", "revocation")]
    all_material = [own[0] + material[0], own[1] + material[1]]
    authorities = None if policy is None else policy.authorities
    try:
        token = tokens.check_token(c.from_base64(item["token"]), stamped, authorities, all_material)
    except x509.Bad as bad:
        return checks.add("rfc3161", "failed", str(bad), about)
    except tokens.Open as cause:
        return checks.add("rfc3161", "not-checked", str(cause), about)
    entry = policy.authority_entries[token.root.der]
    operator = entry.get("operator", "authority " + hashlib.sha256(token.root.der).hexdigest())
    times.append((token.gen_time + token.accuracy, operator, entry["independent"]))
    token_operators.append(operator)
    return checks.add("rfc3161", "passed", None, about)


def check_not_before(checks, record, header, policy):
    """T0 in milliseconds, or None."""
    if record["notBefore"] is None:
        checks.add("evm.notBefore", *(("not-checked", "absent") if header is None else ("failed", "header-without-block")))
        return None
    if header is None:
        checks.add("evm.notBefore", "not-checked", "absent")
        return None
    try:
        opened = evm.open_header(bytes.fromhex(header[2:]), bytes.fromhex(record["notBefore"]["blockHash"][2:]))
    except evm.Failed as failed:
        checks.add("evm.notBefore", "failed", str(failed))
        return None
    outcome = confirmation(policy, record["notBefore"]["chain"], record["notBefore"]["blockHash"])
    checks.add("evm.notBefore", *outcome)
    return opened.timestamp * 1000 if outcome[0] == "passed" else None


def check_seals(checks, value, stated, policy, material):
    roots = None if policy is None else policy.seals
    authorities = None if policy is None else policy.authorities
    judged = seal.check_all(value, c.unix_ms(stated), roots, authorities, material)
    for i, (outcome, _, _) in enumerate(judged):
        checks.add("seal", *outcome, f"seal {i + 1}")
    if not judged:
        checks.add("seal", "not-checked", "absent")
    return judged


def check_times(checks, record, not_before, times, policy, pending=False):
    """`times`: (milliseconds, operator, independent, whether the publication stands in the log)."""
    received = c.unix_ms(record["receivedAt"])
    independent = [time for time in times if time[2]]
    latest = min((time[0] for time in independent or times), default=None)
    if not_before is not None and not_before > received:
        checks.add("time.bracket", "failed", "received-before-the-block-it-names")
    elif latest is not None and received >= latest + 1000:
        checks.add("time.bracket", "failed", "received-after-its-own-proof")
    elif latest is None:
        checks.add("time.bracket", *(("pending", None) if pending else ("not-checked", "offline")))
    elif record["notBefore"] is not None and not_before is None:
        checks.add("time.bracket", "not-checked", "offline")
    else:
        checks.add("time.bracket", "passed")
    operators = {operator for _, operator, _, stands in independent if stands}
    required = None if policy is None else policy.value["independentTimesRequired"]
    if required is None:
        checks.add("time.independent", "not-checked", "no-policy")
    elif operators and len(operators) >= required:
        checks.add("time.independent", "passed")
    elif required == 0:
        checks.add("time.independent", "not-checked", "not-required")
    else:
        checks.add("time.independent", *(("pending", None) if pending else ("not-checked", "absent")))


def verify_certificate(data, presented, policy, material, answer=None, now_ms=None, subject_checks=None):
    """(checks, required-but-unmet, value)."""
    value = parse_certificate(data)
    record = value["record"]
    checks = Checks()
    checks.add("certificate.canonical", "passed")
    check_seals(checks, value, value["claims"]["issuedAt"], policy, material)
    check_deposit(checks, record, value["files"], value["annexes"], presented)
    leaf = spine.deposit_leaf_data(record)
    times, anchors, token_operators, standing, witnessed = [], [], [], [], False
    for i, publication in enumerate(value["publications"]):
        about = f"publication {i + 1}"
        checkpoint = readable_checkpoint(checks, publication["checkpoint"], about)
        if checkpoint is None:
            continue
        proof, lines = publication["inclusionProof"], publication["cosignatures"]
        included = check_log(checks, value["log"], checkpoint, leaf, proof, lines, policy, about)
        found = check_attestations(checks, publication, checkpoint, i + 1, value["log"]["origin"], policy, material)
        stands = stands_in_log(checks, about)
        if included:
            times += [(*time, stands) for time in found[0]]
        if stands:
            standing.append(i)
            anchors += found[1]
            token_operators += found[2]
            witnessed = witnessed or checks.status("log.cosignatures", about) == ["passed"]
    not_before = check_not_before(checks, record, value["notBeforeHeader"], policy)
    check_times(checks, record, not_before, times, policy)
    if answer is None:
        checks.add("status", "not-checked", "absent")
    else:
        checks.add("status", *check_status(answer, seal.digest_of(value).hex(), policy, now_ms, material))
    unmet = unmet_of(checks, policy, standing, anchors, token_operators, witnessed, value["log"]["origin"])
    return checks, unmet, value


def readable_checkpoint(checks, text, about):
    try:
        return note.parse_checkpoint(text.encode())
    except Refused as refused:
        for name in ("log.origin", "log.signature", "log.inclusion"):
            checks.add(name, "failed", refused.code, about)
        return None


def unmet_of(checks, policy, standing, anchors, token_operators, witnessed, origin):
    unmet = []

    def every(name):
        found = [x for x in checks if x["name"] == name]
        if not found or any(x["status"] != "passed" for x in found):
            unmet.append(name)

    def some(name):
        if not any(x["name"] == name and x["status"] == "passed" for x in checks):
            unmet.append(name)

    for name in ("certificate.canonical", "record.commitment", "file.path", "time.bracket"):
        every(name)
    some("seal")
    some("file.sha256")
    if policy is None:
        return [*unmet, "no-policy"]
    if policy.value["independentTimesRequired"]:
        every("time.independent")
    if not standing:
        unmet.append("log")
    contracts = policy.logs.get(origin, {"contracts": ()})["contracts"]
    if len(set(anchors)) < max(1 if contracts else 0, policy.value.get("anchorsRequired", 0)):
        unmet.append("evm.receipt")
    if policy.quorum and not witnessed:
        unmet.append("log.cosignatures")
    if len(set(token_operators)) < policy.value.get("tokensRequired", 0):
        unmet.append("rfc3161")
    if policy.value.get("statusRequired"):
        every("status")
    return unmet


def check_status(data, certificate_digest, policy, now_ms, material):
    try:
        answer = c.parse(data, MAX_STATUS_BYTES)
        STATUS_PROOF(answer, "status")
    except Refused as refused:
        raise refused
    if answer["certificate"] != certificate_digest or answer["record"]["certificate"] != certificate_digest:
        return "failed", "about-another-certificate"
    checks = Checks()
    publication = answer["publication"]
    checkpoint = note.parse_checkpoint(publication["checkpoint"].encode())
    leaf = spine.plain_leaf_data(answer["record"])
    check_log(checks, answer["log"], checkpoint, leaf, publication["inclusionProof"], None, policy, None)
    check_seals(checks, answer, answer["claims"]["answeredAt"], policy, material)
    for check in checks:
        if check["status"] == "failed":
            return "failed", check["cause"]
    seals = [x for x in checks if x["name"] == "seal"]
    for check in [x for x in checks if x["name"] != "seal"]:
        if check["status"] != "passed":
            return "not-checked", check["cause"]
    if not any(x["status"] == "passed" for x in seals):
        return "not-checked", seals[0]["cause"]
    said = answer["record"].get("status", "valid")
    if said != "valid":
        return "failed", said
    at, answered = c.unix_ms(answer["claims"]["checkpointAt"]), c.unix_ms(answer["claims"]["answeredAt"])
    if now_ms is None or any(now_ms - t > DAY_MS or t - now_ms > 600_000 for t in (at, answered)):
        return "not-checked", "stale"
    return "passed", None


def verify_receipt(data, presented, policy, material):
    value = c.parse(data, MAX_RECEIPT_BYTES)
    RECEIPT(value, "receipt")
    record = value["record"]
    checks = Checks()
    checks.add("certificate.canonical", "passed")
    check_seals(checks, value, record["receivedAt"], policy, material)
    check_deposit(checks, record, value["files"], value["annexes"], presented)
    origin = value["checkpoint"].partition("\n")[0]
    checkpoint = readable_checkpoint(checks, value["checkpoint"], None)
    if checkpoint is not None:
        log = {"origin": origin, "leafIndex": value["leafIndex"], "keys": []}
        leaf = spine.deposit_leaf_data(record)
        check_log(checks, log, checkpoint, leaf, value["inclusionProof"], [], policy, None)
    for name in ("receipt", "canonical", "contract", "finality"):
        checks.add(f"evm.{name}", "pending")
    not_before = check_not_before(checks, record, None, policy)
    check_times(checks, record, not_before, [], policy, pending=True)
    standing = [0] if stands_in_log(checks, None) else []
    unmet = unmet_of(checks, policy, standing, [], [], False, origin)
    return checks, unmet, value


def subtree(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return spine.node_hash(subtree(leaves[:split]), subtree(leaves[split:]))
