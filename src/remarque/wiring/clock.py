"""The real clock."""

from datetime import UTC, datetime


class SystemClock:
    """This machine's clock, in UTC. Only outside timestamps make its word count for others."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that reads the clock
