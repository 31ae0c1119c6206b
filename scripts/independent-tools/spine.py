"""Follows the binary spine of a certificate with Python's own hashlib and json, from the digests to the checkpoint's root, and
prints what other tools need, as lines NAME=VALUE for a shell. Usage: spine.py CERTIFICATE ORIGINAL SM3-OF-ORIGINAL-HEX"""

import base64
import hashlib
import json
import sys

ANCHORED = "dd649146"  # anchored(bytes32)
VERIFY_INCLUSION = "1a66d125"  # verifyInclusion(bytes32,uint64,bytes32,bytes32[])


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def commit(value):
    # RFC 8785 for what stands in these objects: ASCII member names, whole numbers.
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode())


def root_from_path(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        assert sn > 0, "the path is too long"
        if fn & 1 or fn == sn:
            r = sha256(b"\x01", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01", r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0, "the path is too short"
    return r


def word(number):
    return number.to_bytes(32, "big").hex()


with open(sys.argv[1], "rb") as file:
    certificate = json.load(file)
with open(sys.argv[2], "rb") as file:
    digest = hashlib.sha256(file.read()).digest()
record, [file] = certificate["record"], certificate["files"]
entry = file["entry"]
assert entry["digests"] == {"sha256": digest.hex(), "sm3": sys.argv[3]}, "the digests differ"

file_leaf = sha256(digest, bytes.fromhex(sys.argv[3]), commit(entry))
files_root = root_from_path(sha256(b"\x00", file_leaf), entry["index"], record["files"]["count"],
                            [bytes.fromhex(h) for h in file["path"]])
assert files_root.hex() == record["files"]["root"], "files.root differs"
leaf_data = sha256(files_root, commit(record))
leaf_hash = sha256(b"\x00", leaf_data)

publication = certificate["publications"][0]
_, size, root = publication["checkpoint"].split("\n")[:3]
root = base64.b64decode(root)
index = certificate["log"]["leafIndex"]
path = [bytes.fromhex(h) for h in publication["inclusionProof"]]
assert root_from_path(leaf_hash, index, int(size), path) == root, "the root differs"

proof = "".join(h.hex() for h in path)
print(f"LEAF_INDEX={index}")
print(f"LEAF_DATA={leaf_data.hex()}")
print(f"TREE_SIZE={size}")
print(f"CALL_ANCHORED=0x{ANCHORED}{root.hex()}")
print(f"CALL_INCLUSION=0x{VERIFY_INCLUSION}{leaf_hash.hex()}{word(index)}{root.hex()}{word(128)}{word(len(path))}{proof}")
print(f"CONTRACT={publication['attestations'][0]['contract']}")
