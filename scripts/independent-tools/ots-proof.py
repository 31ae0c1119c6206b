"""Reads a .ots file with the Python opentimestamps library, writes it again byte for byte, asks the calendars that it names, as
`ots upgrade` does, and checks every Bitcoin attestation against a header. Usage: ots-proof.py FILE PROOF HEADERS, where HEADERS has
lines of "height header". Succeeds if the proof is over the file and at least one attestation stands."""

import hashlib
import sys

from bitcoin.core import CBlockHeader
from opentimestamps.calendar import CommitmentNotFoundError, RemoteCalendar
from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.serialize import BytesDeserializationContext, BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile

with open(sys.argv[1], "rb") as file:
    digest = hashlib.sha256(file.read()).digest()
with open(sys.argv[2], "rb") as file:
    proof = file.read()
with open(sys.argv[3], encoding="ascii") as file:
    headers = {int(height): bytes.fromhex(header) for height, header in (line.split() for line in file)}

detached = DetachedTimestampFile.deserialize(BytesDeserializationContext(proof))
assert detached.file_digest == digest, "the proof is over another file"
again = BytesSerializationContext()
detached.serialize(again)
assert again.getbytes() == proof, "written again it has other bytes"


def parts(timestamp):
    yield timestamp
    for part in timestamp.ops.values():
        yield from parts(part)


print(detached.timestamp.str_tree())
for part in list(parts(detached.timestamp)):
    for attestation in list(part.attestations):
        if isinstance(attestation, PendingAttestation):
            try:
                part.merge(RemoteCalendar(attestation.uri).get_timestamp(part.msg, timeout=10))
            except CommitmentNotFoundError as missing:
                print(attestation.uri, missing.reason)

standing = 0
for message, attestation in detached.timestamp.all_attestations():
    if isinstance(attestation, BitcoinBlockHeaderAttestation):
        header = CBlockHeader.deserialize(headers[attestation.height])
        print(attestation.height, attestation.verify_against_blockheader(message, header))
        standing += 1
assert standing > 0, "no Bitcoin attestation yet"
