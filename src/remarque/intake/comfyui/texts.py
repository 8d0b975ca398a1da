"""Small nodes that join, replace or trim text in a way that is certain from their inputs."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from remarque.intake import scalars
from remarque.intake.comfyui.nodes import Node

Asked: TypeAlias = Callable[[str], str | None]
"""The text of an input of the node, by name; None where it is unknown."""

# Joining nodes: the texts in order, and where the separator stands (None: nothing between).
_JOINS: Final[dict[str, tuple[tuple[str, ...], str | None]]] = {
    "StringConcatenate": (("string_a", "string_b"), "delimiter"),
    "JoinStrings": (("string1", "string2"), "delimiter"),
    "ConcatStringSingle": (("string_a", "string_b"), None),
    "CR Text Concatenate": (("text1", "text2"), "separator"),
    "CR Combine Prompt": (("part1", "part2", "part3", "part4"), "separator"),
    "easy promptConcat": (("prompt1", "prompt2"), "separator"),
}
# Replacing nodes: the text, then pairs of what is looked for and what is put in its place.
_REPLACES: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "StringReplace": ("string", (("find", "replace"),)),
    "Text Find and Replace": ("text", (("find", "replace"),)),  # by a pattern
    "CR Text Replace": ("text", tuple((f"find{n}", f"replace{n}") for n in (1, 2, 3))),
}
_MOST_PARTS = 100
_LONGEST = 1_000_000
_PLAIN = re.compile(r"[\w ,:;'\"!-]+")
_UNDRAWN = re.compile(r"__[\w/*.\-]+__|\{[^{}]*\|[^{}]*\}")
_WAS_TOKEN = re.compile(r"\[[a-z_]+[\](]", re.IGNORECASE)


def is_text_work(node: Node) -> bool:
    """Whether the node's text can be worked out here."""
    return node.kind in _WORKS or node.kind in _JOINS or node.kind in _REPLACES


def worked_out(node: Node, asked: Asked) -> str | None:
    """The text the node gives; None where one of its inputs is unknown."""
    if node.kind in _WORKS:
        return _WORKS[node.kind](node, asked)
    if node.kind in _JOINS:
        names, separator = _JOINS[node.kind]
        return _joined(_parts(node, names, asked), "" if separator is None else asked(separator))
    return _replaced(node, asked)


def _parts(node: Node, names: tuple[str, ...], asked: Asked) -> list[str | None]:
    return [asked(name) if name in node.inputs else "" for name in names[:_MOST_PARTS]]


def _joined(parts: list[str | None], between: str | None) -> str | None:
    texts = [part for part in parts if part is not None]
    if between is None or len(texts) < len(parts):
        return None
    # A chain of joins can double its text at every step.
    if sum(map(len, texts)) + len(between) * len(texts) > _LONGEST:
        return None
    return between.join(texts)


def _replaced(node: Node, asked: Asked) -> str | None:
    name, pairs = _REPLACES[node.kind]
    text = asked(name)
    if node.kind == "Text Find and Replace" and not _is_plain(asked):
        return None
    for find, replace in pairs:
        sought, put = _parts(node, (find, replace), asked)
        if text is None or sought is None or put is None or not sought:
            # To replace nothing puts something between all letters; nobody means that.
            if text is None or sought != "" or put != "":
                return None
            continue
        if text.count(sought) * len(put) + len(text) > _LONGEST:
            return None
        text = text.replace(sought, put)
    return text


def _is_plain(asked: Asked) -> bool:
    """Whether a pattern means just its own letters."""
    return bool(_PLAIN.fullmatch(asked("find") or "")) and "\\" not in (asked("replace") or "\\")


def _of_many(node: Node, asked: Asked) -> str | None:
    """KJNodes: ``string_1`` to ``string_N``."""
    count = scalars.count(node.inputs.get("inputcount"))
    if count is None or node.inputs.get("return_list") is True:
        return None
    names = tuple(f"string_{n}" for n in range(1, min(count, _MOST_PARTS) + 1))
    return _joined(_parts(node, names, asked), asked("delimiter"))


def _of_was(node: Node, asked: Asked) -> str | None:
    """WAS Suite joins what is not empty and reads a written backslash-n as a line break."""
    names = tuple(sorted(name for name in node.inputs if name.startswith("text_")))
    parts, between = _parts(node, names, asked), asked("delimiter")
    if asked("clean_whitespace") == "true":
        parts = [part.strip() if part is not None else None for part in parts]
    kept = [part for part in parts if part != ""]
    return _joined(kept, "\n" if between == "\\n" else between)


def _lines_of_was(_node: Node, asked: Asked) -> str | None:
    """WAS Suite leaves out lines that begin with ``#`` and fills in ``[time]`` and the like."""
    text = asked("text")
    if text is None or holds_was_token(text):
        return None
    lines = text.removesuffix("\n").split("\n")
    return "\n".join(line for line in lines if not line.strip().startswith("#"))


def holds_was_token(text: str) -> bool:
    """Whether WAS Suite would put the time, a name or the like into this text."""
    return bool(_WAS_TOKEN.search(text))


def _of_pysssss(node: Node, asked: Asked) -> str | None:
    """Append or replace, then tidied where asked; its shown ``result`` is that of the last run."""
    texts = _parts(node, ("text_a", "text_b", "text_c"), asked)
    tidy = asked("tidy_tags") == "yes"
    # "undefined" was written by an interface that lost a text; versions treat it differently.
    if asked("action") != "append" or "undefined" in texts:
        return None
    kept = [text for text in texts if text != ""]
    joined = _joined(kept, ", " if tidy else "")
    if joined is None or not tidy:
        return joined
    joined = re.sub(r"\s{2,}", " ", joined).replace(" ,", ",")
    return re.sub(r",{2,}", ",", joined).strip()


def has_choices(text: str) -> bool:
    """Whether a text still holds wildcards or choices that a run draws from."""
    return bool(_UNDRAWN.search(text))


def _drawn(_node: Node, asked: Asked) -> str | None:
    """Impact Pack writes what it drew into the executed graph before the run."""
    text = asked("populated_text")
    return None if text is None or has_choices(text) else text


def _trimmed(_node: Node, asked: Asked) -> str | None:
    text, mode = asked("string"), asked("mode")
    if text is None:
        return None
    return {"Both": text.strip(), "Left": text.lstrip(), "Right": text.rstrip()}.get(mode or "")


_WORKS: Final[dict[str, Callable[[Node, Asked], str | None]]] = {
    "JoinStringMulti": _of_many,
    "Text Concatenate": _of_was,
    "Text Multiline": _lines_of_was,
    "StringFunction|pysssss": _of_pysssss,
    "StringTrim": _trimmed,
    "ImpactWildcardProcessor": _drawn,
}
