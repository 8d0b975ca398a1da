"""Take an "infotext" apart: prompt lines, negative prompt lines, one line of settings.

The format is AUTOMATIC1111's ``create_infotext``: values that hold a comma, a colon or a line
break are JSON strings; others end at the comma before the next ``Name: ``. Some of the family
write bare JSON after a name.
"""

import json
import re
from dataclasses import dataclass

LONGEST = 2 * 1024 * 1024  # characters; the longest real ones are some ten thousand
_NEGATIVE = "Negative prompt:"
_STEPS = re.compile(r"(?:^|, ?)Steps: ?(\d{1,7})(?=,|\s*$)")
_CORE = re.compile(r"(?:^|, ?)(Steps|Sampler|CFG scale|CFG Scale|Seed|Size|Model|Model hash): ")
_NAME = re.compile(r"\s*([^\W_][\w \-/'.()+]{0,80}?): ?")
_NEXT = re.compile(r",\s*(?=[^\W_][\w \-/'.()+]{0,80}?: )")
_FEWEST_CORE_NAMES = 3
_LONGEST_LINE = 256 * 1024
_MOST_PAIRS = 500
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Infotext:
    """The three parts. ``prompt`` and ``negative_prompt`` are None where the text has none."""

    prompt: str | None
    negative_prompt: str | None
    pairs: tuple[tuple[str, str], ...]


def split_infotext(text: str) -> Infotext | None:
    """The parts, or None where this is not an infotext.

    Only a line that has a number of steps and two more of the format's core names makes a text an
    infotext: prose that happens to say "Steps: 4" does not.
    """
    if len(text) > LONGEST:
        return None
    lines = text.replace("\r\n", "\n").strip("\0").split("\n")
    at = next((i for i in range(len(lines) - 1, -1, -1) if _is_settings_line(lines[i])), None)
    if at is None:
        return None
    prompt, negative = _split_prompts(lines[:at])
    return Infotext(prompt, negative, tuple(_pairs(lines[at].strip())))


def _is_settings_line(line: str) -> bool:
    line = line.strip()
    if "Steps:" not in line or len(line) > _LONGEST_LINE or not _CORE.match(line):
        return False
    names = {found[1] for found in _CORE.finditer(line)}
    return bool(_STEPS.search(line)) and len(names) >= _FEWEST_CORE_NAMES


def _split_prompts(lines: list[str]) -> tuple[str | None, str | None]:
    """Prompt and negative prompt; the latter begins at the first line that says so."""
    at = next((i for i, line in enumerate(lines) if line.startswith(_NEGATIVE)), None)
    if at is None:
        return ("\n".join(lines).strip() if lines else None), None
    negative = [lines[at].removeprefix(_NEGATIVE), *lines[at + 1 :]]
    return "\n".join(lines[:at]).strip(), "\n".join(negative).strip()


def _pairs(line: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while len(found) < _MOST_PAIRS and (name := _NAME.match(line, position)):
        value, position = _value(line, name.end())
        found.append((name[1], value))
        while position < len(line) and line[position] in ", ":
            position += 1
    return found


def _value(line: str, start: int) -> tuple[str, int]:
    """The value that begins here, and where it ends."""
    if line[start : start + 1] in {'"', "[", "{"}:
        decoded = _json_value(line, start)
        if decoded is not None:
            return decoded
    following = _NEXT.search(line, start)
    end = following.start() if following else len(line)
    return line[start:end].strip().rstrip(","), end


def _json_value(line: str, start: int) -> tuple[str, int] | None:
    try:
        value, end = _DECODER.raw_decode(line, start)
    except (ValueError, RecursionError):
        return None
    if not re.match(r"\s*(?:,|$)", line[end:]):
        return None
    return (value if isinstance(value, str) else line[start:end]), end
