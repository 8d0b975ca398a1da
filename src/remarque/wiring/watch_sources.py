"""The sources a watch has: folders with what is known of them, ComfyUI servers, galleries."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from remarque.actions.happenings import PictureSource
from remarque.actions.ports import Vault, WatchedFile
from remarque.actions.watch_results import Gallery, Turn
from remarque.actions.watching import Beginning, begin_watching
from remarque.engines.folder_galleries import find_galleries
from remarque.engines.folder_listing import Standing, list_pictures
from remarque.engines.folders import FolderTree
from remarque.errors import PlaceUnusable, UsageError
from remarque.model.entry import TAKES
from remarque.model.history import Take, body_of
from remarque.wiring.inbox_source import with_inbox


@dataclass(frozen=True, slots=True)
class Prepared:
    """What ``watch`` needs. ``left_alone`` counts files that lay there and are not recorded.

    ``turn`` keeps two watches of one vault from entering the same thing at the same time.
    """

    sources: tuple[PictureSource, ...]
    known: tuple[WatchedFile, ...]
    galleries: tuple[Gallery, ...] = ()
    left_alone: int = 0
    turn: Turn = nullcontext


def prepare_sources(
    vault: Vault,
    places: Sequence[str],
    favourites: Sequence[Path],
    *,
    existing: bool = False,
    inbox: bool = True,
) -> Prepared:
    """Make the sources of places: folders, and http or https addresses of ComfyUI servers.

    With ``inbox`` what other programs hand over is a source too, and speaks first of its files.

    A folder that was watched before may be away for now (a disk that is not mounted yet).

    Raises:
        PlaceUnusable: A folder was never watched and is not there, or cannot be read.
        UsageError: No place, a wrong address, or a folder that lies in the vault or around it.
    """
    servers = [place for place in places if _is_address(place)]
    folders = [Path(place).expanduser().resolve() for place in places if not _is_address(place)]
    marked = [folder.expanduser().resolve() for folder in favourites]
    every = list(dict.fromkeys([*folders, *marked]))
    for folder in every:
        _check_apart(vault, folder)
    # Pictures in folders of favourites are signs and no takes, also of those that lie there now.
    begun = [_begin(vault, folder, existing=existing and folder not in marked) for folder in every]
    known = {file.path: file for beginning in begun for file in beginning.known}
    sources = [*_folder_sources(vault, every, known), *_servers(vault, servers)]
    return Prepared(
        sources=tuple(with_inbox(vault, sources) if inbox else sources),
        known=tuple(known.values()),
        galleries=tuple(_galleries(folders)),
        left_alone=sum(
            beginning.left_alone
            for folder, beginning in zip(every, begun, strict=True)
            if folder in folders
        ),
        turn=vault.watching.turn,
    )


def _is_address(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def _folder_sources(
    vault: Vault, folders: Sequence[Path], known: dict[Path, WatchedFile]
) -> list[PictureSource]:
    if not folders:
        return []
    standings = {path: Standing(file.size_bytes, file.modified_ns) for path, file in known.items()}
    return [FolderTree(folders, standings, vault.clock)]


def _servers(vault: Vault, addresses: Sequence[str]) -> list[PictureSource]:
    from remarque.engines.comfyui_server import ComfyServer

    recorded = _recorded_runs(vault) if addresses else {}
    return [ComfyServer(address, clock=vault.clock, recorded=recorded) for address in addresses]


def _recorded_runs(vault: Vault) -> dict[str, set[str]]:
    """The names of pictures of ComfyUI runs that are on record, by the id of the run."""
    names: dict[str, set[str]] = {}
    for stored in vault.ledger.entries(kinds=sorted(TAKES)):
        take = body_of(stored)
        if isinstance(take, Take) and take.witness is not None and take.witness.run:
            names.setdefault(take.witness.run, set()).add(take.picture.name)
    return names


def _begin(vault: Vault, folder: Path, *, existing: bool) -> Beginning:
    there: dict[Path, Standing] = {}
    if folder not in vault.watching.folders():
        if not folder.is_dir():
            raise PlaceUnusable(
                f"{folder} is not there, or is not a folder",
                hint="Name the folder your program saves its pictures in, or make it first.",
            )
        try:
            there = list_pictures(folder)
        except OSError as error:
            reason = (error.strerror or "an input/output error").lower()
            raise PlaceUnusable(f"{folder} cannot be read: {reason}") from error
    plain = {path: (one.size_bytes, one.modified_ns) for path, one in there.items()}
    return begin_watching(vault, folder, plain, existing=existing)


def _check_apart(vault: Vault, folder: Path) -> None:
    place = vault.place.resolve()
    if folder == place or place in folder.parents:
        raise UsageError(f"{folder} lies in the vault itself; watch where your program saves")


def _galleries(folders: Sequence[Path]) -> Iterator[Gallery]:
    found = dict(gallery for folder in folders for gallery in find_galleries(folder))
    yield from found.values()
