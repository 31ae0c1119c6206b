"""The custody of a deposit and receipts of hand-overs (docs/formats/custody.md)."""

import canonical as c
import container
import evidence
import note
import proofs
import seal
import spine
from canonical import Refused

MAX_FILE_BYTES = 16 * 2**20
MAX_HAND_OVER_BYTES = 2 * 2**20
LOG_CHECKS = ("log.origin", "log.signature", "log.inclusion")

MEMBER_NAME = c.pattern("[a-z][A-Za-z0-9]{0,39}")
KIND = c.pattern("[a-z][a-z0-9]*(?:-[a-z0-9]+)*", 40)
BY = c.one_of("api-key", "session", "link", "service", "operator")
RECEIVERS = c.one_of("notary", "court", "expert", "mediator", "arbitrator", "enforcement", "customs", "other")


def detail(value, at):
    if not isinstance(value, dict) or len(value) > 16:
        c.wrong(at, "expected up to 16 members")
    for name, item in value.items():
        MEMBER_NAME(name, at)
        c.any_text(300)(item, f"{at}.{name}")


EVENT_FIELDS = c.fields(
    {
        "type": c.one_of("tiezheng/custody-event/v1"),
        "depositId": c.uuid,
        "index": c.integer(0, 2**31 - 2),
        "previous": c.nullable(c.digest),
        "kind": KIND,
        "at": c.time,
        "actor": c.digest,
        "detail": detail,
        "salt": c.digest,
    }
)


def event(value, at):
    EVENT_FIELDS(value, at)
    if (value["index"] == 0) != (value["previous"] is None):
        c.wrong(at, "the first event alone has no previous one")


ACTOR = c.fields(
    {
        "type": c.one_of("tiezheng/custody-actor/v1"),
        "accountId": c.nullable(c.uuid),
        "userId": c.nullable(c.text(1, 100)),
        "by": BY,
        "linkId": c.nullable(c.text(1, 100)),
        "name": c.nullable(c.text(1, 200)),
        "salt": c.digest,
    }
)
RECORD = c.fields(
    {
        "type": c.one_of("tiezheng/custody/v1"),
        "depositId": c.uuid,
        "count": c.integer(1, 2**31 - 1),
        "headHash": c.digest,
        "salt": c.digest,
    }
)
STATEMENT = c.fields(
    {
        "type": c.one_of("tiezheng/hand-over-statement/v1"),
        "handOverId": c.uuid,
        "depositId": c.uuid,
        "giver": c.fields({"accountId": c.uuid, "name": c.text(1, 200)}),
        "receiver": c.fields({"kind": RECEIVERS, "accountId": c.nullable(c.uuid), "name": c.text(1, 300)}),
        "items": c.items(
            c.fields(
                {
                    "what": c.one_of("original", "certificate", "other"),
                    "fileIndex": c.nullable(c.integer(0)),
                    "sha256": c.digest,
                    "description": c.nullable(c.text(1, 300)),
                }
            ),
            1,
            1100,
        ),
        "note": c.nullable(c.text(1, 1000)),
        "handedOverAt": c.time,
        "expiresAt": c.time,
        "salt": c.digest,
    }
)
CONFIRMATION = c.fields(
    {
        "type": c.one_of("tiezheng/hand-over-confirmation/v1"),
        "handOverId": c.uuid,
        "statement": c.digest,
        "confirmedAt": c.time,
        "by": c.one_of("account", "link"),
        "accountId": c.nullable(c.uuid),
        "name": c.text(1, 300),
        "note": c.nullable(c.text(1, 1000)),
        "salt": c.digest,
    }
)
HAND_OVER = c.typed("tiezheng/hand-over/v1", c.fields(
    {
        "type": c.one_of("tiezheng/hand-over/v1"),
        "evaluation": c.boolean,
        "statement": STATEMENT,
        "confirmation": c.nullable(CONFIRMATION),
        "events": c.fields({"handedOver": c.digest, "confirmed": c.nullable(c.digest)}),
        "seals": seal.SEALS,
    },
    {"claims": c.fields({"madeAt": c.time})},
))  # fmt: skip
LEAF = c.fields({"record": RECORD, "leafIndex": c.integer(0, 2**48), "inclusionProof": evidence.PROOF})
CUSTODY_FIELDS = c.typed("tiezheng/custody-file/v1", c.fields(
    {
        "type": c.one_of("tiezheng/custody-file/v1"),
        "evaluation": c.boolean,
        "depositId": c.uuid,
        "events": c.items(c.fields({"event": event, "actor": c.nullable(ACTOR)}), 1, 15000),
        "handOvers": c.items(c.fields({"statement": STATEMENT, "confirmation": c.nullable(CONFIRMATION)}), 0, 500),
        "log": c.fields(
            {"origin": c.origin, "keys": evidence.NOTE_KEYS}, {"rotations": c.items(evidence.ROTATION, 1, 7)}
        ),
        "leaves": c.items(LEAF, 0, 2000),
        "publication": c.nullable(
            c.fields(
                {
                    "checkpoint": evidence.CHECKPOINT,
                    "cosignatures": c.items(c.any_text(1000), 0, 64),
                    "attestations": c.items(evidence.attestation, 0, 32),
                }
            )
        ),
        "claims": c.fields({"madeAt": c.time}),
        "seals": seal.SEALS,
    }
))  # fmt: skip


def parse_file(data):
    value = c.parse(data, MAX_FILE_BYTES)
    CUSTODY_FIELDS(value, "custody file")
    if (not value["leaves"]) != (value["publication"] is None):
        c.wrong("publication", "leaves and their checkpoint go together")
    return value


def commitment(value):
    return c.commit(value).hex()


# The chain


def check_chain(value, deposit_id, policy, material):
    """(status, cause) of `custody.chain`."""
    for wrong in (about_another, broken_chain, altered_actor, unrecorded, wrong_leaf):
        reason = wrong(value, deposit_id)
        if reason is not None:
            return "failed", reason
    if not value["leaves"]:
        return "not-checked", "operator-word-only"
    newest = value["leaves"][-1]
    checks = evidence.Checks()
    checkpoint = evidence.readable_checkpoint(checks, value["publication"]["checkpoint"], None)
    if checkpoint is not None:
        log = {**value["log"], "leafIndex": newest["leafIndex"]}
        leaf = spine.plain_leaf_data(newest["record"])
        evidence.check_log(checks, log, checkpoint, leaf, newest["inclusionProof"], None, policy, None)
    asked = sorted((x for x in checks if x["name"] in LOG_CHECKS), key=lambda x: LOG_CHECKS.index(x["name"]))
    for check in asked:
        if check["status"] == "failed":
            return "failed", check["cause"]
    for leaf in value["leaves"][:-1]:
        hashes = [bytes.fromhex(h) for h in leaf["inclusionProof"]]
        hash_ = spine.leaf_hash(spine.plain_leaf_data(leaf["record"]))
        try:
            spine.check_inclusion(hash_, leaf["leafIndex"], checkpoint.size, hashes, checkpoint.root)
        except spine.Mismatch as mismatch:
            return "failed", str(mismatch)
    for check in asked:
        if check["status"] == "not-checked":
            return "not-checked", check["cause"]
    seals = evidence.Checks()
    evidence.check_seals(seals, value, value["claims"]["madeAt"], policy, material)
    broken = [x for x in seals if x["status"] == "failed"]
    return ("failed", broken[0]["cause"]) if broken else ("passed", None)


def about_another(value, deposit_id):
    parts = [value, *(x["event"] for x in value["events"]), *(x["record"] for x in value["leaves"])]
    parts += [x["statement"] for x in value["handOvers"]]
    return "about-another-deposit" if any(x["depositId"] != deposit_id for x in parts) else None


def broken_chain(value, _):
    previous = None
    for i, entry in enumerate(value["events"]):
        at = entry["event"]
        if at["index"] != i:
            return "event-missing-or-moved"
        if at["previous"] != (None if previous is None else commitment(previous)):
            return "event-altered"
        if previous is not None and at["at"] < previous["at"]:
            return "time-runs-back"
        previous = at
    return None


def altered_actor(value, _):
    for entry in value["events"]:
        if entry["actor"] is not None and commitment(entry["actor"]) != entry["event"]["actor"]:
            return "actor-altered"
    return None


def unrecorded(value, _):
    for given in value["handOvers"]:
        statement, confirmation = given["statement"], given["confirmation"]
        own, said = statement["handOverId"], commitment(statement)

        def recorded(kind, member, digest, own=own):
            return any(
                x["event"]["kind"] == kind
                and x["event"]["detail"].get("handOver") == own
                and x["event"]["detail"].get(member) == digest
                for x in value["events"]
            )

        if not recorded("handed-over", "statement", said):
            return "hand-over-not-recorded"
        if confirmation is None:
            continue
        fits = confirmation["handOverId"] == own and confirmation["statement"] == said
        if not fits or not recorded("hand-over-confirmed", "confirmation", commitment(confirmation)):
            return "confirmation-not-recorded"
    return None


def wrong_leaf(value, _):
    count, index = 0, -1
    for leaf in value["leaves"]:
        record = leaf["record"]
        if record["count"] > len(value["events"]):
            return "events-cut-off"
        if commitment(value["events"][record["count"] - 1]["event"]) != record["headHash"]:
            return "leaf-differs"
        if record["count"] < count or leaf["leafIndex"] <= index:
            return "leaves-out-of-order"
        count, index = record["count"], leaf["leafIndex"]
    return None


# The receipt of a hand-over


def inspect(data, files, policy, now_ms):
    """(checks, required names)."""
    value = c.parse(data, MAX_HAND_OVER_BYTES)
    HAND_OVER(value, "hand-over")
    statement, confirmation = value["statement"], value["confirmation"]
    material = proofs.material_among(files)
    record, chain = custody_beside(statement["depositId"], files), None
    if record is not None:
        chain = check_chain(record, statement["depositId"], policy, material)
    telling = None if chain is None or chain[0] == "failed" else record
    checks = evidence.Checks()
    checks.add("custody.handOver", *check_acts(value, telling, now_ms))
    later = statement["handedOverAt"] if confirmation is None else confirmation["confirmedAt"]
    evidence.check_seals(checks, value, value.get("claims", {"madeAt": later})["madeAt"], policy, material)
    check_items(checks, statement["items"], files)
    checks.add("custody.events", *check_events(value, chain, telling))
    if chain is not None:
        checks.add("custody.chain", *chain)
    return checks, ["custody.handOver", "seal", "file.digest"]


def custody_beside(deposit_id, files):
    records = [parse_file(f.data) for f in files if c.type_of(f.data) == "tiezheng/custody-file/v1"]
    return next((x for x in records if x["depositId"] == deposit_id), records[0] if records else None)


def check_acts(value, record, now_ms):
    reason = wrong_acts(value)
    if reason is not None:
        return "failed", reason
    if value["confirmation"] is not None:
        return "passed", None
    own = value["statement"]["handOverId"]
    for entry in [] if record is None else record["events"]:
        at = entry["event"]
        if at["detail"].get("handOver") == own and at["kind"] == "hand-over-cancelled":
            return "not-checked", "cancelled"
        if at["detail"].get("handOver") == own and at["kind"] == "hand-over-confirmed":
            return "not-checked", "unconfirmed"
    made = c.unix_ms(value["claims"]["madeAt"]) if "claims" in value else 0
    over = max(now_ms or 0, made) >= c.unix_ms(value["statement"]["expiresAt"])
    return "not-checked", "expired" if over else "unconfirmed"


def wrong_acts(value):
    statement, confirmation, confirmed = value["statement"], value["confirmation"], value["events"]["confirmed"]
    receiver, handed_over = statement["receiver"]["accountId"], statement["handedOverAt"]
    later = handed_over if confirmation is None else confirmation["confirmedAt"]
    if receiver == statement["giver"]["accountId"]:
        return "giver-is-receiver"
    if "claims" in value and value["claims"]["madeAt"] < later:
        return "made-before-its-acts"
    if confirmation is None:
        return None if confirmed is None else "event-without-confirmation"
    if confirmation["handOverId"] != statement["handOverId"]:
        return "confirms-another-hand-over"
    if confirmation["statement"] != commitment(statement):
        return "confirms-another-statement"
    if (confirmation["by"] == "account") != (confirmation["accountId"] is not None):
        return "confirmer-does-not-fit"
    if confirmation["accountId"] != receiver:
        return "confirmed-by-another-account"
    if confirmation["confirmedAt"] < handed_over:
        return "confirmed-before-handed-over"
    if confirmation["confirmedAt"] >= statement["expiresAt"]:
        return "confirmed-after-expiry"
    return "confirmation-without-event" if confirmed is None else None


def check_items(checks, items, files):
    digests = {f.sha256 for f in files}
    certificates = {digest for digest in map(certificate_digest, files) if digest is not None}

    def held(item):
        return item["sha256"] in (certificates if item["what"] == "certificate" else digests)

    found = [x for x in items if held(x)]
    absent = [x for x in items if x["what"] != "other" and not held(x)]
    evidence_files = list({f.sha256: f for f in files if not is_proof_or_aid(f)}.values())
    strangers = [f for f in evidence_files if all(f.sha256 != x["sha256"] for x in items)]
    if not found and len(evidence_files) == len(strangers) == 1:
        checks.add("file.digest", "failed", "not-the-file-of-this-proof")
        return
    for _ in found:
        checks.add("file.digest", "passed")
    if absent or not found:
        checks.add("file.missing", "not-checked", "absent")


def certificate_digest(file):
    """The digest that names a certificate of ours, however it is carried."""
    data = container.embedded_certificate(file.data) if file.data.startswith(b"%PDF-") else file.data
    if data is None or c.type_of(data) != "tiezheng/certificate/v1":
        return None
    try:
        return seal.digest_of(evidence.parse_certificate(data)).hex()
    except Refused:
        return None


OURS = ("certificate", "receipt", "hand-over", "policy", "signed-policy", "custody-file", "status-proof")


def is_proof_or_aid(file):
    ours = c.type_of(file.data) in [f"tiezheng/{name}/v1" for name in OURS]
    return ours or proofs.kind_of(file.data) is not None or proofs.is_aid(file.data)


def check_events(value, chain, record):
    if chain is None:
        return "not-checked", "operator-word-only"
    if record is None:
        return "not-checked", "depends-on-failed"
    statement, confirmation, events = value["statement"], value["confirmation"], value["events"]

    def act(kind):
        for entry in record["events"]:
            if entry["event"]["kind"] == kind and entry["event"]["detail"].get("handOver") == statement["handOverId"]:
                return entry["event"]
        return None

    def differs(found, digest, member, commits_to, at):
        if found is None:
            return record["claims"]["madeAt"] > at
        return commitment(found) != digest or found["detail"].get(member) != commits_to

    given, taken = act("handed-over"), act("hand-over-confirmed")
    if differs(given, events["handedOver"], "statement", commitment(statement), statement["handedOverAt"]):
        return "failed", "hand-over-not-recorded"
    named = [given]
    if confirmation is not None:
        if act("hand-over-cancelled") is not None:
            return "failed", "confirmed-and-cancelled"
        own = commitment(confirmation)
        if differs(taken, events["confirmed"], "confirmation", own, confirmation["confirmedAt"]):
            return "failed", "confirmation-not-recorded"
        named.append(taken)
    if chain[0] == "not-checked":
        return chain
    count = record["leaves"][-1]["record"]["count"]
    if any(x is None or x["index"] >= count for x in named):
        return "not-checked", "operator-word-only"
    return "passed", None
