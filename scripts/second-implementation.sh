#!/usr/bin/env bash
# Makes a venv for the second implementation of verification, in Python, and has it decide every vector of test/vectors.
# Usage: scripts/second-implementation.sh [folder for the venv]
set -euo pipefail
cd "$(dirname "$0")/../test/second-implementation"
venv="${1:-${TMPDIR:-/tmp}/tiezheng-second-implementation}"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
exec "$venv/bin/python" compare.py
