"""The embedded fonts as files, for lettering outside the PDF (a visible mark with a name in it)."""

import gzip
from importlib import resources

from remarque.casefile.lettering import coverages

_WIDE = {
    "Noto Serif SC": "noto-serif-sc.ttf.gz",
    "Remarque Hangul": "hangul.ttf.gz",
}
_NARROW = "latin.ttf.gz"
_FIRST_WIDE_SCRIPT = "\u2e80"


def font_for(text: str) -> bytes | None:
    """The embedded font to letter this text in; None for plain ASCII, which needs none.

    Latin, Greek and Cyrillic have one font, Chinese, Japanese and Korean another. Where no font
    has every character, the first is given, and the lettering names the character it lacks.
    """
    if all(_is_plain(character) for character in text):
        return None
    if all(character < _FIRST_WIDE_SCRIPT for character in text):
        return _unpacked(_NARROW)
    fitting = [
        _WIDE[coverage.family]
        for coverage in coverages()
        if coverage.family in _WIDE
        and all(character in coverage or _is_plain(character) for character in text)
    ]
    return _unpacked(fitting[0] if fitting else _WIDE["Noto Serif SC"])


def _is_plain(character: str) -> bool:
    """What every font here has."""
    return character.isascii() or character == "©"


def _unpacked(name: str) -> bytes:
    packed = resources.files("remarque.casefile").joinpath("fonts", name)
    return gzip.decompress(packed.read_bytes())
