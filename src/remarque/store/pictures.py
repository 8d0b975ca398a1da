"""Picture files under the name of their SHA-256, and where those kept in place lie.

A picture of the store is a file ``pictures/ab/<64 hex digits>``: blocks shared with the artist's
file (reflink), the same file under a second name (hard link), or a copy. A hard link shares its
bytes with the artist's file, so every read checks the digest.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import insert, select

from remarque.actions.ports import Keeping
from remarque.errors import NotFound, PictureDamaged, PictureGone, PlaceUnusable
from remarque.model.digests import Digest, digest_from_raw, digest_of, hex_of, raw_of
from remarque.store.database import Database
from remarque.store.disk import (
    clone_file,
    copy_hashing,
    digest_of_file,
    make_folder,
    on_disk,
    placing,
)
from remarque.store.schema import picture_place

_NAME = re.compile(r"[0-9a-f]{64}\Z")
_READ_ONLY = 0o444
_MENDING = (
    "Restore the picture from a backup of the vault, or import the right file once more; "
    "either mends it."
)


class DiskPictures:
    """``actions.ports.PictureStore`` on disk. ``folder`` is the vault's ``pictures``."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database

    def keep_file(self, path: Path, digest: Digest, *, copy_always: bool = False) -> Keeping:
        """Take a file in: shared blocks, else a hard link, else a copy; on disk at the return.

        A picture that is here already, whole, is left as it is; a damaged one is replaced.

        Raises:
            PictureDamaged: The file does not have this digest (any more).
            DiskFull: There is no room.
            PlaceUnusable: The file cannot be read or the store not written.
        """
        target = self._path(digest)
        with on_disk(path):
            source = path.resolve(strict=True)
            if not source.is_file():
                raise PlaceUnusable(f"{path} is not a file")
        with on_disk(target):
            if _is_whole(target, digest) and not (copy_always and _is_linked(target)):
                _check_unchanged(source, digest)
                return _keeping_of(source, target)
            make_folder(target.parent)
            return _take_in(source, target, digest, copy_always=copy_always)

    def keep_bytes(self, content: bytes) -> Digest:
        """Take bytes in; on disk when this returns.

        Raises:
            DiskFull: There is no room.
            PlaceUnusable: The store cannot be written.
        """
        digest = digest_of(content)
        target = self._path(digest)
        with on_disk(target):
            if not _is_whole(target, digest):
                make_folder(target.parent)
                with placing(target, mode=_READ_ONLY) as temporary:
                    temporary.write_bytes(content)
        return digest

    def note_place(self, path: Path, digest: Digest) -> None:
        """Remember where a picture kept in place lies; on disk when this returns.

        Raises:
            PlaceUnusable: There is no such file.
            PictureDamaged: The file does not have this digest.
        """
        with on_disk(path):
            source = path.resolve(strict=True)
            _check_unchanged(source, digest)
        row = {"digest": raw_of(digest), "path": os.fsencode(source)}
        with self._database.writing() as connection:
            same = (picture_place.c.digest == row["digest"]) & (picture_place.c.path == row["path"])
            if connection.execute(select(picture_place.c.digest).where(same)).first() is None:
                connection.execute(insert(picture_place).values(row))

    def holds(self, digest: Digest) -> bool:
        """Whether there is a file for this digest; only ``read`` says whether it is whole."""
        return any(path.is_file() for path in self._candidates(digest))

    def read(self, digest: Digest) -> bytes:
        """The bytes, checked against the digest.

        Raises:
            NotFound: The vault has no such picture.
            PictureGone: It was kept in place and is no longer there.
            PictureDamaged: A program has overwritten it.
        """
        for path in self._candidates(digest):
            if path.is_file():
                with on_disk(path):
                    content = path.read_bytes()
                if digest_of(content) == digest:
                    return content
        raise self._problem(digest)

    def path_of(self, digest: Digest) -> Path:
        """A path to the bytes, checked a moment ago. It is for reading only.

        Raises:
            NotFound: The vault has no such picture.
            PictureGone: It was kept in place and is no longer there.
            PictureDamaged: A program has overwritten it.
        """
        for path in self._candidates(digest):
            with on_disk(path):
                if _is_whole(path, digest):
                    return path
        raise self._problem(digest)

    def digests(self) -> Iterator[Digest]:
        """Everything in the store in order of digest, pictures kept in place included."""
        stored = {digest for digest, _ in self.stored()}
        yield from sorted(stored | {digest for digest, _ in self.places()})

    def stored(self) -> Iterator[tuple[Digest, Path]]:
        """The files of the store itself, unchecked, in order of digest."""
        with on_disk(self._folder):
            for path in _files_in(self._folder):
                if _NAME.match(path.name) and path.name.startswith(path.parent.name):
                    yield Digest("sha256:" + path.name), path

    def places(self) -> list[tuple[Digest, Path]]:
        """Pictures kept in place and where they were, in order of digest."""
        columns = picture_place.c
        with self._database.reading() as connection:
            rows = connection.execute(
                select(columns.digest, columns.path).order_by(columns.digest, columns.path)
            ).all()
        return [(digest_from_raw(row.digest), Path(os.fsdecode(row.path))) for row in rows]

    def _path(self, digest: Digest) -> Path:
        name = hex_of(digest)
        return self._folder / name[:2] / name

    def _candidates(self, digest: Digest) -> list[Path]:
        """The file in the store, then the places where the picture was left."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(picture_place.c.path)
                .where(picture_place.c.digest == raw_of(digest))
                .order_by(picture_place.c.path)
            ).all()
        return [self._path(digest), *(Path(os.fsdecode(row.path)) for row in rows)]

    def _problem(self, digest: Digest) -> NotFound | PictureGone | PictureDamaged:
        stored, *places = self._candidates(digest)
        if stored.is_file():
            return PictureDamaged(
                f"the stored picture {digest} has other bytes now: "
                "a program has overwritten the linked original, or the disk failed",
                hint=_MENDING,
            )
        for place in places:
            if place.is_file():
                return PictureDamaged(
                    f"the picture {digest} was kept in place at {place}, "
                    "and that file has other bytes now",
                    hint="Put the original file back, or import it from where it is now.",
                )
        if places:
            return PictureGone(
                f"the picture {digest} was kept in place at {places[0]} and is no longer there",
                hint="Put the file back, or import it from where it is now.",
            )
        return NotFound(f"this vault has no picture {digest}")


def _files_in(folder: Path) -> Iterator[Path]:
    for below in sorted(folder.iterdir()):
        if below.is_dir():
            yield from sorted(below.iterdir())


def _is_whole(path: Path, digest: Digest) -> bool:
    return path.is_file() and digest_of_file(path)[0] == hex_of(digest)


def _is_linked(path: Path) -> bool:
    return path.stat().st_nlink > 1


def _check_unchanged(path: Path, digest: Digest) -> None:
    if digest_of_file(path)[0] != hex_of(digest):
        raise _changed(path, digest)


def _changed(path: Path, digest: Digest) -> PictureDamaged:
    return PictureDamaged(
        f"{path} does not have the digest {digest}: it was changed while it was taken in",
        hint="Wait until the program that writes it has finished, then import it again.",
    )


def _keeping_of(source: Path, target: Path) -> Keeping:
    """How a picture that was here already relates to a file: shared blocks look like a copy."""
    return Keeping.HARD_LINK if source.samefile(target) else Keeping.COPY


def _take_in(source: Path, target: Path, digest: Digest, *, copy_always: bool) -> Keeping:
    with placing(target) as temporary:
        if copy_always:
            keeping, found = Keeping.COPY, copy_hashing(source, temporary)
        else:
            keeping, found = _take_cheaply(source, temporary)
        if found != hex_of(digest):
            raise _changed(source, digest)
        if keeping is not Keeping.HARD_LINK:
            temporary.chmod(_READ_ONLY)  # a link's mode is that of the artist's own file
    return keeping


def _take_cheaply(source: Path, temporary: Path) -> tuple[Keeping, str]:
    """The digest is taken of what arrived, so a change on the way does not slip through."""
    if clone_file(source, temporary):
        return Keeping.REFLINK, digest_of_file(temporary)[0]
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:  # another disk, a system without links, somebody else's file
        return Keeping.COPY, copy_hashing(source, temporary)
    return Keeping.HARD_LINK, digest_of_file(temporary)[0]
