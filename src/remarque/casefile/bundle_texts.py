"""The texts inside a bundle that are the same for everybody, filled with this bundle's facts."""

import re
from importlib import resources

from remarque.casefile.material import CaseMaterial

_FUTURE = "from __future__ import annotations\n"
_NEIGHBOUR = re.compile(r"^from remarque\.[a-z.]+ import (?:\([^)]*\)|.*)\n", re.MULTILINE)
_CHECKER = resources.files("remarque.casefile") / "checker"


def checker_source() -> bytes:
    """The single-file checker ``check.py``, standard library only: its three parts in one."""
    last = _source_of("check")
    head, future, rest = last.partition(_FUTURE)
    parts = [_source_of(name).partition(_FUTURE)[2] for name in ("proofs", "opening")]
    joined = _NEIGHBOUR.sub("", f"{head}{future}{''.join(parts)}{rest}")
    return joined.encode("utf-8")


def _source_of(part: str) -> str:
    return (_CHECKER / f"{part}.py").read_text(encoding="utf-8")


def verify_text(material: CaseMaterial) -> bytes:
    """``VERIFY.md``: how to check this bundle with sha256sum and openssl alone."""
    template = (_CHECKER / "VERIFY.md").read_text(encoding="utf-8")
    facts = {
        "title": _one_line(material.title),
        "author": _one_line(material.author),
        "work": _one_line(material.work),
        "fingerprint": _one_line(material.key_id),
        "software": _one_line(material.software),
    }
    for name, fact in facts.items():
        template = template.replace("{{" + name + "}}", fact)
    return template.encode("utf-8")


def _one_line(text: str) -> str:
    """Foreign text inside Markdown: one line, no backticks, so that it can never be a command."""
    return " ".join(text.replace("`", "'").replace("{{", "{ {").split())
