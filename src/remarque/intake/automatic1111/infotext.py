"""Take an "infotext" apart: prompt lines, negative prompt lines, one line of settings.

The format is AUTOMATIC1111's ``create_infotext``: values that hold a comma, a colon or a line
break are JSON strings; others end at the comma before the next ``Name: ``. Some of the family
write bare JSON after a name, a bare name for "yes", or go on in the next line after a comma.
"""

import json
import re
from dataclasses import dataclass

LONGEST = 2 * 1024 * 1024  # characters; the longest real ones are some ten thousand
_NEGATIVE = "Negative prompt:"
_STEPS = re.compile(r"(?:^|, ?)Steps: ?(\d{1,7})(?=,|\s*$)")
_SEED = re.compile(r"(?:^|, ?)Seed: ?\d{1,20}(?=,|\s*$)")
_CORE = re.compile(r"(?:^|, ?)(Steps|Sampler|CFG scale|CFG Scale|Seed|Size|Model|Model hash): ")
_NAME = re.compile(r"[ \t]*([^\W_][\w \-/'.()+]{0,80}?): ?")
_NEXT_NAME = re.compile(r",[ \t]*(?=[^\W_][\w \-/'.()+]{0,80}?: )")
_NEXT = re.compile(_NEXT_NAME.pattern + r"|(?=\n)")
_COMMA = re.compile(r"(?=[,\n])")
_AFTER_JSON = re.compile(r"[ \t]*(?:,|\n|\Z)")
_GOES_ON = re.compile(r"\n\s*(?!(?:Negative )?Template:)(?=[^\W_][\w \-/'.()+]{0,80}?: )")
# A number or a size; the comma after it ends it even where a bare name follows, not "Name: ".
_PLAIN_NUMBER = re.compile(r"([+-]?\d[\d.]{0,40}(?:x\d{1,7})?)\s*,")
# These hold a comma only in quotes: a bare name behind the comma is no part of them.
_ONE_WORD = {"Sampler", "Schedule type", "Model", "Model hash", "VAE", "VAE hash"}
_CIVITAI = ", Civitai resources: ["
# The dynamic prompts extension puts these two behind the last line of everything else.
_TEMPLATE = re.compile(r"^(Negative Template|Template):[ ]?", re.MULTILINE)
_SEPARATORS = (",", " ", "\t")
_FEWEST_CORE_NAMES = 3
_LONGEST_LINE = 256 * 1024
_MOST_PAIRS = 500
_JSON_STARTS = {'"', "[", "{"}
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Infotext:
    """The three parts. ``prompt`` and ``negative_prompt`` are None where the text has none.

    ``negatives`` counts the lines that begin a negative prompt: more than one leaves open where
    the prompt ends.
    """

    prompt: str | None
    negative_prompt: str | None
    pairs: tuple[tuple[str, str], ...]
    negatives: int = 0


def split_infotext(text: str) -> Infotext | None:
    """The parts, or None where this is not an infotext.

    Only a line that has a number of steps and two more of the format's core names (or a seed and
    Civitai's list of resources) makes a text an infotext: prose that says "Steps: 4" does not.
    """
    if len(text) > LONGEST:
        return None
    lines = text.replace("\r\n", "\n").strip("\0").split("\n")
    at = next((i for i in range(len(lines) - 1, -1, -1) if _is_settings_line(lines[i])), None)
    if at is None:
        return None
    prompt, negative = _split_prompts(lines[:at])
    rest = "\n".join(lines[at:])[:_LONGEST_LINE].strip()
    pairs, end = _pairs(rest)
    return Infotext(
        prompt,
        negative,
        (*pairs, *_templates(rest[end:])),
        negatives=sum(line.startswith(_NEGATIVE) for line in lines[:at]),
    )


def named_values(text: str) -> tuple[tuple[str, str], ...]:
    """Names and values of a line that has settings only."""
    return tuple(_pairs(text[:_LONGEST_LINE].strip("\0 \r\n"))[0])


def _is_settings_line(line: str) -> bool:
    line = line.strip()
    if len(line) > _LONGEST_LINE or not _CORE.match(line):
        return False
    names = {found[1] for found in _CORE.finditer(line)}
    if _STEPS.search(line):
        return len(names) >= _FEWEST_CORE_NAMES
    return _CIVITAI in line and bool(_SEED.search(line))


def _split_prompts(lines: list[str]) -> tuple[str | None, str | None]:
    """Prompt and negative prompt; the latter begins at the first line that says so."""
    at = next((i for i, line in enumerate(lines) if line.startswith(_NEGATIVE)), None)
    if at is None:
        return ("\n".join(lines).strip() if lines else None), None
    negative = [lines[at].removeprefix(_NEGATIVE), *lines[at + 1 :]]
    return "\n".join(lines[:at]).strip(), "\n".join(negative).strip()


def _pairs(text: str) -> tuple[list[tuple[str, str]], int]:
    """Names with their values, and where the settings end."""
    found: list[tuple[str, str]] = []
    position = 0
    while len(found) < _MOST_PAIRS:
        name = _NAME.match(text, position)
        if name is not None:
            value, position = _value(text, name.end(), whole=name[1] not in _ONE_WORD)
            found.append((name[1], value))
            position = _next_place(text, position)
            continue
        line_end = text.find("\n", position)
        following = _NEXT_NAME.search(text, position, len(text) if line_end < 0 else line_end + 1)
        if following is None:
            break
        position = following.end()  # a bare name, or one spelled as no name is, was passed over
    return found, position


def _next_place(text: str, position: int) -> int:
    """Past the separators; past a line break only where a comma says that the line goes on."""
    after_comma = text[max(position - 8, 0) : position].rstrip(" \t").endswith(",")
    while text[position : position + 1] in _SEPARATORS:
        after_comma = after_comma or text[position] == ","
        position += 1
    goes_on = _GOES_ON.match(text, position) if after_comma else None
    return goes_on.end() if goes_on else position


def _value(text: str, start: int, *, whole: bool) -> tuple[str, int]:
    """The value that begins here, and where it ends; ``whole`` lets it have commas."""
    if text[start : start + 1] in _JSON_STARTS:
        decoded = _json_value(text, start)
        if decoded is not None:
            return decoded
    if number := _PLAIN_NUMBER.match(text, start):
        return number[1], number.end(1)
    following = (_NEXT if whole else _COMMA).search(text, start)
    end = following.start() if following else len(text)
    return text[start:end].strip().rstrip(","), end


def _json_value(text: str, start: int) -> tuple[str, int] | None:
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if not _AFTER_JSON.match(text, end):
        return None
    return (value if isinstance(value, str) else text[start:end]), end


def _templates(text: str) -> list[tuple[str, str]]:
    """What the prompts were drawn from, each up to the next such line or the end."""
    starts = list(_TEMPLATE.finditer(text))[:2]
    ends = [*(start.start() for start in starts), len(text)][1:]
    return [
        (start[1], text[start.end() : end].strip())
        for start, end in zip(starts, ends, strict=False)
    ]
