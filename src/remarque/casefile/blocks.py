"""The few forms a page of the case file is made of, as JSON for the typst template.

Text travels only as data: nothing here is ever read as typst markup. ``templates/case.typ`` has
one drawing function for each form and none for anything else.
"""

from collections.abc import Iterable, Sequence

from remarque.casefile.plates import Plate
from remarque.model.canonical import Json

Spans = list[Json]
"""A run of text as pieces, each with its kind: plain, strong, added, removed, moved, mono, …"""


def span(text: str, kind: str = "plain") -> Json:
    """One piece of text. ``kind`` decides how the template sets it."""
    return {"t": text, "k": kind}


def spans(*pieces: str | Json) -> Spans:
    """A run of pieces; bare text is plain."""
    return [span(piece) if isinstance(piece, str) else piece for piece in pieces]


def section(title: str, blocks: Iterable[Json], *, level: int = 1, new_page: bool = False) -> Json:
    """A heading with what stands below it."""
    return {
        "type": "section",
        "title": title,
        "level": level,
        "new_page": new_page,
        "blocks": [block for block in blocks if block is not None],
    }


def paragraph(*pieces: str | Json, size: str = "body") -> Json:
    """Running text; ``size`` is lead, body, small, or head: body that stays with what follows."""
    return {"type": "paragraph", "spans": spans(*pieces), "size": size}


def note(*pieces: str | Json, tone: str = "plain") -> Json:
    """A boxed remark; ``tone`` is plain or warning."""
    return {"type": "note", "spans": spans(*pieces), "tone": tone}


def statement(label: str, text: str, source: Spans) -> Json:
    """Words of the author, set apart and labelled as a statement."""
    return {"type": "statement", "label": label, "text": text, "source": source}


def bullets(items: Iterable[Spans]) -> Json:
    """A list of sentences."""
    return {"type": "bullets", "items": list(items)}


def facts(rows: Iterable[tuple[str, Spans]]) -> Json:
    """Names and values, one pair a row."""
    return {"type": "facts", "rows": [{"label": label, "spans": value} for label, value in rows]}


def table(head: Sequence[str], widths: Sequence[str], rows: Iterable[Sequence[Spans]]) -> Json:
    """A table with a repeated head. A width is ``auto``, ``1fr``, ``2fr`` or like ``28mm``."""
    return {
        "type": "table",
        "head": list(head),
        "widths": list(widths),
        "rows": [list(row) for row in rows],
    }


def plates(pictures: Iterable[Json], *, columns: int, height_mm: float) -> Json:
    """Pictures side by side with their captions, none higher than ``height_mm``."""
    return {
        "type": "plates",
        "plates": list(pictures),
        "columns": columns,
        "height_mm": height_mm,
    }


def plate(shown: Plate, caption: Spans, *, outlines: Sequence[Json] = (), tone: str = "") -> Json:
    """One picture with its caption; ``tone`` "chosen" frames it in the accent."""
    return {
        "file": shown.file,
        "alt": shown.alt,
        "width": shown.width_px,
        "height": shown.height_px,
        "absence": shown.absence,
        "caption": caption,
        "outlines": list(outlines),
        "tone": tone,
    }


def outline(corners: Iterable[tuple[float, float]], *, dashed: bool = False) -> Json:
    """A polygon over a picture; corners in fractions of its width and height (0 to 1)."""
    return {"corners": [[100 * x, 100 * y] for x, y in corners], "dashed": dashed}
