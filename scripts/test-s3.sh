#!/bin/sh
# Runs the storage tests on a real S3 server too. Needs Go; builds versitygw once into the folder named by TIEZHENG_S3_BIN, or
# a folder below the temporary one. Never part of `npm test`.
set -eu
cd "$(dirname "$0")/.."
bin="${TIEZHENG_S3_BIN:-${TMPDIR:-/tmp}/tiezheng-s3-bin}"
if [ ! -x "$bin/versitygw" ]; then
  echo "test-s3: building versitygw into $bin (some minutes) …"
  mkdir -p "$bin"
  GOBIN="$bin" go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
fi
PATH="$PWD/node_modules/.bin:$PATH" TIEZHENG_TEST_S3_SERVER="$bin/versitygw" \
  mocha --no-config --timeout 60000 'test/storage/s3.test.ts'
