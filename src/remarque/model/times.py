"""Moments: RFC 3339 in UTC with milliseconds, and the clock that is passed in."""

from datetime import UTC, datetime
from typing import Protocol

from remarque.errors import MetadataMalformed


class Clock(Protocol):
    """Where the time comes from; the wiring gives the real one, tests a fixed one."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


def format_time(moment: datetime) -> str:
    """RFC 3339 text of an aware moment: ``2026-11-23T15:05:00.123Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The moment an RFC 3339 text names.

    Raises:
        MetadataMalformed: The text is not a time with its zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MetadataMalformed(f"{text[:80]!r} is not an RFC 3339 time") from error
    if moment.tzinfo is None:
        raise MetadataMalformed(f"the time {text[:80]!r} does not say its zone")
    return moment.astimezone(UTC)
