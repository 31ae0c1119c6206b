"""Whom the reader trusts (docs/formats/policy.md, signed-policy.md)."""

import canonical as c
import note
import seal
import x509
from canonical import Refused

MAX_POLICY_BYTES = 16 * 2**20
MAX_SIGNED_BYTES = 17 * 2**20

operator = c.text(1, 200)
POLICY = c.typed("tiezheng/policy/v1", c.fields(
    {
        "type": c.one_of("tiezheng/policy/v1"),
        "evaluation": c.boolean,
        "independentTimesRequired": c.integer(0, 16),
        "logs": c.items(
            c.fields(
                {
                    "origin": c.origin,
                    "keys": c.items(c.key_text, 1, 8),
                    "leaf0": c.digest,
                    "contracts": c.items(c.fields({"chain": c.chain, "address": c.address}), 0, 16),
                }
            ),
            0,
            64,
        ),
        "chains": c.items(c.fields({"chain": c.chain, "independent": c.boolean}, {"operator": operator}), 0, 64),
        "blocks": c.items(c.fields({"chain": c.chain, "hash": c.hash0x}), 0, 100_000),
        "authorities": c.items(
            c.fields({"certificate": c.base64_of(16384), "independent": c.boolean}, {"operator": operator}), 0, 64
        ),
        "seals": c.items(c.base64_of(16384), 0, 64),
        "witnesses": c.fields({"keys": c.items(c.key_text, 0, 64), "quorum": c.integer(0, 64)}),
    },
    {
        "anchorsRequired": c.integer(0, 16),
        "tokensRequired": c.integer(0, 16),
        "statusRequired": c.boolean,
        "bitcoin": c.fields(
            {
                "independent": c.boolean,
                "headers": c.items(
                    c.fields({"height": c.integer(0, 100_000_000), "header": c.pattern("[0-9a-f]{160}")}), 0, 20_000
                ),
            }
        ),
    },
))  # fmt: skip

SIGNED = c.typed("tiezheng/signed-policy/v1", c.fields(
    {
        "type": c.one_of("tiezheng/signed-policy/v1"),
        "issuer": c.text(1, 200),
        "name": c.text(1, 100),
        "serial": c.integer(0),
        "issuedAt": c.time,
        "expiresAt": c.time,
        "policy": POLICY,
        "seals": seal.SEALS,
    }
))  # fmt: skip


class Policy:
    def __init__(self, value, blocks=(), headers=()):
        self.value = value
        self.evaluation = value["evaluation"]
        self.logs = {}
        for log in value["logs"]:
            self.logs[log["origin"]] = {
                "keys": [note.parse_key(key, note.ED25519) for key in log["keys"]],
                "contracts": {(at["chain"], at["address"]) for at in log["contracts"]},
            }
        self.chains = {entry["chain"]: entry for entry in value["chains"]}
        self.blocks = {(block["chain"], block["hash"]) for block in value["blocks"]}
        self.seals = [read_x509(der, "seals") for der in value["seals"]]
        self.authorities = [read_x509(entry["certificate"], "authorities") for entry in value["authorities"]]
        self.authority_entries = {
            root.der: entry for root, entry in zip(self.authorities, value["authorities"], strict=True)
        }
        self.witness_keys = [note.parse_key(key, note.COSIGNATURE) for key in value["witnesses"]["keys"]]
        self.quorum = value["witnesses"]["quorum"]
        self.bitcoin_independent = value.get("bitcoin", {}).get("independent", False)
        self.headers = {}
        for entry in value.get("bitcoin", {}).get("headers", []):
            self.headers.setdefault(entry["height"], []).append(bytes.fromhex(entry["header"]))


def read_x509(text, at):
    try:
        return x509.parse_certificate(c.from_base64(text))
    except (x509.der.Malformed, Refused):
        raise Refused("not-a-certificate", f"{at}: no X.509 certificate") from None


def parse_policy(data):
    value = c.read_json(data, MAX_POLICY_BYTES)
    if isinstance(value, dict) and value.get("type") == "tiezheng/signed-policy/v1":
        raise Refused("policy-signer-missing", "name the signer")
    POLICY(value, "policy")
    return Policy(value)


def open_signed(data, signer_der):
    """A signed policy by the named signer: (Policy, whole object)."""
    whole = c.parse(data, MAX_SIGNED_BYTES)
    SIGNED(whole, "signed policy")
    if not whole["expiresAt"] > whole["issuedAt"]:
        c.wrong("expiresAt", "is not the later one")
    if not whole["seals"]:
        raise Refused("policy-not-signed", "carries no seal")
    signer = x509.parse_certificate(signer_der)
    outcomes = [
        judged[0]
        for judged in seal.check_all(whole, c.unix_ms(whole["issuedAt"]), [signer], [], ([], []), stamped=True)
    ]
    if any(status == "failed" for status, _ in outcomes):
        raise Refused("policy-seal-invalid", "a seal is broken")
    if not any(status == "passed" for status, _ in outcomes):
        raise Refused("policy-signed-by-another", "no seal leads to the named signer")
    return Policy(whole["policy"]), whole


def accept_fetched(whole, now_ms, held=None):
    """What a reader who fetches looks at besides."""
    if c.unix_ms(whole["expiresAt"]) <= now_ms:
        raise Refused("policy-expired", whole["expiresAt"])
    if held is None:
        return
    if held["name"] != whole["name"]:
        raise Refused("policy-of-another-name", held["name"])
    if held["serial"] > whole["serial"]:
        raise Refused("policy-older", str(whole["serial"]))
    if held["serial"] == whole["serial"] and unsealed(held) != unsealed(whole):
        raise Refused("policy-serial-reused", str(whole["serial"]))


def unsealed(value):
    return {name: item for name, item in value.items() if name != "seals"}
