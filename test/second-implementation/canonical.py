"""Canonical JSON (docs/formats/README.md, RFC 8785 for integers and strings) and the fields that all types share."""

import base64
import binascii
import datetime
import hashlib
import json
import re

MAX_LEVELS = 16
MAX_INTEGER = 2**53 - 1


class Refused(Exception):
    """The input is unusable: exit code 3, with a stable code."""

    def __init__(self, code, message=""):
        super().__init__(f"{code}: {message}")
        self.code = code


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def encode(value):
    """RFC 8785 bytes of what `parse` can give."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def commit(value):
    return sha256(encode(value))


def read_json(data, max_bytes):
    """Any spelling of JSON. A member twice shows in the result, which no canonical bytes can hold."""
    if len(data) > max_bytes:
        raise Refused("too-large", f"{len(data)} bytes, at most {max_bytes}")
    if levels_of(data) > MAX_LEVELS:
        raise Refused("too-deep", f"at most {MAX_LEVELS} levels")
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError as cause:
        raise Refused("invalid-utf8", str(cause)) from None
    try:
        return json.loads(text, object_pairs_hook=members, parse_constant=refuse_constant, parse_float=Fraction, parse_int=integer_of)
    except ValueError as cause:
        raise Refused("not-json", str(cause)) from None


def parse(data, max_bytes):
    """The value of canonical bytes. Every other spelling is refused."""
    value = read_json(data, max_bytes)
    check_scalars(value)
    if encode(value) != data:
        raise Refused("not-canonical", "not the RFC 8785 spelling")
    return value


def type_of(data):
    """The outermost `type` of JSON in whatever spelling; None of anything else."""
    try:
        value = json.loads(data) if data[:1] == b"{" else None
    except (ValueError, RecursionError):
        return None
    return value.get("type") if isinstance(value, dict) else None


def integer_of(text):
    return Fraction(text) if text == "-0" else int(text)


class Fraction(str):
    """A number written with a fraction or an exponent, or −0."""


def members(pairs):
    # Of a member twice the last counts; encoded again it stands there once, and the bytes differ.
    return dict(pairs)


def refuse_constant(text):
    raise Refused("not-json", text)


def levels_of(data):
    """How deep arrays and objects nest, counted before anything recursive reads the bytes."""
    level = most = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', data, re.DOTALL):
        if token[0] in b"[{":
            level += 1
            most = max(most, level)
        elif token[0] in b"]}":
            level -= 1
    return most


def check_scalars(value):
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, Fraction):
        if not (float(value).is_integer() and 0 <= float(value) <= MAX_INTEGER) or value.startswith("-"):
            raise Refused("invalid-number", f"{value} is no integer from 0 to 2^53-1")
    elif isinstance(value, int):
        if not 0 <= value <= MAX_INTEGER:
            raise Refused("invalid-number", f"{value} is out of range")
    elif isinstance(value, str):
        if any(0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise Refused("invalid-utf8", "a lone surrogate")
    elif isinstance(value, list):
        for item in value:
            check_scalars(item)
    else:
        for name, item in value.items():
            if not name.isascii():
                raise Refused("invalid-field", f"member name {name!r}")
            check_scalars(item)


# What a field may hold. Each takes value and place, and raises.


def wrong(at, what):
    raise Refused("invalid-field", f"{at}: {what}")


def pattern(expression, length=10**9):
    compiled = re.compile(expression)

    def check(value, at):
        if not isinstance(value, str) or len(value) > length or not compiled.fullmatch(value):
            wrong(at, f"expected {expression}")

    return check


digest = pattern("[0-9a-f]{64}")
hash0x = pattern("0x[0-9a-f]{64}")
address = pattern("0x[0-9a-f]{40}")
hex0x = pattern("0x(?:[0-9a-f]{2})+")
chain = pattern("eip155:[1-9][0-9]{0,15}")
uuid = pattern("[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
origin = pattern("[a-z0-9][a-z0-9._~/-]{0,199}")
key_text = pattern(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", 400)
base64_text = pattern("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def time(value, at):
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value, re.ASCII):
        wrong(at, "expected a UTC time with milliseconds")
    try:
        unix_ms(value)
    except ValueError:
        wrong(at, "no such day or time")


EPOCH = datetime.datetime(1970, 1, 1)


def unix_ms(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return (moment - EPOCH) // datetime.timedelta(milliseconds=1)


def text(least, most):
    def check(value, at):
        if not isinstance(value, str) or not least <= utf16_units(value) <= most:
            wrong(at, f"expected text of {least} to {most} UTF-16 units")
        if any((ord(c) < 32 and c not in "\t\n") or ord(c) == 0x7F for c in value):
            wrong(at, "a control character")

    return check


def utf16_units(value):
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def integer(least, most=MAX_INTEGER):
    def check(value, at):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            wrong(at, f"expected an integer from {least} to {most}")

    return check


def boolean(value, at):
    if not isinstance(value, bool):
        wrong(at, "expected true or false")


def one_of(*values):
    def check(value, at):
        if value not in values or isinstance(value, bool):
            wrong(at, f"expected one of {values}")

    return check


def nullable(inner):
    return lambda value, at: None if value is None else inner(value, at)


def items(inner, least, most):
    def check(value, at):
        if not isinstance(value, list) or not least <= len(value) <= most:
            wrong(at, f"expected {least} to {most} items")
        for i, item in enumerate(value):
            inner(item, f"{at}[{i}]")

    return check


def typed(name, check):
    """An object of this type; another one is refused as such."""

    def checked(value, at):
        found = value.get("type") if isinstance(value, dict) else None
        if found != name:
            raise Refused("unknown-type", f"{at}: expected {name}, got {found!r}")
        check(value, at)

    return checked


def fields(required, optional=None):
    allowed = {**required, **(optional or {})}

    def check(value, at):
        if not isinstance(value, dict):
            wrong(at, "expected an object")
        for name in value:
            if name not in allowed:
                wrong(at, f"no field {name!r}")
        for name in required:
            if name not in value:
                wrong(at, f"{name} is missing")
        for name, item in value.items():
            allowed[name](item, f"{at}.{name}")

    return check


def base64_of(max_bytes):
    def check(value, at):
        base64_text(value, at)
        if len(value) > -(-max_bytes // 3) * 4:
            wrong(at, f"more than {max_bytes} bytes")

    return check


def any_text(most):
    def check(value, at):
        if not isinstance(value, str) or utf16_units(value) > most:
            wrong(at, f"expected up to {most} UTF-16 units")

    return check


def true(value, at):
    if value is not True:
        wrong(at, "expected true")


def from_base64(value):
    """Standard base64 with padding, one spelling."""
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("invalid-field", "base64") from None
    if base64.b64encode(data).decode() != value:
        raise Refused("invalid-field", "a second spelling of base64")
    return data


def from_base64url(value):
    """Without padding, one spelling. None if it is not."""
    if not re.fullmatch("[A-Za-z0-9_-]*", value):
        return None
    try:
        data = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return None
    return data if base64.urlsafe_b64encode(data).decode().rstrip("=") == value else None
