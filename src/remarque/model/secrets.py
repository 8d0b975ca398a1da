"""Secrets in metadata: found in any text, and withheld so that what is left still says something.

Generators write the paths of models, keys of services and names of machines into pictures. None of
that is authorship. ``docs/explanation/secrets.md`` says what is looked for and what is not.
"""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from remarque.model.canonical import Json
from remarque.model.recipe import Recipe, Setting
from remarque.model.secret_escapes import unescape
from remarque.model.secret_paths import Span, find_paths
from remarque.model.secret_patterns import NAMES_OF_KEYS, PATTERNS, SecretKind, looks_random

__all__ = [
    "Redacted",
    "RedactedJson",
    "Secret",
    "SecretKind",
    "count_of_secrets",
    "find_secrets",
    "find_secrets_in_bytes",
    "recipe_without_secrets",
    "redact_json",
    "redact_raw_json",
    "redact_text",
]

_MOST_ROUNDS = 4
_DEEPEST = 200
_KEY_NAME = re.compile(NAMES_OF_KEYS, re.IGNORECASE)
_SHORTEST_KEY = 8
_MANY = 2


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret: what it is, and its place as indices of the text."""

    kind: SecretKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and the secrets of the text it was."""

    text: str
    secrets: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class RedactedJson:
    """A JSON value without its secrets, and what kinds were withheld, one for each secret."""

    value: Json
    kinds: tuple[SecretKind, ...]


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Every secret in a text, in order, none overlapping another; in time linear in the text."""
    found: list[Secret] = []
    for kind, start, end in sorted(_spans(text), key=lambda span: (span[1], -span[2])):
        if found and start < found[-1].end:
            last = found[-1]
            found[-1] = replace(last, end=max(last.end, end))
        elif start < end:
            found.append(Secret(kind, start, end))
    return tuple(found)


def find_secrets_in_bytes(content: bytes) -> tuple[SecretKind, ...]:
    """The kinds of the secrets in bytes of unknown encoding: read as Latin-1 and as UTF-16."""
    texts = [content.decode("latin-1")]
    if b"\x00" in content:
        texts += [content[at:].decode("utf-16-le", "replace") for at in (0, 1)]
    return tuple(secret.kind for text in texts for secret in find_secrets(text))


def redact_text(text: str) -> Redacted:
    """The text with each secret replaced by what it was; a path keeps the name of its file."""
    secrets = find_secrets(text)
    left, rounds = secrets, 0
    # What a replacement brings together may look like a secret again; it never grows back.
    while left and rounds < _MOST_ROUNDS:
        text = _without(text, left)
        left, rounds = find_secrets(text), rounds + 1
    return Redacted(text, secrets)


def redact_json(value: Json) -> RedactedJson:
    """The value with every text in it redacted, names of members too.

    A member named like a key (``api_key``) is withheld whatever its value looks like. Base64 in
    a member ``base64`` is withheld whole where its bytes hold a secret.
    """
    kinds: list[SecretKind] = []
    return RedactedJson(_redacted(value, "", kinds, 0), tuple(kinds))


def recipe_without_secrets(recipe: Recipe) -> tuple[Recipe, tuple[str, ...]]:
    """A recipe fit for an entry, which is disclosed whole, and a sentence for each changed fact."""
    remarks: list[str] = []
    clean = _without_in(recipe, "", remarks)
    return (clean if remarks else recipe), tuple(dict.fromkeys(remarks))


def count_of_secrets(kinds: Iterable[SecretKind]) -> str:
    """Secrets counted in words: ``2 user folders, 1 key``."""
    counted = Counter(kinds)
    return ", ".join(_counted(kind, counted[kind]) for kind in SecretKind if counted[kind])


def _counted(kind: SecretKind, count: int) -> str:
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    return f"{count} {plural if count >= _MANY else kind}"


def _spans(text: str) -> Iterator[Span]:
    """Secrets in the text as it is and as it was before it was escaped; they may overlap."""
    yield from _plain_spans(text)
    for unescaped in unescape(text):
        for kind, start, end in _plain_spans(unescaped.text):
            yield kind, unescaped.place(start), unescaped.place(end)


def _plain_spans(text: str) -> Iterator[Span]:
    yield from find_paths(text)
    for pattern in PATTERNS:
        if not any(hint in text for hint in pattern.hint):
            continue
        for found in pattern.expression.finditer(text):
            part = "secret" if "secret" in pattern.expression.groupindex else 0
            if pattern.accepts(found[part]):
                yield pattern.kind, found.start(part), found.end(part)


def _without(text: str, secrets: Iterable[Secret]) -> str:
    pieces, at = [], 0
    for secret in secrets:
        pieces += [text[at : secret.start], _placeholder(secret.kind)]
        at = secret.end
    return "".join([*pieces, text[at:]])


def _placeholder(kind: SecretKind) -> str:
    return f"[{kind} withheld]"


def _redacted(value: Json, name: str, kinds: list[SecretKind], depth: int) -> Json:
    if depth > _DEEPEST:
        # Nobody nests so deep by hand; what cannot be searched is not let out.
        kinds.append(SecretKind.KEY)
        return None
    if isinstance(value, dict):
        members = [(_text(key, kinds), key, inner) for key, inner in value.items()]
        return {
            clean if clean == key else f"{clean} {place}": _redacted(inner, key, kinds, depth + 1)
            for place, (clean, key, inner) in enumerate(members)
        }
    if isinstance(value, list):
        return [_redacted(inner, name, kinds, depth + 1) for inner in value]
    return _leaf(value, name, kinds) if isinstance(value, str) else value


def _leaf(value: str, name: str, kinds: list[SecretKind]) -> str:
    if _is_key(name, value):
        kinds.append(SecretKind.KEY)
        return _placeholder(SecretKind.KEY)
    if name == "base64":
        found = find_secrets_in_bytes(_decoded(value))
        kinds += found
        return "[withheld]" if found else value
    return _text(value, kinds)


def _is_key(name: str, value: str) -> bool:
    named = _KEY_NAME.fullmatch(name) is not None
    return named and len(value) >= _SHORTEST_KEY and looks_random(value)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value.encode("utf-8", "replace")


def _text(value: str, kinds: list[SecretKind]) -> str:
    redacted = redact_text(value)
    kinds += [secret.kind for secret in redacted.secrets]
    return redacted.text


def _without_in(value: Any, path: str, remarks: list[str]) -> Any:  # noqa: ANN401  any field's
    """A value of a recipe without secrets; strings, tuples and the values inside."""
    if isinstance(value, str):
        redacted = redact_text(value)
        if redacted.secrets:
            remarks.append(_remark(path, [secret.kind for secret in redacted.secrets]))
        return redacted.text
    if isinstance(value, tuple):
        return tuple(_without_in(inner, path, remarks) for inner in value)
    if isinstance(value, Setting) and _is_key(value.name, value.value):
        remarks.append(_remark(f"{path} {value.name}", [SecretKind.KEY]))
        return replace(value, value=_placeholder(SecretKind.KEY))
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name != "digest"]
        inner = {
            name: _without_in(getattr(value, name), f"{path}.{name}".lstrip("."), remarks)
            for name in names
        }
        return replace(value, **inner)
    return value


def _remark(path: str, kinds: list[SecretKind]) -> str:
    name = path.replace("_", " ").replace(".", ", ")
    return f"Withheld from the recorded {name}: {count_of_secrets(kinds)}; the file has it in full."


def redact_raw_json(content: bytes) -> tuple[bytes, tuple[SecretKind, ...]]:
    """Kept metadata (JSON) without its secrets; the same bytes where it has none.

    Bytes that are no JSON are searched as text.
    """
    try:
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        kinds = find_secrets_in_bytes(content)
        return (b'"withheld"' if kinds else content), kinds
    redacted = redact_json(value)
    if not redacted.kinds:
        return content, ()
    text = json.dumps(redacted.value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace"), redacted.kinds
