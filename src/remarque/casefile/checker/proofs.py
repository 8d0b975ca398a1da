"""The arithmetic of the single-file checker: Ed25519, Merkle proofs, notes, canonical JSON.

Standard library only, Python 3.8 or newer. ``check.py`` is the other half; both are joined into
the one file that lies in every bundle.
"""
# ruff: noqa: PLR2004  the numbers of the standards stand where they are used

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from typing import Any


class Problem(ValueError):
    """Something does not hold; the text says what."""


# --- Ed25519 (RFC 8032 §5.1) ---------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> int:
    """The x of a point from its y (§5.1.3)."""
    if y >= P:
        raise Problem("not a point")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Problem("not a point")
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def add(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, ...]:
    """The sum of two points in extended coordinates (§5.1.4)."""
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c = 2 * one[3] * two[3] * D % P
    d = 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(number: int, point: tuple[int, ...]) -> tuple[int, ...]:
    """A point taken that many times."""
    total: tuple[int, ...] = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point = add(point, point)
        number >>= 1
    return total


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Ed25519 verification (§5.1.7)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    encoded = int.from_bytes(public, "little")
    y, s = encoded & (2**255 - 1), int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    try:
        x = recover_x(y, encoded >> 255)
    except Problem:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % L
    minus = (P - x, y, 1, (P - x) * y % P)
    total = add(multiply(s, BASE), multiply(h, minus))
    inverse = pow(total[2], P - 2, P)
    x, y = total[0] * inverse % P, total[1] * inverse % P
    return bool((y | (x & 1) << 255).to_bytes(32, "little") == signature[:32])


# --- Merkle proofs (RFC 9162 §2.1) ---------------------------------------------------------


def sha256(content: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(content).digest()


def climb(
    first: int, last: int, path: list[bytes], seeds: tuple[bytes, bytes]
) -> tuple[bytes, bytes]:
    """Fold a path from the bottom up: (left-side value, whole value), §2.1.3.2 and §2.1.4.2."""
    old, new = seeds
    for sibling in path:
        if last == 0 or len(sibling) != 32:
            raise Problem("the proof is too long")
        if first & 1 or first == last:
            old, new = sha256(b"\x01" + sibling + old), sha256(b"\x01" + sibling + new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new = sha256(b"\x01" + new + sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise Problem("the proof is too short")
    return old, new


def included(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """Whether the leaf digest is in the tree."""
    return 0 <= index < size and climb(index, size - 1, path, (leaf, leaf))[1] == root


def extends(sizes: tuple[int, int], path: list[bytes], roots: tuple[bytes, bytes]) -> bool:
    """Whether the tree of the larger size begins with the smaller one."""
    old, new = sizes
    if not 0 < old < new:
        return False
    path = [roots[0], *path] if old & (old - 1) == 0 else list(path)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    return bool(path) and climb(first, last, path[1:], (path[0], path[0])) == roots


# --- texts: base64, notes, canonical JSON --------------------------------------------------


def unbase64(text: str) -> bytes:
    """Base64 in its one canonical spelling."""
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(raw).decode() != text:
        raise Problem("base64 in another spelling")
    return raw


def open_note(raw: bytes, key: dict[str, Any], *, alone: bool = False) -> list[str]:
    """The lines of a note this key signed (c2sp.org/signed-note)."""
    text = raw.decode("utf-8")
    if re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise Problem("control characters in a signed note")
    body, blank, tail = text.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise Problem("not a signed note")
    lines, good = tail[:-1].split("\n"), 0
    for line in lines:
        name, space, encoded = line[2:].partition(" ")
        if not line.startswith("\u2014 ") or not space:
            raise Problem("not a signature line")
        blob = unbase64(encoded)
        if name == key["name"] and blob[:4] == key["id"]:
            if not signature_holds(key["public"], blob[4:], (body + "\n").encode()):
                raise Problem("the signature of the ledger key is wrong")
            good += 1
    if not good or (alone and len(lines) != 1):
        raise Problem("the ledger key did not sign this")
    return body.split("\n")


def open_checkpoint(raw: bytes, key: dict[str, Any]) -> tuple[int, bytes]:
    """(size, root) of a checkpoint this key signed (c2sp.org/tlog-checkpoint)."""
    lines = open_note(raw, key)
    if len(lines) < 3 or lines[0] != key["name"] or not re.match(r"(0|[1-9]\d*)\Z", lines[1]):
        raise Problem("not a checkpoint of this ledger")
    root = unbase64(lines[2])
    if len(root) != 32 or not all(lines):
        raise Problem("not a checkpoint")
    return int(lines[1]), root


def read_json(content: bytes) -> Any:  # noqa: ANN401  whatever JSON says
    """JSON without doubled keys or NaN."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise Problem("a key occurs twice")
        return dict(pairs)

    def refuse(name: str) -> object:
        raise Problem(f"{name} is not JSON")

    return json.loads(content.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)


def canonical(value: object) -> str:
    """JSON in canonical form (RFC 8785)."""
    if isinstance(value, dict):
        rows = sorted(value.items(), key=lambda row: row[0].encode("utf-16-be"))
        return "{" + ",".join(canonical(k) + ":" + canonical(v) for k, v in rows) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        raise Problem("a number too large for canonical JSON")
    if isinstance(value, float):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False)


def number_text(value: float) -> str:
    """A number as ECMAScript writes it (RFC 8785 §3.2.2.3)."""
    if value == 0 or not math.isfinite(value):
        return "0"
    sign = "-" if value < 0 else ""
    head, _, exponent = f"{abs(value)!r}e0".partition("e")
    whole, _, fraction = head.partition(".")
    shift = int(exponent.partition("e")[0]) + len(whole)
    digits = whole + fraction
    shift -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    count = len(digits)
    if count <= shift <= 21:
        text = digits + "0" * (shift - count)
    elif 0 < shift <= 21:
        text = digits[:shift] + "." + digits[shift:]
    elif -6 < shift <= 0:
        text = "0." + "0" * -shift + digits
    else:
        mantissa = digits[0] + ("." + digits[1:] if count > 1 else "")
        text = f"{mantissa}e{shift - 1:+d}"
    return sign + text
