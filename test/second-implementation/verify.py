#!/usr/bin/env python3
"""
A second verifier for Tiezheng's formats, written from docs/formats/ alone.

    python verify.py THING [FILE …] [--policy P] [--policy-signer CERT] [--status S] [--now TIME]

Prints {"exit": 0|1|2|3, "code": …, "checks": {name: [outcome, …]}} and ends with that exit code.
"""

import argparse
import json
import sys
from pathlib import Path

import canonical as c
import container
import custody
import evidence
import policy as policies
import proofs
import x509
from canonical import Refused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("thing", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--kind", help="what it is, where the bytes are too broken to tell")
    parser.add_argument("--policy", type=Path)
    parser.add_argument("--policy-signer", type=Path)
    parser.add_argument("--held", type=Path, help="the signed policy at hand, for one that was fetched")
    parser.add_argument("--status", type=Path)
    parser.add_argument("--now", help="the reader's clock, UTC with milliseconds")
    options = parser.parse_args()
    answer = run(options)
    print(json.dumps(answer, ensure_ascii=False, sort_keys=True))
    sys.exit(answer["exit"])


def run(options):
    """The answer; never raises for whatever the files hold."""
    try:
        return verify(options)
    except Refused as refused:
        return {"exit": 3, "code": refused.code, "message": str(refused), "checks": {}}


def verify(options):
    now = None if options.now is None else c.unix_ms(options.now)
    data = options.thing.read_bytes()
    files = [evidence.File(path.read_bytes()) for path in options.files]
    kind = options.kind or kind_of(data)
    if kind == "signed-policy" or kind == "policy":
        return read_policy_thing(data, options, now)
    policy = None if options.policy is None else read_policy(options.policy.read_bytes(), options.policy_signer)[0]
    status = None if options.status is None else options.status.read_bytes()
    checks = evidence.Checks()
    if kind in ("opentimestamps", "tlog-proof", "timestamp-token", "timestamp-response"):
        return inspect(kind, data, files, policy)
    if kind == "hand-over":
        checks, required = custody.inspect(data, files, policy, now)
        return conclude(checks, unmet_of_inspection(checks, required), policy)
    material = proofs.material_among(files)
    if kind == "certificate":
        shown = proofs.presented_among(files, data)
        checks, unmet, _ = evidence.verify_certificate(data, shown, policy, material, status, now)
    elif kind == "receipt":
        shown = proofs.presented_among(files, data)
        checks, unmet, _ = evidence.verify_receipt(data, shown, policy, material)
    elif kind == "pdf":
        checks, unmet = verify_pdf(data, files, policy, material, status, now)
    elif kind == "package":
        checks, unmet = verify_package(data, files, policy, status, now)
    else:
        raise Refused("evidence-unknown", str(options.thing))
    return conclude(checks, unmet, policy)


def kind_of(data):
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\3\4"):
        return "package"
    proof = proofs.kind_of(data)
    if proof is not None:
        return proof
    for kind in ("certificate", "receipt", "hand-over", "signed-policy", "policy"):
        if b'"tiezheng/%s/v1"' % kind.encode() in data and is_type(data, kind):
            return kind
    return None


def is_type(data, kind):
    """Looks at the outermost `type`, in whatever spelling; a broken one counts as what it names last."""
    try:
        value = json.loads(data)
        return isinstance(value, dict) and value.get("type") == f"tiezheng/{kind}/v1"
    except (ValueError, RecursionError):
        return data.rstrip().endswith(b'"type":"tiezheng/%s/v1"}' % kind.encode()) or kind in ("certificate",)


def read_policy(data, signer):
    if b'"tiezheng/signed-policy/v1"' in data and is_type(data, "signed-policy"):
        if signer is None:
            raise Refused("policy-signer-missing", "name the signer")
        return policies.open_signed(data, signer.read_bytes())
    if signer is not None:
        raise Refused("policy-not-signed", "a signer is named, and the policy is not signed")
    return policies.parse_policy(data), None


def read_policy_thing(data, options, now):
    _, whole = read_policy(data, options.policy_signer)
    if whole is not None and now is not None:
        held = None if options.held is None else json.loads(options.held.read_bytes())
        policies.accept_fetched(whole, now, held)
    return {"exit": 0, "checks": {}}


def inspect(kind, data, files, policy):
    checks = evidence.Checks()
    if kind == "opentimestamps":
        required = proofs.inspect_ots(checks, data, files, policy)
    elif kind == "tlog-proof":
        required = proofs.inspect_tlog_proof(checks, data, files, policy)
    else:
        required = proofs.inspect_token(checks, data, kind, files, policy)
    return conclude(checks, unmet_of_inspection(checks, required), policy)


def unmet_of_inspection(checks, required):
    unmet = [name for name in required if not all_passed(checks, name)]
    if any(x["name"] == "file.missing" for x in checks) and "passed" not in checks.status_of("file.digest"):
        unmet.append("file.missing")
    return unmet


def all_passed(checks, name):
    found = [x["status"] for x in checks if x["name"] == name]
    return bool(found) and set(found) == {"passed"}


def verify_pdf(data, files, policy, material, status, now):
    if len(data) > container.MAX_PDF_BYTES:
        raise Refused("too-large", "PDF")
    embedded = container.embedded_certificate(data)
    if embedded is None:
        raise Refused("pdf-without-certificate", "no certificate of ours in it")
    shown = proofs.presented_among(files, embedded)
    checks, unmet, value = evidence.verify_certificate(embedded, shown, policy, material, status, now)
    container.check_pdf(checks, data, value, policy, material)
    return checks, [*unmet, *(n for n in ("pdf.signature", "pdf.matches") if not all_passed(checks, n))]


def verify_package(data, files, policy, status, now):
    package = container.Package(data)
    embedded = package.files.get("data/certificate.json")
    if embedded is None:
        raise Refused("evidence-unknown", "no data/certificate.json")
    originals = [evidence.File(d) for p, d in package.files.items() if p.startswith("data/originals/")]
    material = container.material_in(package.files)
    status = status if status is not None else package.files.get("data/status.json")
    checks, unmet, value = evidence.verify_certificate(embedded, files + originals, policy, material, status, now)
    container.check_package(
        checks, package, value, lambda pdf: container.check_pdf(checks, pdf, value, policy, material)
    )
    names = ("pdf.signature", "pdf.matches", "package.manifest", "package.extra")
    return checks, [*unmet, *(n for n in names if not all_passed(checks, n))]


def conclude(checks, unmet, policy):
    counted = [x for x in checks if x["name"] != "status" or (policy and policy.value.get("statusRequired"))]
    failed = any(x["status"] == "failed" for x in counted)
    outcomes = {}
    for check in checks:
        cause = check["cause"] or ""
        outcomes.setdefault(check["name"], []).append(f"{check['status']} {cause}".strip())
    return {
        "exit": 1 if failed else 2 if unmet or policy is None else 0,
        "checks": {name: sorted(found) for name, found in outcomes.items()},
        "unmet": sorted(set(unmet)),
    }


if __name__ == "__main__":
    main()
