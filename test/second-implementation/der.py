"""DER, read strictly (docs/formats/rfc3161.md, step 1): shortest definite lengths, minimal integers, one-byte tags."""

import datetime
import re

MAX_LEVELS = 32


class Malformed(Exception):
    pass


class Trailing(Malformed):
    pass


class Node:
    def __init__(self, tag, raw, content, children):
        self.tag, self.raw, self.content, self.children = tag, raw, content, children

    def __iter__(self):
        if self.children is None:
            raise Malformed("no members")
        return iter(self.children)

    def __getitem__(self, index):
        return [*iter(self)][index]

    def __len__(self):
        return len(self.children or ())


def parse(data, levels=MAX_LEVELS):
    node, end = read(data, 0, len(data), levels)
    if end != len(data):
        raise Trailing("bytes behind it")
    return node


def read(data, at, end, levels):
    if levels == 0:
        raise Malformed("too deep")
    if at + 2 > end:
        raise Malformed("bytes missing")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 31 == 31:
        raise Malformed("a long tag")
    if length >= 0x80:
        width = length & 0x7F
        size = data[start : start + width]
        length = int.from_bytes(size, "big")
        if not 1 <= width <= 4 or len(size) != width or size[0] == 0 or length < 0x80:
            raise Malformed("a length in a second spelling")
        start += width
    stop = start + length
    if stop > end:
        raise Malformed("bytes missing")
    content, children = data[start:stop], None
    if tag & 0x20:
        children = []
        while start < stop:
            child, start = read(data, start, stop, levels - 1)
            children.append(child)
    elif tag == 1 and content not in (b"\0", b"\xff"):
        raise Malformed("a boolean")
    elif tag in (2, 10):
        if not content or (len(content) > 1 and (content[0], content[1] >> 7) in ((0, 0), (0xFF, 1))):
            raise Malformed("an integer in a second spelling")
    return Node(tag, data[at:stop], content, children), stop


def expect(node, tag):
    if node.tag != tag:
        raise Malformed(f"tag {node.tag:02x} in place of {tag:02x}")
    return node


def integer(node, tag=2):
    return int.from_bytes(expect(node, tag).content, "big", signed=True)


def oid(node):
    content = expect(node, 6).content
    if not content or content[-1] & 0x80:
        raise Malformed("an object identifier")
    arcs, value, fresh = [], 0, True
    for byte in content:
        if fresh and byte == 0x80:
            raise Malformed("an object identifier")
        value, fresh = value << 7 | byte & 0x7F, not byte & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def octets(node):
    return expect(node, 4).content


def bits(node):
    content = expect(node, 3).content
    if not content or content[0] > 7:
        raise Malformed("a bit string")
    return content[1:]


def boolean(node):
    return expect(node, 1).content == b"\xff"


def generalized_ms(node, tag=0x18):
    """UTC with seconds, Z, a fraction if there is one: (milliseconds rounded up, has a fraction)."""
    text = expect(node, tag).content.decode("latin-1")
    match = re.fullmatch(r"(\d{14})(?:\.(\d*[1-9]))?Z", text, re.ASCII)
    if match is None:
        raise Malformed("a time")
    fraction = match[2] or ""
    ms = -(-int(fraction or 0) * 1000 // 10 ** len(fraction))
    return moment(match[1], "%Y%m%d%H%M%S") + ms, bool(fraction)


def any_time_ms(node):
    if node.tag == 0x18:
        return generalized_ms(node)[0]
    text = expect(node, 0x17).content.decode("latin-1")
    if not re.fullmatch(r"\d{12}Z", text, re.ASCII):
        raise Malformed("a time")
    century = "19" if int(text[:2]) >= 50 else "20"
    return moment(century + text[:-1], "%Y%m%d%H%M%S")


def moment(text, form):
    try:
        value = datetime.datetime.strptime(text, form)
    except ValueError:
        raise Malformed("no such day or time") from None
    return (value - datetime.datetime(1970, 1, 1)) // datetime.timedelta(milliseconds=1)


def guarded(function, *arguments):
    """Malformed for whatever members are not there."""
    try:
        return function(*arguments)
    except (IndexError, ValueError, UnicodeDecodeError) as cause:
        raise Malformed(str(cause)) from None
