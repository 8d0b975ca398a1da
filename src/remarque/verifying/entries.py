"""The bytes of one entry, format ``entry_v1``, judged strictly (docs/reference/entry.md).

Canonical JSON is RFC 8785: the bytes must be exactly what canonicalising their own value gives.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime

import rfc8785

from remarque.errors import MetadataMalformed
from remarque.model.canonical import Json
from remarque.model.digests import Digest, parse_digest
from remarque.model.entry import ENTRY_VERSION, SALT_BYTES, Entry, Kind
from remarque.model.times import parse_time
from remarque.verifying.merkle import leaf_digest

LARGEST_LEAF_BYTES = 4 << 20

_KEYS = {"version", "kind", "time", "author", "work", "body", "pictures", "salt"}
_KIND = re.compile(r"[a-z][a-z_]*(?:\.[a-z][a-z_]*)+\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z\Z")
_SALT = re.compile(rf"[0-9a-f]{{{2 * SALT_BYTES}}}\Z")
# Keys beyond the BMP sort otherwise in UTF-16 (RFC 8785 §3.2.3) than by code point.
_NEEDS_SLOW_PATH = re.compile("[\ud800-\U0010ffff]")
_LARGEST_EXACT_INTEGER = 2**53 - 1


class _OddNumber(Exception):
    """A number whose canonical spelling only rfc8785 can judge."""


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry whose form has been checked. ``kind`` may be newer than this program knows."""

    kind: str
    time: str
    moment: datetime
    author: str
    work: str | None
    body: Json
    pictures: tuple[Digest, ...]
    leaf_digest: bytes

    def as_entry(self) -> Entry | None:
        """The entry as a model value, or None if its kind is newer than this program."""
        if self.kind not in set(Kind):
            return None
        kind = Kind(self.kind)
        return Entry(kind, self.time, self.author, self.work, self.body, self.pictures)


def read_entry(leaf: bytes) -> ReadEntry:
    """Judge the bytes of one entry and read them.

    Raises:
        MetadataMalformed: Not canonical JSON, or not of the form ``entry_v1``.
    """
    raw = _read_canonical(leaf)
    if not isinstance(raw, dict) or set(raw) != _KEYS:
        raise MetadataMalformed("the entry does not have exactly the keys of entry_v1")
    if raw["version"] != ENTRY_VERSION:
        raise MetadataMalformed(f"the entry says version {str(raw['version'])[:40]!r}")
    _require(_matches(_KIND, raw["kind"]), "kind")
    _require(_matches(_TIME, raw["time"]), "time")
    _require(isinstance(raw["author"], str) and bool(raw["author"]), "author")
    _require(raw["work"] is None or (isinstance(raw["work"], str) and bool(raw["work"])), "work")
    _require(isinstance(raw["body"], dict), "body")
    _require(_matches(_SALT, raw["salt"]), "salt")
    return ReadEntry(
        kind=raw["kind"],
        time=raw["time"],
        moment=parse_time(raw["time"]),
        author=raw["author"],
        work=raw["work"],
        body=raw["body"],
        pictures=_read_pictures(raw["pictures"]),
        leaf_digest=leaf_digest(leaf),
    )


def _read_canonical(leaf: bytes) -> Json:
    if len(leaf) > LARGEST_LEAF_BYTES:
        raise MetadataMalformed(f"the entry is {len(leaf)} bytes long, more than 4 MiB")
    try:
        text = leaf.decode("utf-8")
        value = _parse_plain(text)
        if value is None:
            value = json.loads(text, parse_constant=_refuse)
            if bytes(rfc8785.dumps(value)) != leaf:
                raise MetadataMalformed("the entry is not in canonical JSON (RFC 8785)")
    except (ValueError, RecursionError) as error:
        raise MetadataMalformed("the entry is not valid canonical JSON (RFC 8785)") from error
    return value


def _parse_plain(text: str) -> Json:
    """The value if Python's fast encoder proves it canonical, None if rfc8785 must decide.

    Several times faster than rfc8785 over a whole ledger; never accepts more than it: doubled
    keys, other spacing, order or escapes all make the texts differ.
    """
    if _NEEDS_SLOW_PATH.search(text):
        return None
    try:
        value = _DECODER.decode(text)
    except _OddNumber:
        return None
    return value if _ENCODER.encode(value) == text else None


def _plain_float(text: str) -> float:
    """A float that Python and ECMAScript write alike: no exponent, and not a whole number."""
    value = float(text)
    if repr(value) != text or "e" in text or text.endswith(".0"):
        raise _OddNumber
    return value


def _plain_integer(text: str) -> int:
    value = int(text) if len(text) < len("-9007199254740992") else _LARGEST_EXACT_INTEGER + 1
    if abs(value) > _LARGEST_EXACT_INTEGER:
        raise _OddNumber
    return value


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    parse_float=_plain_float, parse_int=_plain_integer, parse_constant=_refuse
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _matches(pattern: re.Pattern[str], value: Json) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None


def _require(condition: bool, key: str) -> None:  # noqa: FBT001  reads as a sentence at the call
    if not condition:
        raise MetadataMalformed(f"the entry's {key} is not in the form of entry_v1")


def _read_pictures(raw: Json) -> tuple[Digest, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise MetadataMalformed("the entry's pictures are not a list of digests")
    return tuple(parse_digest(item) for item in raw)
