"""One measured figure, and the table of them."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, the figure (None: could not be), its unit, and a remark."""

    what: str
    figure: float | None
    unit: str
    remark: str = ""

    def cells(self) -> tuple[str, str, str]:
        """The row as text."""
        if self.figure is None:
            shown = "–"
        elif self.figure >= 100:
            shown = f"{self.figure:,.0f}"
        else:
            shown = f"{self.figure:.3g}"
        return self.what, f"{shown} {self.unit}".strip(), self.remark


def markdown(title: str, rows: Iterable[Row]) -> str:
    """A table in Markdown."""
    lines = [f"## {title}", "", "| what | measured | remark |", "|---|---:|---|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join([*lines, ""])
