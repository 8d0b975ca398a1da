"""What the miniature is meant to reach, and whether a measured one does."""

from dataclasses import dataclass

from training.judging import overall
from training.report import Figures, gain

_ALL, _EACH, _GAIN, _DECIBEL, _SECONDS, _MEGABYTES = 93.0, 85.0, 4.0, 33.0, 3.0, 14.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing asked for. `least` tells whether the measured figure must reach it or stay under.

    `remark` names what falls short, where a bar is about several things.
    """

    what: str
    asked: float
    measured: float
    unit: str
    least: bool = True
    remark: str = ""

    @property
    def met(self) -> bool:
        """Tell whether the measured figure satisfies the bar."""
        return self.measured >= self.asked if self.least else self.measured <= self.asked

    def line(self) -> str:
        """Return the bar as a row of a table."""
        sign = "≥" if self.least else "≤"
        short = abs(self.measured - self.asked)
        verdict = "met" if self.met else f"missed by {short:.1f} {self.unit}"
        cells = (
            self.what,
            f"{sign} {self.asked:g} {self.unit}",
            f"{self.measured:.1f} {self.unit}",
            f"{verdict}{self.remark}",
        )
        return "| " + " | ".join(cells) + " |"


def bars(figures: Figures) -> list[Bar]:
    """Return every bar with what was measured against it."""
    shares = {name: 100 * right / asked for name, (right, asked) in figures.attributes.items()}
    low = [f"{name} {share:.1f}" for name, share in shares.items() if share < _EACH]
    remark = f" (under it: {', '.join(low)})" if low else ""
    return [
        Bar("all attributes", _ALL, 100 * overall(figures.attributes), "%"),
        Bar("each attribute", _EACH, min(shares.values()), "%", remark=remark),
        Bar("gain of guidance 3 over 1", _GAIN, gain(figures), "points"),
        Bar("decoder, held-out scenes", _DECIBEL, figures.psnr, "dB"),
        Bar("one picture, one core, 20 steps", _SECONDS, figures.seconds, "s", least=False),
        Bar("folder", _MEGABYTES, figures.megabytes, "MB", least=False),
    ]
