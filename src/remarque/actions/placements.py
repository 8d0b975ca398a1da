"""Where the recorded pictures lie, and what a person did with them since the last look.

A move reaches us as a file that is gone and a file that is new, in either order and seconds
apart. So nothing is concluded from one event: what is compared is before and after.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from remarque.model.digests import Digest

Folders = frozenset[Path]
NOWHERE: Folders = frozenset()


def readable(name: object) -> str:
    """A name, path or error as text; what is no text in it becomes U+FFFD, as entries are text."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in str(name))


@dataclass(frozen=True, slots=True)
class Doings:
    """What was done since the last look.

    ``before`` and ``after`` are the folders each touched picture lay in and lies in; ``deleted``
    were gone for good this time; ``rated`` and ``starred`` are new ratings and favourites;
    ``when`` is the place in the order of events at which each picture was first touched.
    """

    before: Mapping[Digest, Folders] = field(default_factory=dict)
    after: Mapping[Digest, Folders] = field(default_factory=dict)
    deleted: frozenset[Digest] = frozenset()
    rated: Mapping[Digest, int] = field(default_factory=dict)
    starred: frozenset[Digest] = frozenset()
    when: Mapping[Digest, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.before or self.rated or self.starred)


class Placements:
    """Pictures by path and paths by picture, with the changes since ``take_doings``.

    ``touches`` counts what was done, ``gone`` are the pictures deleted while this watched,
    ``ratings`` and ``stars`` what pictures have now.
    """

    def __init__(self, places: Mapping[Path, Digest]) -> None:
        self._at: dict[Path, Digest] = {}
        self._paths: dict[Digest, set[Path]] = {}
        self._before: dict[Digest, Folders] = {}
        self._fresh_gone: set[Digest] = set()
        self._rated: dict[Digest, int] = {}
        self._starred: set[Digest] = set()
        self._near: dict[Path, set[Path]] = {}
        self._when: dict[Digest, int] = {}
        self._came: dict[Digest, int] = {}
        self._events = 0
        self.touches = 0
        self.gone: set[Digest] = set()
        self.ratings: dict[Digest, int] = {}
        self.stars: set[Digest] = set()
        for path, picture in places.items():
            self._put(path, picture)

    def __contains__(self, picture: Digest) -> bool:
        return picture in self._paths

    @property
    def is_touched(self) -> bool:
        """Whether anything was done that may be a sign."""
        return bool(self._before or self._rated or self._starred)

    def at(self, path: Path) -> Digest | None:
        """The picture at a path."""
        return self._at.get(path)

    def near(self, sidecar: Path) -> Iterable[Path]:
        """Paths of pictures that share a sidecar's name but for the suffixes, in order."""
        once = sidecar.with_suffix("")
        return sorted(self._near.get(once, set()) | self._near.get(once.with_suffix(""), set()))

    def came(self, picture: Digest) -> int:
        """The place in the order of events at which a picture first appeared, 0 for before."""
        return self._came.get(picture, 0)

    def folders_of(self, picture: Digest) -> Folders:
        """The folders a picture lies in."""
        return frozenset(path.parent for path in self._paths.get(picture, ()))

    def appear(self, path: Path, picture: Digest, *, origin: Folders | None = None) -> None:
        """A picture lies at a path now.

        ``origin`` is where a picture lay that was not seen here before, empty where nobody knows;
        None says that it has just been made.
        """
        if self._at.get(path) == picture:
            return
        self._take_away(path)  # overwriting a file is not deleting it
        if origin is not None and picture not in self._before:
            self._touch_first(picture, origin)
        self._touch(picture)
        self.touches += picture in self._before
        if picture not in self._paths:
            self._events += 1
            self._came[picture] = self._events
        self._put(path, picture)

    def vanish(self, path: Path) -> None:
        """There is no file at a path any more."""
        picture = self._at.get(path)
        if picture is None:
            return
        self._touch(picture)
        self.touches += 1
        self._take_away(path)
        self._fresh_gone.add(picture)

    def rate(self, picture: Digest, rating: int, *, is_act: bool = True) -> bool:
        """A picture has this rating now; True where that is new. Without ``is_act`` no sign."""
        if self.ratings.get(picture, 0) == rating:
            return False
        self.ratings[picture] = rating
        if is_act and rating:
            self._rated[picture] = rating
            self.touches += 1
        return True

    def star(self, names: frozenset[str]) -> None:
        """These file names or whole paths are favourites in a gallery now, and no others."""
        starred = {
            picture
            for path, picture in self._at.items()
            if path.name in names or str(path) in names
        }
        self._starred |= starred - self.stars
        self.stars = starred

    def take_doings(self) -> Doings:
        """What was done since the last time; from now on counted anew."""
        after = {picture: self.folders_of(picture) for picture in self._before}
        lost = frozenset(picture for picture in self._fresh_gone if not after.get(picture))
        self.gone = (self.gone | lost) - {picture for picture, now in after.items() if now}
        stars = frozenset(self._starred)
        doings = Doings(self._before, after, lost, self._rated, stars, self._when)
        self._before, self._rated, self._when = {}, {}, {}
        self._fresh_gone.clear()
        self._starred.clear()
        return doings

    def _touch(self, picture: Digest) -> None:
        """Keep where a picture lay; one that lay nowhere has just been made."""
        if picture not in self._before and (folders := self.folders_of(picture)):
            self._touch_first(picture, folders)

    def _touch_first(self, picture: Digest, folders: Folders) -> None:
        self._before[picture] = folders
        self._events += 1
        self._when[picture] = self._events

    def _put(self, path: Path, picture: Digest) -> None:
        self._at[path] = picture
        self._paths.setdefault(picture, set()).add(path)
        self._near.setdefault(path.with_suffix(""), set()).add(path)

    def _take_away(self, path: Path) -> None:
        picture = self._at.pop(path, None)
        if picture is not None:
            self._paths[picture].discard(path)
            near = self._near[path.with_suffix("")]
            near.discard(path)
            if not near:
                del self._near[path.with_suffix("")]
