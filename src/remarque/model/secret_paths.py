r"""Absolute paths in text: which part is secret, and what of them may be read by everybody.

The folders are withheld and the name of the file stays, because it names a model:
``C:\Users\joe\sd\dreamshaper_8.safetensors`` becomes ``[user folder withheld]\dreamshaper_8…``.
A path relative to the program's own folders (``sdxl\model.safetensors``) names nobody.
"""

import re
from collections.abc import Iterator

from remarque.model.secret_patterns import (
    ANY_FILE,
    DRIVE,
    FILE_URL,
    HOME,
    ROOTED,
    SHARE,
    SecretKind,
)

Span = tuple[SecretKind, int, int]

_USER = re.compile(
    r"(?:home|users|documents and settings|media)[\\/]{1,16}(?P<user>[^\\/\r\n\"]{1,100})",
    re.IGNORECASE,
)
_LAST = re.compile(r"[\\/]{1,16}(?P<file>[^\\/]{1,120}\.[A-Za-z0-9]{1,12})\Z")
_ESCAPE = re.compile(r"[nrtbfu]")
_TAIL = " .!?:"


def find_paths(text: str) -> Iterator[Span]:
    """Every absolute path's secret part as (kind, start, end), in no order; they may overlap."""
    in_json = text.lstrip()[:1] in ("{", "[")
    if ":\\" in text or ":/" in text:
        yield from _all(text, FILE_URL, None)
        for found in DRIVE.finditer(text):
            if _is_drive(found, in_json=in_json):
                yield _span(found, None)
    if "\\\\" in text:
        for found in SHARE.finditer(text):
            if len(found["start"]) == 2 * len(found["separator"]):
                yield _span(found, SecretKind.NETWORK_FOLDER)
    if "/" in text:
        for pattern in (HOME, ROOTED, ANY_FILE):
            yield from _all(text, pattern, None)


def _all(text: str, pattern: re.Pattern[str], kind: SecretKind | None) -> Iterator[Span]:
    return (_span(found, kind) for found in pattern.finditer(text))


def _is_drive(found: re.Match[str], *, in_json: bool) -> bool:
    r"""Whether it is a path, and not the end of a line written as ``\n`` after a colon."""
    separator, rest = found["separator"], found[0][2:].lstrip("\\/")
    if not rest:
        return False
    if separator == "\\" and in_json:
        return False
    if separator == "\\" and _ESCAPE.match(rest):
        return (found[0][0].isupper() and "\\" in rest) or _LAST.search(found[0]) is not None
    return separator.startswith("\\") or "/" in rest or _LAST.search(found[0]) is not None


def _span(found: re.Match[str], kind: SecretKind | None) -> Span:
    """The folders of a path; the whole of it where it does not end in the name of a file."""
    written = found[0].rstrip(_TAIL)
    user = _USER.search(written)
    kind = kind or (SecretKind.USER_FOLDER if user else SecretKind.FOLDER)
    last = _LAST.search(written)
    names_user = user and last and user["user"].strip().lower() in last["file"].lower()
    keeps_file = last is not None and last.start() > 0 and not names_user
    end = last.start() if last is not None and keeps_file else len(written)
    return kind, found.start(), found.start() + end
