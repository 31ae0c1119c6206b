#!/usr/bin/env python3
"""
Runs every vector of test/vectors/index.json and compares with what is expected there.

    python compare.py [VECTORS]

Prints each disagreement and a summary; ends with 1 if there is any.
"""

import argparse
import json
import sys
from pathlib import Path

import verify

VECTORS = Path(__file__).parent.parent / "vectors"


def options_of(vector, folder):
    def path(name):
        return folder / vector[name] if name in vector else None

    return argparse.Namespace(
        thing=path("file"),
        kind=vector["kind"],
        files=[folder / name for name in vector["files"]],
        policy=path("policy"),
        policy_signer=path("signer"),
        held=path("held"),
        status=path("status"),
        now=vector.get("now"),
    )


def difference(vector, folder):
    """What this verifier says otherwise than expected; None if nothing."""
    found = verify.run(options_of(vector, folder))
    expected = vector["expect"]
    said = []
    if found["exit"] != expected["exit"]:
        said.append(f"exit {found['exit']}, expected {expected['exit']}")
    if found.get("code") != expected.get("code"):
        said.append(f"code {found.get('code')}, expected {expected.get('code')}")
    for name in sorted({*found["checks"], *expected["checks"]}):
        here, there = found["checks"].get(name), expected["checks"].get(name)
        if here != there:
            said.append(f"{name} {here}, expected {there}")
    return "; ".join(said) or None


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else VECTORS
    vectors = json.loads((folder / "index.json").read_text())
    wrong = 0
    for vector in vectors:
        said = difference(vector, folder)
        if said is not None:
            wrong += 1
            print(f"{vector.get('status', vector['file'])}: {said}")
    good = sum(vector["good"] for vector in vectors)
    print(f"{len(vectors) - wrong} of {len(vectors)} vectors agree ({good} good, {len(vectors) - good} bad)")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
