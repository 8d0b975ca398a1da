"""Lines with something before them that wrap under themselves, as wide as the terminal is."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from remarque.cli.output import clean

LONGEST = 240
"""Longer texts of a person or a file are cut unless they are asked for in full."""

NARROWEST = 24
"""With less room than this beside the tree, a line is left to the terminal to break."""


@dataclass(frozen=True, slots=True)
class Line:
    """``lead`` stands before ``body``; ``hang`` before each further row of it."""

    body: Text
    lead: Text
    hang: Text

    def rows(self, console: Console) -> Iterator[Text]:
        """One row where it is not read in a terminal, so that it can be searched for as a whole."""
        room = console.width - self.lead.cell_len
        if not console.is_terminal or room < NARROWEST or self.body.cell_len <= room:
            yield self.lead + self.body
            return
        lead = self.lead
        for row in self.body.wrap(console, room):
            row.rstrip()
            yield lead + row
            lead = self.hang


def line(body: str | Text, style: str = "", *, lead: str | Text = "  ") -> Line:
    """A line of text, never markup; further rows begin under the first."""
    before = lead if isinstance(lead, Text) else Text(lead)
    text = body if isinstance(body, Text) else Text(clean(body), style=style)
    return Line(text, before, Text(" " * before.cell_len))


def inside(tree: str, body: str | Text, style: str = "", *, sign: str | Text = "") -> Line:
    """A line beside the bars of the tree, which go on beside each of its rows."""
    before = Text(tree) + (sign if isinstance(sign, Text) else Text(sign))
    text = body if isinstance(body, Text) else Text(clean(body), style=style)
    return Line(text, before, Text(tree + " " * (before.cell_len - len(tree))))


def cut(text: str, *, full: bool) -> str:
    """A text on one line, cut unless asked for in full."""
    text = " ".join(text.split())
    return text if full or len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def moment(time: str, *, full: bool) -> str:
    """A time as it is recorded, or to the second."""
    return time if full else time[:19].replace("T", " ")


def many(number: int, thing: str) -> str:
    """A number with its noun."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
