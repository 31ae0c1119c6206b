"""Anchors on EVM chains (docs/formats/evm-attestation.md): Keccak-256, RLP, the receipts trie, header and event."""

from dataclasses import dataclass

MASK = 2**64 - 1
ROTATIONS = [
    [0, 36, 3, 41, 18],
    [1, 44, 10, 45, 2],
    [62, 6, 43, 15, 61],
    [28, 55, 25, 21, 56],
    [27, 20, 39, 8, 14],
]
EVENT = bytes.fromhex("031af2ea7f6de84bdca3583762e907ac3bb3b1092e7b71ca4fa616a2eae67303")
QBFT_MIX_HASH = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
EMPTY_TRIE = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
MAX_TIME = 253402300799
FIELD_LENGTHS = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8}


class Failed(Exception):
    """A step of the verification failed, with the reason of the report."""


def rotate(word, by):
    return ((word << by) | (word >> (64 - by))) & MASK if by else word


def round_constants():
    state, constants = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            if state & 1:
                constant |= 1 << ((1 << j) - 1)
            state = (state << 1) ^ (0x171 if state & 0x80 else 0)
        constants.append(constant)
    return constants


CONSTANTS = round_constants()


def permute(a):
    for constant in CONSTANTS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
        a = [a[i] ^ d[i % 5] for i in range(25)]
        b = [0] * 25
        for x in range(5):
            for y in range(5):
                b[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(a[x + 5 * y], ROTATIONS[x][y])
        a = [b[i] ^ (~b[(i + 1) % 5 + i // 5 * 5] & MASK & b[(i + 2) % 5 + i // 5 * 5]) for i in range(25)]
        a[0] ^= constant
    return a


def keccak256(data):
    rate = 136
    padded = bytearray(data) + b"\1" + bytes(-(len(data) + 1) % rate)
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            state[i] ^= int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
        state = permute(state)
    return b"".join(word.to_bytes(8, "little") for word in state[:4])


def rlp(data, levels=8, max_items=65536):
    """Bytes or lists of them. ValueError unless it is the one spelling, with nothing behind it."""
    if len(data) > 2**20:
        raise ValueError("more than 1 MiB")
    count = [0]

    def item(at, end, level):
        count[0] += 1
        if count[0] > max_items:
            raise ValueError("too many items")
        first = data[at]
        if first < 0x80:
            return data[at : at + 1], at + 1
        is_list = first >= 0xC0
        short = first - (0xC0 if is_list else 0x80)
        if short <= 55:
            start, length = at + 1, short
        else:
            width = short - 55
            size = data[at + 1 : at + 1 + width]
            if len(size) != width or size[0] == 0 or (length := int.from_bytes(size, "big")) <= 55:
                raise ValueError("length in a second spelling")
            start = at + 1 + width
        stop = start + length
        if stop > end:
            raise ValueError("bytes missing")
        if not is_list:
            if length == 1 and data[start] < 0x80:
                raise ValueError("a byte in a second spelling")
            return data[start:stop], stop
        if level == 0:
            raise ValueError("too deep")
        parts = []
        while start < stop:
            part, start = item(start, stop, level - 1)
            parts.append(part)
        return parts, stop

    if not data:
        raise ValueError("nothing")
    value, end = item(0, len(data), levels)
    if end != len(data):
        raise ValueError("bytes behind it")
    return value


def rlp_encode(value):
    if isinstance(value, list):
        body, base = b"".join(map(rlp_encode, value)), 0xC0
    elif len(value) == 1 and value[0] < 0x80:
        return value
    else:
        body, base = value, 0x80
    if len(body) <= 55:
        return bytes([base + len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size + body


def uint(data, most=8):
    if not isinstance(data, bytes) or len(data) > most or data[:1] == b"\0":
        raise ValueError("no integer")
    return int.from_bytes(data, "big")


@dataclass
class Header:
    receipts_root: bytes
    number: int
    timestamp: int


def open_header(data, block_hash):
    """Steps 1 and 2. Raises Failed."""
    try:
        header = rlp(data, 4, 4096)
        if len(data) > 8192 or not isinstance(header, list) or len(header) < 15:
            raise ValueError("not a header")
        for field in header[:15]:
            if not isinstance(field, bytes):
                raise ValueError("a list among the fields of Frontier")
        for index, length in FIELD_LENGTHS.items():
            if len(header[index]) != length:
                raise ValueError(f"field {index}")
        uint(header[7], 32), uint(header[9]), uint(header[10])
        opened = Header(header[5], uint(header[8]), uint(header[11]))
    except (ValueError, IndexError):
        raise Failed("header-malformed") from None
    if keccak256(data) != block_hash and qbft_hash(header) != block_hash:
        raise Failed("header-hash-mismatch")
    if opened.timestamp > MAX_TIME:
        raise Failed("block-time-out-of-range")
    return opened


def qbft_hash(header):
    if header[13] != QBFT_MIX_HASH:
        return None
    try:
        extra = rlp(header[12])
    except ValueError:
        return None
    if not isinstance(extra, list) or len(extra) != 5:
        return None
    stripped = list(header)
    stripped[12] = rlp_encode([*extra[:3], b"", []])
    return keccak256(rlp_encode(stripped))


def path_nibbles(data):
    return [n for byte in data for n in (byte >> 4, byte & 15)]


def receipt_in(nodes, root, transaction_index):
    """Step 3: the value in the trie. Raises Failed."""
    remaining = path_nibbles(rlp_encode(transaction_index.to_bytes((transaction_index.bit_length() + 7) // 8, "big")))
    nodes = list(nodes)
    expected = root
    node = None
    while True:
        if expected is not None:
            if not nodes:
                raise Failed("receipt-proof-too-short")
            encoded = nodes.pop(0)
            if keccak256(encoded) != expected:
                raise Failed("receipt-proof-hash-mismatch")
            try:
                node = rlp(encoded)
            except ValueError:
                raise Failed("receipt-proof-malformed") from None
        value, expected, node, remaining = step(node, remaining)
        if value is not None:
            if value == b"":
                raise Failed("receipt-absent")
            if nodes:
                raise Failed("receipt-proof-too-long")
            return value


def step(node, remaining):
    """One node down: (value, hash of the next, embedded next, nibbles left)."""
    if not isinstance(node, list) or len(node) not in (2, 17):
        raise Failed("receipt-absent" if node == b"" else "receipt-proof-malformed")
    if len(node) == 17:
        if not remaining:
            return node[16], None, None, []
        below, remaining = node[remaining[0]], remaining[1:]
        if below == b"":
            return b"", None, None, []
    else:
        if not isinstance(node[0], bytes) or not node[0]:
            raise Failed("receipt-proof-malformed")
        nibbles = path_nibbles(node[0])
        kind = nibbles[0]
        if kind > 3 or (kind % 2 == 0 and nibbles[1] != 0):
            raise Failed("receipt-proof-malformed")
        part = nibbles[1:] if kind % 2 else nibbles[2:]
        if kind >= 2:
            if not isinstance(node[1], bytes):
                raise Failed("receipt-proof-malformed")
            return (node[1] if part == remaining else b""), None, None, []
        if not part:
            raise Failed("receipt-proof-malformed")
        if remaining[: len(part)] != part:
            return b"", None, None, []
        below, remaining = node[1], remaining[len(part) :]
    if isinstance(below, list):
        if len(rlp_encode(below)) >= 32:
            raise Failed("receipt-proof-malformed")
        return None, None, below, remaining
    if len(below) != 32:
        raise Failed("receipt-proof-malformed")
    return None, below, None, remaining


def check_receipt(attestation, size, root):
    """Steps 1 to 6. The header, or Failed."""
    header = open_header(bytes.fromhex(attestation["header"][2:]), bytes.fromhex(attestation["blockHash"][2:]))
    nodes = [bytes.fromhex(node[2:]) for node in attestation["receiptProof"]]
    value = receipt_in(nodes, header.receipts_root, attestation["transactionIndex"])
    try:
        if value[0] <= 0x7F:
            value = value[1:]
        receipt = rlp(value)
        if not isinstance(receipt, list) or len(receipt) < 4 or not isinstance(receipt[3], list):
            raise ValueError("no receipt")
        status = uint(receipt[0])
        logs = receipt[3]
        for log in logs:
            if not (isinstance(log, list) and len(log) == 3 and isinstance(log[1], list)):
                raise ValueError("no log")
    except (ValueError, IndexError):
        raise Failed("receipt-malformed") from None
    if status != 1:
        raise Failed("transaction-failed")
    if attestation["receiptLogIndex"] >= len(logs):
        raise Failed("log-absent")
    emitter, topics, data = logs[attestation["receiptLogIndex"]]
    if emitter != bytes.fromhex(attestation["contract"][2:]):
        raise Failed("log-of-other-contract")
    if len(topics) != 3 or topics[0] != EVENT or len(topics[1]) != 32 or len(topics[2]) != 32 or len(data) != 32:
        raise Failed("log-of-other-event")
    if topics[2] != root:
        raise Failed("root-hash-mismatch")
    if int.from_bytes(topics[1], "big") != size:
        raise Failed("tree-size-mismatch")
    return header
