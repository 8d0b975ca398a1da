"""What the demonstration says of a work, one line after another."""

from collections.abc import Callable
from textwrap import shorten
from typing import TypeAlias

from remarque.actions.ports import Vault
from remarque.actions.telling import tell
from remarque.model.history import Edition, Match, Selection

Say: TypeAlias = Callable[[str], None]
"""Told one line after another about what goes on."""

_WIDTH = 90


def say_steps(vault: Vault, work: str, say: Say) -> None:
    """The author's choices, step by step."""
    for step in tell(vault, work).steps:
        for change in step.changes[:3]:
            say(f"  take {step.number}, {change.category}: {shorten(change.sentence, _WIDTH)}")


def say_selection(selection: Selection, say: Say) -> None:
    """The choice."""
    say(f"chosen over {len(selection.over)} others, with a reason")


def say_edition(edition: Edition, say: Say) -> None:
    """A published copy and its marks."""
    say(f"published {edition.name}")
    for mark in edition.marks:
        say(f"  {mark.kind}: {mark.state}, {shorten(mark.detail, _WIDTH)}")


def say_match(match: Match, say: Say) -> None:
    """How a copy fits the picture, and what was taken off it."""
    say(
        f"  share of our picture seen: {match.share:.0%}, score {match.score:.0f},"
        f" false accusations at this score: at most {match.false_accusation_rate:.2g}"
    )
    for mark, state in match.removed.items():
        say(f"  {mark}: {state}")
    say(f"  marks missing: {', '.join(match.marks_missing)}")
