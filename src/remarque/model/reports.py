"""Reports: every judgement is a row of its own; there is no overall truth value to trip over."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn


class Outcome(StrEnum):
    """The verdict words (DESIGN §3)."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One judgement: what was checked, about which thing, and one plain sentence.

    ``compared`` says what was held against what; ``source`` names the standard or rule.
    """

    name: str
    outcome: Outcome
    about: str
    sentence: str
    compared: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All judgements of one verification, in the order they were made."""

    subject: str
    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """FAILS if any check fails, else UNDECIDED if any is or none was made, else HOLDS."""
        outcomes = {check.outcome for check in self.checks} - {Outcome.NOT_APPLICABLE}
        if Outcome.FAILS in outcomes:
            return Outcome.FAILS
        if Outcome.UNDECIDED in outcomes or not outcomes:
            return Outcome.UNDECIDED
        return Outcome.HOLDS

    def __bool__(self) -> NoReturn:
        """A report is not a yes or a no: read ``outcome``."""
        raise TypeError("a Report has no truth value; read report.outcome")
