#!/bin/bash
# Holds what a running evaluation service hands out against tools that know nothing of us, one line for each tool. Installs what
# is missing: Debian's poppler-utils, qpdf, openssl, curl, unzip and python3-venv (as root), bagit, pyHanko and opentimestamps from PyPI,
# opentimestamps from npm, Tessera and torchwood's litewitness from the Go proxy, BouncyCastle from Maven Central. A tool that cannot be had is skipped and said so. Takes some minutes; needs `npm run setup` before.
# Exit code: 0 all that ran agreed, 1 one did not.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/scripts/independent-tools"
root="$PWD"
PATH="$root/node_modules/.bin:$PATH"
work="$(mktemp -d "${TMPDIR:-/tmp}/tiezheng-tools-XXXXXX")"
service=
calendars=
witness=
agent=
ours=
disagreed=0

cleanup() {
  if [ -n "$service" ]; then kill "$service" 2>/dev/null && wait "$service" 2>/dev/null; fi
  if [ -n "$calendars" ]; then kill "$calendars" 2>/dev/null; fi
  if [ -n "$witness" ]; then kill "$witness" 2>/dev/null; fi
  if [ -n "$agent" ]; then kill "$agent" 2>/dev/null; fi
  if [ -n "$ours" ]; then kill "$ours" 2>/dev/null; fi
  # Go keeps its modules read-only.
  chmod -R u+w "$work" && rm -rf "$work"
}
trap cleanup EXIT

line() { printf '%-11s %-28s %s\n' "$1" "$2" "$3"; }

# agrees TOOL WHAT COMMAND…: the command's end decides.
agrees() {
  local tool="$1" what="$2"
  shift 2
  if "$@" >"$work/said" 2>&1; then line agreed "$tool" "$what"
  else
    disagreed=1
    line DISAGREED "$tool" "$what"
    sed 's/^/            /' "$work/said" | tail -n 20
  fi
}

have() { command -v "$1" >/dev/null; }

install_debian() {
  local missing=()
  have pdfsig || missing+=(poppler-utils)
  have qpdf || missing+=(qpdf)
  have openssl || missing+=(openssl)
  have curl || missing+=(curl)
  have unzip || missing+=(unzip)
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
  if [ "${#missing[@]}" -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ] || ! have apt-get; then echo "not installed, and not root on Debian: ${missing[*]}"; return; fi
  echo "installing ${missing[*]} …"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

# A C2SP witness that is not ours, with a key of its own. Sets no settings file if it cannot be had.
start_litewitness() {
  local folder="$work/litewitness" port
  mkdir -p "$folder/go"
  if ! have go || ! have ssh-agent; then litewitness_why='Go or ssh-agent is not installed'; return; fi
  cp "$tools/witnessed.go" "$folder/go/main.go"
  # Required by version in a module: some proxies have no list of versions for `go install` to look through.
  if ! (cd "$folder/go" && export GOPATH="$work/go" GOFLAGS=-mod=mod && go mod init witnessed &&
    go mod edit -require filippo.io/torchwood@v0.9.0 &&
    go build -o ../ filippo.io/torchwood/cmd/litewitness && go build -o ../witnessed .) >"$work/torchwood.log" 2>&1; then
    litewitness_why="cannot be had: $(tail -n 1 "$work/torchwood.log")"
    return
  fi
  ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
  ssh-agent -D -a "$folder/agent" >/dev/null 2>&1 &
  agent=$!
  for _ in $(seq 50); do [ -S "$folder/agent" ] && break; sleep 0.1; done
  SSH_AUTH_SOCK="$folder/agent" ssh-add -q "$folder/key"
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  "$folder/litewitness" -name litewitness.example.org -key "$(ssh-keygen -lf "$folder/key.pub" | cut -d' ' -f2)" \
    -ssh-agent "$folder/agent" -db "$folder/db" -listen "127.0.0.1:$port" >"$folder/log" 2>&1 &
  witness=$!
  for _ in $(seq 50); do grep -qs 'msg=listening' "$folder/log" && break; sleep 0.1; done
  litewitness_vkey="$(sed -n 's/.*vkey=//p' "$folder/log" | head -n 1)"
  echo "{\"witnesses\":[{\"vkey\":\"$litewitness_vkey\",\"url\":\"http://127.0.0.1:$port\"}],\"quorum\":1,\"withoutQuorum\":\"stop\"}" \
    >"$folder/witnesses.json"
}

# The log is known by its key only once the service runs. What its own tool would write.
tell_litewitness() {
  python3 - "$work/litewitness/db" "$1" <<'PYTHON'
import base64, hashlib, sqlite3, sys
origin = sys.argv[2].split("+")[0]
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("insert into log values (?, 0, ?)", (origin, base64.b64encode(hashlib.sha256(b"").digest()).decode()))
    db.execute("insert into key values (?, ?)", (origin, sys.argv[2]))
PYTHON
}

# --- what is looked at -----------------------------------------------------------------------------------------------------
install_debian
mkdir "$work/calendars"
node "$tools/run-calendar.ts" "$work/calendars" >"$work/calendars.log" 2>&1 &
calendars=$!
for _ in $(seq 60); do [ -f "$work/calendars/calendars.json" ] && break; sleep 0.5; done
export TIEZHENG_CALENDARS_FILE="$work/calendars/calendars.json"
litewitness_why=
litewitness_vkey=
start_litewitness
if [ -f "$work/litewitness/witnesses.json" ]; then export TIEZHENG_WITNESSES_FILE="$work/litewitness/witnesses.json"; fi
export TIEZHENG_DATA="$work/data" PORT=0
node bin/tiezheng.mjs serve --evaluation >"$work/service.log" 2>&1 &
service=$!
for _ in $(seq 240); do
  [ -f "$TIEZHENG_DATA/evaluation.json" ] && break
  kill -0 "$service" 2>/dev/null || { cat "$work/service.log"; exit 1; }
  sleep 0.5
done
setting() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$TIEZHENG_DATA/evaluation.json" "$1"; }
url="$(setting url)"
if [ -n "$litewitness_vkey" ]; then tell_litewitness "$(setting logPublicKey)"; fi

# So many leaves that the log has full tiles and partial ones on two levels.
python3 - >"$work/bulk" <<'PYTHON'
import hashlib, json
for i in range(700):
    content = str(i).encode()
    file = {"name": f"{i}.txt", "sizeBytes": len(content), "mediaType": "text/plain",
            "sha256": hashlib.sha256(content).hexdigest(), "sm3": None}
    print(json.dumps({"files": [file]}))
PYTHON
curl -sS --fail --max-time 300 -H "authorization: Bearer $(setting apiKey)" -H 'content-type: application/x-ndjson' \
  -H 'prefer: return=minimal' --data-binary "@$work/bulk" -o "$work/bulk.answer" "$url/api/v1/deposits/digests"
original="$work/原件 original.txt"
cp contracts/IEvidenceLog.sol "$original"
node bin/tiezheng.mjs deposit "$original" --title 独立工具 --wait --out "$work/out" --json >/dev/null
mkdir "$work/bag"
unzip -q "$work/out/package.zip" -d "$work/bag"
certificate="$work/out/certificate.json"

# --- content and package -----------------------------------------------------------------------------------------------------
in_bag() { (cd "$work/bag" && "$@"); }
same() { [ "$1" = "$2" ] || { printf '%s\n%s\n' "$1" "$2"; false; }; }
stated() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["files"][0]["entry"]["digests"][sys.argv[2]])' "$certificate" "$1"; }

agrees sha256sum 'digest in the certificate' same "$(sha256sum <"$original" | cut -d' ' -f1)" "$(stated sha256)"
agrees 'sha256sum -c, sha512sum -c' 'manifests of the package' in_bag bash -c '
  sha256sum --quiet -c manifest-sha256.txt tagmanifest-sha256.txt && sha512sum --quiet -c manifest-sha512.txt tagmanifest-sha512.txt'
sm3="$(openssl dgst -sm3 <"$original" | sed 's/.*= *//')"
agrees 'openssl dgst -sm3' 'digest in the certificate' same "$sm3" "$(stated sm3)"
we_read_its_bag() { # nobody signs a bag: whole, and exit code 2; one byte changed, and exit code 1
  mkdir "$work/theirs" && echo evidence >"$work/theirs/a.txt"
  "$work/venv/bin/bagit.py" --md5 --sha512 "$work/theirs" || return 1
  local code=0
  node bin/tiezheng.mjs verify "$work/theirs" || code=$?
  [ "$code" = 2 ] || return 1
  echo more >>"$work/theirs/data/a.txt"
  code=0
  node bin/tiezheng.mjs verify "$work/theirs" || code=$?
  [ "$code" = 1 ]
}
we_read_its_pdfs() { # all but the one that was changed after signing
  local pdf code folder="$work/signed"
  "$work/venv/bin/python" "$tools/signed-pdfs.py" "$folder" || return 1
  node -e '
    const { readFileSync, writeFileSync } = require("node:fs");
    const [folder] = process.argv.slice(1);
    const der = (name) => readFileSync(`${folder}/${name}.der`, "base64");
    const nobody = { type: "tiezheng/policy/v1", evaluation: false, independentTimesRequired: 0, logs: [], chains: [], blocks: [] };
    const authorities = [{ certificate: der("tsa-root"), independent: true }];
    const policy = { ...nobody, authorities, seals: [der("root")], witnesses: { keys: [], quorum: 0 } };
    writeFileSync(`${folder}/policy.json`, JSON.stringify(policy));
  ' "$folder" || return 1
  for pdf in "$folder"/*.pdf; do
    code=0
    node bin/tiezheng.mjs verify "$pdf" --policy "$folder/policy.json" || code=$?
    case "$pdf" in
      */changed-after-signing.pdf) [ "$code" = 1 ] || return 1 ;;
      *) [ "$code" = 0 ] || return 1 ;;
    esac
  done
}
if python3 -m venv "$work/venv" >/dev/null 2>&1 && "$work/venv/bin/pip" install -q bagit 'setuptools<81' >"$work/pip.log" 2>&1; then
  agrees 'bagit.py --validate' 'the package unpacked' "$work/venv/bin/bagit.py" --validate "$work/bag"
  agrees 'bagit.py' 'a bag of its making, read by us' we_read_its_bag
else line skipped 'bagit.py' "cannot be installed: $(tail -n 1 "$work/pip.log" 2>/dev/null || echo no python3-venv)"; fi

# --- PDF -------------------------------------------------------------------------------------------------------------------
pdf_signature() {
  pdfsig -nocert "$work/out/certificate.pdf"
  pdfsig -nocert "$work/out/certificate.pdf" | grep -q 'Signature is Valid' &&
    pdfsig -nocert "$work/out/certificate.pdf" | grep -q 'Total document signed'
}
embedded_json() {
  (cd "$work" && pdfdetach -saveall out/certificate.pdf) && cmp "$work/certificate.json" "$certificate"
}
if have pdfsig; then
  agrees pdfsig 'signature over the whole PDF' pdf_signature
  agrees pdfdetach 'the JSON in it, byte for byte' embedded_json
else line skipped pdfsig 'not installed'; fi
pyhanko_says_valid() { # the signature, and its timestamp by the authority's own root
  openssl x509 -in "$TIEZHENG_DATA/keys/seal.pem" -out "$work/seal-root.pem" &&
    "$work/venv/bin/pyhanko" sign validate --pretty-print --trust-replace --trust "$work/seal-root.pem" \
      --trust "$TIEZHENG_DATA/evaluation-tsa-root.pem" "$work/out/certificate.pdf" >"$work/pyhanko.said" 2>&1
  local code=$?
  cat "$work/pyhanko.said"
  [ "$code" = 0 ] && grep -q 'The TSA certificate is trusted' "$work/pyhanko.said" && grep -q 'judged VALID' "$work/pyhanko.said"
}
if "$work/venv/bin/pip" install -q pyhanko-cli >"$work/pip.log" 2>&1; then
  agrees 'pyhanko sign validate' 'signature and its timestamp' pyhanko_says_valid
  agrees 'pyhanko' 'PDFs that it signed, read by us' we_read_its_pdfs
else line skipped pyhanko "cannot be installed: $(tail -n 1 "$work/pip.log" 2>/dev/null || echo no python3-venv)"; fi
if have qpdf; then agrees 'qpdf --check' 'structure of the PDF' qpdf --check "$work/out/certificate.pdf"
else line skipped qpdf 'not installed'; fi

# --- timestamps --------------------------------------------------------------------------------------------------------------
tsa_root="$TIEZHENG_DATA/evaluation-tsa-root.pem"
timestamp_says_ok() { openssl ts -verify "$@" -CAfile "$tsa_root" 2>&1 | tee /dev/stderr | grep 'Verification: OK' >/dev/null; }
checkpoint_stamped() { timestamp_says_ok -token_in -in "$work/bag/data/proofs/checkpoint.1.tst" -data "$work/bag/data/proofs/checkpoint.txt"; }
seal_stamped() { # the token in the certificate's seal, over the 64 bytes of the signature
  python3 - "$certificate" "$work" <<'PYTHON'
import base64, json, sys
seal = json.load(open(sys.argv[1]))["seals"][0]
open(sys.argv[2] + "/seal.tst", "wb").write(base64.b64decode(seal["timestamp"]))
open(sys.argv[2] + "/seal.signature", "wb").write(base64.urlsafe_b64decode(seal["signature"] + "=="))
PYTHON
  timestamp_says_ok -token_in -in "$work/seal.tst" -data "$work/seal.signature"
}
authority_answers() { # -sha256, -sha384, -sha512
  openssl ts -query -data "$original" "$1" -cert -out "$work/query.tsq" &&
    curl -sS --fail -H 'content-type: application/timestamp-query' --data-binary "@$work/query.tsq" -o "$work/reply.tsr" "$url/tsa" &&
    timestamp_says_ok -queryfile "$work/query.tsq" -in "$work/reply.tsr" &&
    ! timestamp_says_ok -in "$work/reply.tsr" -data "$certificate"
}
agrees 'openssl ts -verify' 'the checkpoint of the package' checkpoint_stamped
agrees 'openssl ts -verify' 'the signature in the seal' seal_stamped
for hash in -sha256 -sha384 -sha512; do agrees 'openssl ts, curl' "the authority at /tsa, $hash" authority_answers "$hash"; done

# --- tree and chain ------------------------------------------------------------------------------------------------------------
agrees 'python3 hashlib' 'file → record → leaf → root' python3 "$tools/spine.py" "$certificate" "$original" "$sm3"
# Sets LEAF_INDEX and the like; each value is of digits and letters.
eval "$(python3 "$tools/spine.py" "$certificate" "$original" "$sm3")"

eth_call() {
  curl -sS --fail -H 'content-type: application/json' "$(setting rpcUrl)" --data \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{\"to\":\"$CONTRACT\",\"data\":\"$1\"},\"latest\"]}" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["result"])'
}
anchored() { # two words: the size, and a time that is not 0
  local answer
  answer="$(eth_call "$CALL_ANCHORED")"
  echo "$answer"
  [ "$((16#${answer:2:64}))" = "$TREE_SIZE" ] && [ "$((16#${answer:66:64}))" -gt 0 ]
}
included() { same "$(eth_call "$CALL_INCLUSION")" "0x$(eth_call "$CALL_ANCHORED" | cut -c 67-130)"; }
other_leaf_is_not() { # the same call with another index reverts
  local other="${CALL_INCLUSION:0:137}$(printf '%x' $((16#${CALL_INCLUSION:137:1} ^ 1)))${CALL_INCLUSION:138}"
  ! eth_call "$other"
}
agrees 'curl eth_call' 'anchored(root): the size signed' anchored
agrees 'curl eth_call' 'verifyInclusion(leaf): same time' included
agrees 'curl eth_call' 'verifyInclusion refuses another' other_leaf_is_not

# --- OpenTimestamps ----------------------------------------------------------------------------------------------------------
# Two calendars of our own and a Bitcoin without work to speak of; the clients and what they read and write are not ours.
opentimestamps() {
  local packed="$work/bag/data/proofs/file-1.ots" complete="$work/complete.ots" headers="$work/calendars/bitcoin-headers"
  local deposit="$url/api/v1/deposits/$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["record"]["depositId"])' "$certificate")"
  get() { curl -sS --fail -H "authorization: Bearer $(setting apiKey)" "$1"; }
  # Proofs are asked for again when they are a minute old.
  for _ in $(seq 150); do get "$deposit" | grep -q '"opentimestamps":"complete"' && break; sleep 1; done
  get "$deposit/files/0/proof.ots" >"$complete"
  if python3 -m venv "$work/ots" >/dev/null 2>&1 && "$work/ots/bin/pip" install -q opentimestamps==0.4.5 opentimestamps-client==0.7.2 >"$work/pip.log" 2>&1; then
    agrees 'Python opentimestamps' 'packed .ots, then upgraded' "$work/ots/bin/python" "$tools/ots-proof.py" "$original" "$packed" "$headers"
    agrees 'Python opentimestamps' '.ots that is complete' "$work/ots/bin/python" "$tools/ots-proof.py" "$original" "$complete" "$headers"
    client_upgrade() {
      cp "$packed" "$work/client.ots"
      local allowed
      allowed="$(python3 -c 'import json, sys; print(*["--whitelist=" + u for u in json.load(open(sys.argv[1]))["urls"]])' "$TIEZHENG_CALENDARS_FILE")"
      # shellcheck disable=SC2086
      "$work/ots/bin/ots" --no-default-whitelist $allowed upgrade "$work/client.ots" &&
        "$work/ots/bin/ots" info "$work/client.ots" | grep -q 'BitcoinBlockHeaderAttestation'
    }
    agrees 'ots upgrade, ots info' 'packed .ots, by the stock client' client_upgrade
  else line skipped 'Python opentimestamps' "cannot be installed: $(tail -n 1 "$work/pip.log" 2>/dev/null || echo no python3-venv)"; fi
  mkdir -p "$work/js/fs"
  # The package asks for a placeholder named fs that not every registry has.
  echo '{"name":"fs","version":"0.0.1"}' >"$work/js/fs/package.json"
  echo '{"private":true,"dependencies":{"opentimestamps":"0.4.9"},"overrides":{"fs":"file:./fs"}}' >"$work/js/package.json"
  if (cd "$work/js" && npm install --ignore-scripts --no-audit --no-fund) >"$work/npm.log" 2>&1; then
    in_js() { (cd "$work/js" && node "$tools/ots-proof.cjs" "$@"); }
    agrees 'npm opentimestamps' 'packed .ots, byte for byte' in_js "$original" "$packed"
    agrees 'npm opentimestamps' '.ots that is complete' in_js "$original" "$complete"
  else line skipped 'npm opentimestamps' "cannot be installed: $(tail -n 1 "$work/npm.log")"; fi
}
opentimestamps

# --- witnesses ---------------------------------------------------------------------------------------------------------------
# Nothing is published without litewitness, so the certificate is there only because it cosigned.
witnesses() {
  local packed="$work/bag/data/proofs/checkpoint.tlog-proof" deposit
  if [ -z "$litewitness_vkey" ]; then line skipped 'torchwood litewitness' "$litewitness_why"; return; fi
  agrees 'torchwood litewitness' 'cosigned the packed checkpoint' grep -q '^— litewitness.example.org ' "$packed"
  agrees 'torchwood' 'packed .tlog-proof; all tiles' \
    "$work/litewitness/witnessed" "$packed" "$url/log/" "$(setting logPublicKey)" "$litewitness_vkey" "$LEAF_DATA"
  deposit="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["record"]["depositId"])' "$certificate")"
  curl -sS --fail -H "authorization: Bearer $(setting apiKey)" -o "$work/http.tlog-proof" "$url/api/v1/deposits/$deposit/proof.tlog-proof"
  agrees 'torchwood' '.tlog-proof over HTTP' \
    "$work/litewitness/witnessed" "$work/http.tlog-proof" "$url/log/" "$(setting logPublicKey)" "$litewitness_vkey" "$LEAF_DATA"
}
witnesses

# The other way round: our witness, and a log that publishes nothing without it.
cosigned_tessera() {
  local folder="$work/tessera-log" vkey url status
  node "$root/bin/tiezheng.mjs" witness keygen --name witness.example.org --key "$folder/witness.key" >"$folder/witness.vkey"
  vkey="$("$work/bin/witnessed-log" keygen "$folder/log.key")"
  node "$root/bin/tiezheng.mjs" witness --key "$folder/witness.key" --state "$folder/state" --log "$vkey" --port 0 --limit 10000 >"$folder/said" &
  ours=$!
  for _ in $(seq 100); do grep -qs '^listening on ' "$folder/said" && break; sleep 0.1; done
  url="$(sed -n 's/^listening on //p' "$folder/said")"
  mkdir "$folder/store"
  "$work/bin/witnessed-log" run "$folder/log.key" "$folder/store" "$(cat "$folder/witness.vkey")" "$url"
  status=$?
  kill "$ours" && wait "$ours"
  ours=
  return "$status"
}

# --- evidence records --------------------------------------------------------------------------------------------------------
# BouncyCastle's RFC 4998 reads the .ers of a file, and not with another file beside it.
evidence_records() {
  local folder="$work/evidence-records" deposit
  mkdir "$folder"
  if ! have javac || ! have mvn; then line skipped BouncyCastle 'javac or mvn is not installed'; return; fi
  cat >"$folder/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>tiezheng</groupId><artifactId>evidence-records</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.bouncycastle</groupId><artifactId>bcpkix-jdk18on</artifactId><version>1.81</version></dependency></dependencies>
</project>
POM
  if ! (cd "$folder" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib &&
    javac -cp 'lib/*' -d out "$tools/EvidenceRecords.java") >"$work/mvn.log" 2>&1; then
    line skipped BouncyCastle "cannot be had: $(tail -n 1 "$work/mvn.log")"
    return
  fi
  deposit="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["record"]["depositId"])' "$certificate")"
  # The tree that holds it is stamped some seconds after the deposit.
  for _ in $(seq 60); do
    curl -sS --fail -H "authorization: Bearer $(setting apiKey)" -o "$folder/file.ers" \
      "$url/api/v1/deposits/$deposit/files/0/proof.ers" 2>/dev/null && break
    sleep 0.5
  done
  in_java() { java -cp "$folder/out:$folder/lib/*" EvidenceRecords "$@"; }
  agrees 'BouncyCastle (bcpkix)' '.ers of the file' in_java verify "$folder/file.ers" "$original"
  not_of_another_file() { ! in_java verify "$folder/file.ers" "$certificate"; }
  agrees 'BouncyCastle (bcpkix)' '.ers and another file' not_of_another_file
}
evidence_records

if have go; then
  export GOPATH="$work/go" GOBIN="$work/bin" GOFLAGS=-mod=mod
  mkdir "$work/inclusion"
  cp "$tools/inclusion.go" "$work/inclusion/main.go"
  if (cd "$work/inclusion" && go mod init inclusion && go get github.com/transparency-dev/tessera@v1.0.4 &&
    go mod tidy && go install . github.com/transparency-dev/tessera/cmd/fsck) >"$work/go.log" 2>&1; then
    setting logPublicKey >"$work/vkey"
    fsck() { "$work/bin/fsck" --ui=false --storage_url "$url/log/" --public_key "$work/vkey" 2>&1 | tee /dev/stderr | grep -q 'Successfully fsck'; }
    agrees 'Tessera fsck' 'all tiles, entries, checkpoint' fsck
    agrees 'Tessera client, x/mod note' 'note and inclusion from tiles' \
      "$work/bin/inclusion" "$url/log/" "$(setting logPublicKey)" "$LEAF_INDEX" "$LEAF_DATA" "$work/bag/data/proofs/checkpoint.txt"
    if (mkdir "$work/tessera-log" && cd "$work/tessera-log" && cp "$tools/witnessed-log.go" main.go && go mod init witnessed-log &&
      go mod edit -require github.com/transparency-dev/tessera@v1.0.4 && go mod tidy && go install .) >"$work/go.log" 2>&1; then
      agrees 'Tessera log' 'cosigned by tiezheng witness' cosigned_tessera
    else line skipped 'Tessera log' "cannot be had: $(tail -n 1 "$work/go.log")"; fi
  else line skipped Tessera "cannot be had: $(tail -n 1 "$work/go.log")"; fi
else line skipped Tessera 'Go is not installed'; fi

exit "$disagreed"
