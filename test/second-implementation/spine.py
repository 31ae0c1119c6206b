"""The binary spine and RFC 6962 (docs/formats/README.md, file.md, deposit.md)."""

from canonical import commit, sha256


class Mismatch(Exception):
    pass


def leaf_hash(leaf_data):
    return sha256(b"\0", leaf_data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def file_leaf_data(entry):
    digests = entry["digests"]
    sm3 = bytes(32) if digests["sm3"] is None else bytes.fromhex(digests["sm3"])
    return sha256(bytes.fromhex(digests["sha256"]), sm3, commit(entry))


def deposit_leaf_data(record):
    return sha256(bytes.fromhex(record["files"]["root"]), commit(record))


def plain_leaf_data(record):
    return sha256(bytes(32), commit(record))


def root_from_proof(hash_, index, size, proof):
    """RFC 9162 section 2.1.3.2. Raises Mismatch if index, size and length of the proof do not fit."""
    if index >= size:
        raise Mismatch("index-out-of-range")
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            raise Mismatch("proof-too-long")
        if node & 1 or node == last:
            hash_ = node_hash(sibling, hash_)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            hash_ = node_hash(hash_, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise Mismatch("proof-too-short")
    return hash_


def check_inclusion(hash_, index, size, proof, root):
    """Raises Mismatch with the reason that a report gives."""
    if root_from_proof(hash_, index, size, proof) != root:
        raise Mismatch("root-mismatch")
