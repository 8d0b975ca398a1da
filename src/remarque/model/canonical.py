"""Values to canonical JSON and back (RFC 8785), strict at the edge.

Integers beyond 2**53-1 (seeds have 64 bits) travel as decimal strings, because RFC 8785 numbers
are IEEE 754 doubles; reading a value back accepts them where an integer is asked for.
"""

import json
from typing import Any, TypeAlias, TypeVar

import msgspec
import rfc8785

from remarque.errors import MetadataMalformed

Json: TypeAlias = Any
"""Anything JSON can say. Narrowed with ``value_from_json`` as soon as it enters the house."""

Value = TypeVar("Value")

_LARGEST_EXACT_INTEGER = 2**53 - 1
_DEEPEST = 64


def json_from_value(value: object) -> Json:
    """The JSON form of a model value (frozen dataclasses, tuples, numbers, text)."""
    return _with_large_integers_as_text(msgspec.to_builtins(value, str_keys=True))


def value_from_json(raw: Json, kind: type[Value]) -> Value:
    """Read a model value from its JSON form; unknown keys are left aside.

    Raises:
        MetadataMalformed: A key is missing or has the wrong type.
    """
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        raise MetadataMalformed(f"not a {kind.__name__}: {error}") from error


def encode_canonical(raw: Json) -> bytes:
    """RFC 8785 bytes of a JSON value.

    Raises:
        MetadataMalformed: The value has no canonical form (NaN, lone surrogate, non-text key).
    """
    try:
        return bytes(rfc8785.dumps(_with_large_integers_as_text(raw)))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise MetadataMalformed(f"this value has no canonical JSON form: {error}") from error


def decode_json(content: bytes) -> Json:
    """Parse JSON strictly: UTF-8, no doubled keys, no NaN, at most 64 levels deep.

    Raises:
        MetadataMalformed: The bytes break one of these rules.
    """
    try:
        raw = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object_without_doubled_keys,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise MetadataMalformed(f"not valid JSON: {error}") from error
    if _depth(raw) > _DEEPEST:
        raise MetadataMalformed(f"JSON nested more than {_DEEPEST} levels deep")
    return raw


def _with_large_integers_as_text(raw: Json) -> Json:
    if isinstance(raw, dict):
        return {key: _with_large_integers_as_text(item) for key, item in raw.items()}
    if isinstance(raw, list | tuple):
        return [_with_large_integers_as_text(item) for item in raw]
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) > _LARGEST_EXACT_INTEGER:
        return str(raw)
    return raw


def _object_without_doubled_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _depth(raw: Json) -> int:
    deepest, level = 0, [raw]
    while level:
        deepest += 1
        below: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below
    return deepest
