"""``remarque watch``: record pictures while a program makes them."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.options import JsonOption, NoStampOption, QuietOption, VaultOption
from remarque.cli.output import warn
from remarque.cli.stopping import stopping
from remarque.cli.vaults import opened
from remarque.errors import UsageError

if TYPE_CHECKING:
    from remarque.actions.ports import Vault
    from remarque.actions.watch_results import Watched, WatchWishes
    from remarque.wiring.watch_sources import Prepared


class Service(StrEnum):
    """What can start a watch by itself."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


def watch(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders pictures are saved in, or a ComfyUI server's http address. "
            "None: only what other programs hand over."
        ),
    ] = None,
    work: Annotated[
        str | None, typer.Option("--work", help="The work all pictures belong to.")
    ] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="Group pictures into works by where they come from.")
    ] = False,
    existing: Annotated[
        bool, typer.Option("--existing", help="Also enter what lies there already, as imported.")
    ] = False,
    favourites: Annotated[
        list[Path] | None,
        typer.Option("--favourites", help="A folder you put your favourites in (repeat)."),
    ] = None,
    service: Annotated[
        Service | None,
        typer.Option("--service", help="Print a unit that starts this watch; do not watch."),
    ] = None,
    no_inbox: Annotated[
        bool,
        typer.Option("--no-inbox", help="Do not take in what other programs hand over."),
    ] = False,
    vault: VaultOption = None,
    no_timestamp: NoStampOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Record every picture as it is saved, and what you do with it. Ends with Ctrl-C."""
    from remarque.cli.watch_telling import tell_end, tell_watched

    if auto == (work is not None):
        raise UsageError(
            "a watch needs either --work NAME or --auto",
            hint="--work puts every picture into one work; --auto groups them by lineage.",
        )
    places = places or []
    if no_inbox and not places:
        raise UsageError("there is nothing to watch: name a folder or a ComfyUI server")
    if service is not None:
        words = _arguments(places, work, favourites or [], vault)
        words += ["--existing"] if existing else []
        _print_service(service, words + (["--no-inbox"] if no_inbox else []))
        return
    with opened(vault, to_write=True) as opened_vault, stopping() as stop:
        prepared = _prepared(
            opened_vault, places, favourites or [], existing=existing, inbox=not no_inbox
        )
        wishes = _wishes(opened_vault, work, favourites or [], prepared, stamp=not no_timestamp)
        _greet(prepared, quiet=quiet or json)
        for watched in _watching(opened_vault, prepared, wishes, stop):
            tell_watched(watched, as_json=json, quiet=quiet)
        tell_end(opened_vault, as_json=json, quiet=quiet)


def _prepared(
    vault: "Vault",
    places: Sequence[str],
    favourites: Sequence[Path],
    *,
    existing: bool,
    inbox: bool,
) -> "Prepared":
    from remarque.wiring.watch_sources import prepare_sources

    return prepare_sources(vault, places, favourites, existing=existing, inbox=inbox)


def _wishes(
    vault: "Vault",
    work: str | None,
    favourites: Sequence[Path],
    prepared: "Prepared",
    *,
    stamp: bool,
) -> "WatchWishes":
    from remarque.actions.lineage import infer_lineage
    from remarque.actions.watch_results import WatchWishes
    from remarque.actions.works import open_work
    from remarque.wiring.inbox_source import choose_work

    return WatchWishes(
        work=open_work(vault, work)[0] if work is not None else None,
        choose_work=choose_work if work is None else None,
        infer_lineage=infer_lineage,
        favourites=tuple(folder.expanduser().resolve() for folder in favourites),
        galleries=prepared.galleries,
        stamp=stamp,
        turn=prepared.turn,
    )


def _watching(
    vault: "Vault", prepared: "Prepared", wishes: "WatchWishes", stop: Event
) -> "Iterator[Watched]":
    from remarque.actions.watching import watch as watch_sources

    return watch_sources(vault, prepared.sources, wishes, stop, known=prepared.known)


def _greet(prepared: "Prepared", *, quiet: bool) -> None:
    if prepared.left_alone:
        warn(
            f"{prepared.left_alone} files lie there already and are not recorded: nobody saw them "
            "come. To enter them as imported: remarque import FOLDER, or watch with --existing"
        )
    if not quiet:
        names = ", ".join(source.name for source in prepared.sources)
        warn(f"watching {names}; Ctrl-C ends it")


def _arguments(
    places: Sequence[str],
    work: str | None,
    favourites: Sequence[Path],
    vault: Path | None,
) -> list[str]:
    """The same watch in words that mean the same from any folder."""
    from remarque.wiring.settings import vault_place

    words = [
        place if "://" in place else str(Path(place).expanduser().resolve()) for place in places
    ]
    words += ["--work", work] if work is not None else ["--auto"]
    for folder in favourites:
        words += ["--favourites", str(folder.expanduser().resolve())]
    return [*words, "--vault", str(vault_place(vault)), "--quiet"]


def _print_service(service: Service, arguments: Sequence[str]) -> None:
    from remarque.wiring.service_units import ServiceKind, service_unit, watch_command

    typer.echo(service_unit(ServiceKind(service.value), watch_command(arguments)), nl=False)
