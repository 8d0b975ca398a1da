"""What one file in a watched folder is: a new picture, one seen before, a rating, or none of ours.

The memory of a watch: which files were dealt with (kept in the vault, for the next start) and
where the recorded pictures lie.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from remarque.actions.finding_files import read_file
from remarque.actions.happenings import FileWhole
from remarque.actions.placements import NOWHERE, Folders, Placements
from remarque.actions.ports import Vault, WatchedFile
from remarque.actions.ratings import pictures_of_sidecar, rating_in_packet, rating_in_picture
from remarque.errors import InputError, NotFound, StoreError
from remarque.intake import read_picture
from remarque.model.digests import Digest
from remarque.model.entry import TAKES
from remarque.model.history import Take, body_of
from remarque.model.recipe import Recipe
from remarque.pictures.decoding import decode

SIDECAR_SUFFIX = ".xmp"


class FileMemory:
    """The files a watch knows. ``favourites`` are folders looked at for signs only."""

    def __init__(
        self, vault: Vault, known: Iterable[WatchedFile], favourites: tuple[Path, ...] = ()
    ) -> None:
        self._vault = vault
        self._files = {file.path: file for file in known}
        self._favourites = tuple(folder.resolve() for folder in favourites)
        self._strangers: dict[Digest, Path] = {}
        # Files that lay there before the first watch have no digest: size and time tell them.
        self._unrecorded = {
            (file.size_bytes, file.modified_ns): file.path
            for file in self._files.values()
            if file.picture is None
        }
        # A picture that a program rewrote (a rating, a viewer's own notes) has other bytes than
        # its take; moved after that, it is known by size and time, or by those bytes.
        self._standing_of_take = {
            (file.size_bytes, file.modified_ns): file.picture
            for file in self._files.values()
            if file.picture is not None
        }
        self._rewritten: dict[Digest, Digest] = {}
        self.places = Placements(
            {file.path: file.picture for file in self._files.values() if file.picture is not None}
        )
        for file in self._files.values():
            if file.picture is not None and file.rating:
                self.places.rate(file.picture, file.rating, is_act=False)

    def is_settled(self, whole: FileWhole) -> bool:
        """Whether this very file was dealt with already."""
        known = self._files.get(whole.path)
        standing = (whole.size_bytes, whole.modified_ns)
        return known is not None and (known.size_bytes, known.modified_ns) == standing

    def is_favourites(self, path: Path) -> bool:
        """Whether a path lies in a folder of favourites the author named."""
        return any(folder in path.parents for folder in self._favourites)

    def recognised(self, whole: FileWhole, digest: Digest, work: str | None) -> Take | None:
        """The take this file is another copy of, or the same one moved; None for a new picture."""
        origin = self._unrecorded_origin(whole)
        for take in _takes_of(self._vault, digest):
            seen_before = digest in self.places or origin is not None
            if seen_before or work in (None, take.work) or self.is_favourites(whole.path):
                self._place(whole, digest, origin)
                return take
        return None

    def is_none_of_ours(self, whole: FileWhole, digest: Digest) -> bool:
        """Whether no take is to be made of an unknown picture; then it is only remembered.

        That is so in folders of favourites, and for a file that lay there before the first watch
        and was only moved: nobody saw it come.
        """
        origin = self._unrecorded_origin(whole)
        if origin is None and not self.is_favourites(whole.path):
            return False
        if origin is None:
            self._strangers[digest] = whole.path
        self._note(whole, None)
        return True

    def learn(self, whole: FileWhole, digest: Digest, content: bytes) -> None:
        """Remember a file that has just become a take."""
        self.places.rate(digest, rating_in_picture(content), is_act=False)
        self.places.appear(whole.path, digest)
        self._note(whole, digest)
        if digest in self._strangers:  # it was copied before the original was recorded
            self.places.appear(self._strangers.pop(digest), digest)

    def learn_elsewhere(self, path: Path, digest: Digest) -> None:
        """Remember where a picture lies that a program told of itself."""
        if self.places.at(path) is None:
            self.places.appear(path, digest)

    def remember(self, whole: FileWhole) -> None:
        """Remember a file that cannot be a take, so that it is not tried at every start."""
        self._note(whole, None)

    def forget(self, path: Path) -> None:
        """A file is gone; its take stays."""
        self.places.vanish(path)
        if self._files.pop(path, None) is not None:
            self._vault.watching.forget([path])

    def is_rewritten(self, whole: FileWhole, digest: Digest, content: bytes) -> bool:
        """Whether this is a known picture that was only rewritten: other bytes, no other picture.

        Its pixels and what it says of its making are the same. That is no new take, and the time
        of the rewriting is not when it came into being; a rating it carries now is taken.
        """
        for known in self._may_have_been(whole, digest):
            if known != digest and self._is_same_picture(known, content):
                self.places.rate(known, rating_in_picture(content))
                self._rewritten[digest] = known
                self.places.appear(whole.path, known)
                self._note(whole, known)
                return True
        return False

    def read_sidecar(self, whole: FileWhole) -> None:
        """Take the rating an XMP sidecar gives to the picture beside it."""
        rating = rating_in_packet(read_file(whole.path))
        for path in pictures_of_sidecar(whole.path, self.places.near(whole.path)):
            digest = self.places.at(path)
            if digest is not None and self.places.rate(digest, rating) and path in self._files:
                self._keep(replace(self._files[path], rating=rating))
        self._note(whole, None)

    def _place(self, whole: FileWhole, digest: Digest, origin: Path | None) -> None:
        came_from: Folders | None = None
        if digest not in self.places:
            # The vault knows the picture, this watch does not: where it lay is said if known.
            if origin is not None:
                came_from = frozenset({origin.parent})
            elif self.is_favourites(whole.path):
                came_from = NOWHERE
            if origin is not None and origin.exists():
                self.places.appear(origin, digest)
        self.places.appear(whole.path, digest, origin=came_from)
        self._note(whole, digest)

    def _unrecorded_origin(self, whole: FileWhole) -> Path | None:
        origin = self._unrecorded.get((whole.size_bytes, whole.modified_ns))
        return origin if origin != whole.path else None

    def _may_have_been(self, whole: FileWhole, digest: Digest) -> list[Digest]:
        """The takes a file may be a rewritten form of; none where it is a take's own bytes."""
        standing = (whole.size_bytes, whole.modified_ns)
        candidates = (
            self.places.at(whole.path),
            self._rewritten.get(digest),
            self._standing_of_take.get(standing),
        )
        found = list(dict.fromkeys(one for one in candidates if one is not None))
        return found if found and not _takes_of(self._vault, digest) else []

    def _is_same_picture(self, digest: Digest, content: bytes) -> bool:
        try:
            before = self._vault.pictures.read(digest)
            recipe = read_picture(content).recipe
            if recipe not in (read_picture(before).recipe, Recipe()):
                return False  # the same pixels with another recipe are another run
            return np.array_equal(decode(before).pixels, decode(content).pixels)
        except (InputError, StoreError):
            return False

    def _note(self, whole: FileWhole, digest: Digest | None) -> None:
        rating = self.places.ratings.get(digest, 0) if digest is not None else 0
        file = WatchedFile(whole.path, whole.size_bytes, whole.modified_ns, digest, rating)
        self._keep(file)

    def _keep(self, file: WatchedFile) -> None:
        self._files[file.path] = file
        if file.picture is not None:
            self._standing_of_take[file.size_bytes, file.modified_ns] = file.picture
        self._vault.watching.note([file])


def _takes_of(vault: Vault, digest: Digest) -> list[Take]:
    try:
        named = vault.ledger.entries_naming(digest)
    except NotFound:
        return []
    bodies = [body_of(stored) for stored in named if stored.entry.kind in TAKES]
    return [body for body in bodies if isinstance(body, Take) and body.picture.digest == digest]
