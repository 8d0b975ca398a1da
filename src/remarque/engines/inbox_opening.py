"""Open one hand-over: its bytes checked against its word, its time against the clock."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from remarque.actions.witnessing import Seen
from remarque.engines.inbox_folder import InboxFolder, read_plain
from remarque.engines.inbox_format import HandOver, parse_hand_over
from remarque.engines.inbox_seen import Coming, seen_in
from remarque.engines.inbox_writing import (
    LARGEST_PICTURE_BYTES,
    LARGEST_SOURCE_BYTES,
    LARGEST_TOLD_BYTES,
    PICTURE,
    TOLD,
)
from remarque.engines.model_files import ModelFiles
from remarque.errors import PlaceUnusable, RemarqueError
from remarque.model.times import Clock, format_time

OLD_AFTER = timedelta(minutes=10)

_AHEAD = timedelta(seconds=5)  # a clock that was set back since


class Opening:
    """Opens hand-overs of one inbox. What came before ``began`` was not seen coming."""

    def __init__(self, folder: InboxFolder, clock: Clock, models: ModelFiles) -> None:
        self._folder = folder
        self._clock = clock
        self._models = models
        self.began = clock.now()

    def told(self, name: str) -> HandOver:
        """What a hand-over says.

        Raises:
            MetadataMalformed, PictureGone, PlaceUnusable: It cannot be read, or breaks the form.
        """
        return parse_hand_over(self._folder.read(f"{name}/{TOLD}", LARGEST_TOLD_BYTES))

    def path_in(self, name: str) -> Path | None:
        """Where the file lies that a hand-over tells of; None where it lies nowhere."""
        try:
            told = self.told(name).picture.path
        except RemarqueError:
            return None
        return Path(told) if told is not None else None

    def open(self, name: str) -> tuple[HandOver, Seen]:
        """A hand-over, and the picture as it was seen. Digesting its models may take minutes.

        Raises:
            InputError, PictureGone, PlaceUnusable: It cannot be recorded; the message says why.
        """
        hand_over = self.told(name)
        files = self._files(name, hand_over)
        return hand_over, seen_in(hand_over, files, self._coming(name, hand_over), self._models)

    def _files(self, name: str, hand_over: HandOver) -> dict[str, bytes]:
        """The bytes of the picture, checked, and of everything that went in."""
        told = hand_over.picture
        if told.inside:
            content = self._folder.read(f"{name}/{PICTURE}", LARGEST_PICTURE_BYTES)
        else:
            path = Path(told.path or "")
            if not path.is_absolute():
                raise PlaceUnusable(f"the place of {told.name} is not a full path")
            content = read_plain(path, LARGEST_PICTURE_BYTES)
        if hashlib.sha256(content).hexdigest() != told.sha256:
            raise PlaceUnusable(f"the bytes of {told.name} are not those that were handed over")
        sources = {
            source.file: self._folder.read(f"{name}/{source.file}", LARGEST_SOURCE_BYTES)
            for source in hand_over.sources
        }
        return {PICTURE: content, **sources}

    def _coming(self, name: str, hand_over: HandOver) -> Coming:
        """When it came into being, by its own word and by the time it was put here."""
        now, came = self._clock.now(), hand_over.moment
        try:
            put = datetime.fromtimestamp((self._folder.place / name).lstat().st_mtime, UTC)
        except (OSError, ValueError, OverflowError):
            put = came
        said = format_time(came)
        if came > now + _AHEAD:
            remark = f"The program says it came into being at {said}, which lies ahead of now."
            return Coming(min(put, now), late=True, remarks=(remark,))
        first = min(came, put)
        if first >= self.began and now - first <= OLD_AFTER:
            return Coming(came, late=False)
        remark = f"It was handed over at {said} and read from the inbox only later, by a watch."
        return Coming(came, late=True, remarks=(remark,))
