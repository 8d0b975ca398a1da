"""Foreign text made fit for a sentence on somebody's terminal."""

import unicodedata

_LONGEST = 120


def shown(text: str, longest: int = _LONGEST) -> str:
    """The text on one line, without control or direction characters, shortened."""
    line = " ".join(text.split())
    plain = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
