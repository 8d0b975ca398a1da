"""``remarque rerun``: make a recorded take again from its record alone, and grade it."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from remarque.cli.make_options import (
    AddressOption,
    ConfigOption,
    DeviceOption,
    EngineOption,
    ModelsOption,
    OfflineOption,
    PickleOption,
    SpeedOption,
    engine_wishes_from,
    machine_from,
)
from remarque.cli.make_stopping import stopping
from remarque.cli.options import ForceOption, JsonOption, NoStampOption, QuietOption, VaultOption
from remarque.cli.output import print_json, progress_bar, say
from remarque.cli.rerun_telling import exit_code_of, grade_table, rerun_as_json, say_rerun
from remarque.cli.vaults import close_sitting, opened
from remarque.errors import NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remarque.actions.orders import Machine
    from remarque.actions.ports import Vault
    from remarque.actions.rerunning import Rerunning, RerunWishes
    from remarque.actions.works import History
    from remarque.model.history import Take
    from remarque.progress import Progress
    from remarque.wiring.engines import EngineWishes


def rerun(
    reference: Annotated[
        str, typer.Argument(metavar="TAKE|WORK", help="A take (id, file, digest) or a work.")
    ],
    every: Annotated[
        bool,
        typer.Option("--all", help="Of a work every take, not only the chosen and published ones."),
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Also takes made again before in this environment.")
    ] = False,
    video: Annotated[
        Path | None,
        typer.Option("--video", help="Write the denoising as a film, .mp4 or .webp (one take)."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Show every line of the environment, not only changes.")
    ] = False,
    engine: EngineOption = "diffusers",
    address: AddressOption = "",
    device: DeviceOption = "",
    speed: SpeedOption = None,
    memory: Annotated[
        Literal["plenty", "tight", "scarce"] | None,
        typer.Option("--memory", help="plenty, tight or scarce (default: as it was made)."),
    ] = None,
    models: ModelsOption = None,
    config: ConfigOption = None,
    unsafe_pickle: PickleOption = False,
    offline: OfflineOption = False,
    vault: VaultOption = None,
    force: ForceOption = False,
    no_timestamp: NoStampOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Make takes again from their record alone, compare, and record how alike they are."""
    from remarque.actions.placing import place_file, refuse_existing

    if video is not None:
        refuse_existing(video, force=force)
    built = engine_wishes_from(
        engine, address, models, config, unsafe_pickle=unsafe_pickle, offline=offline
    )
    machine = None
    if device or speed or memory:
        machine = machine_from(device or "auto", speed, memory or "plenty")
    told: list[Rerunning] = []
    with opened(vault, to_write=True) as opened_vault:
        takes = _meant(opened_vault, reference, every=every)
        wishes = _wishes(built, machine, video, alone=len(takes) == 1, anew=anew)
        try:
            with progress_bar(quiet=quiet) as progress:
                for one in _run(opened_vault, takes, built, wishes, progress):
                    told.append(one)
                    _tell(one, full=full, as_json=json)
                    if video is not None and one.rerun.film is not None:
                        place_file(video, opened_vault.pictures.read(one.rerun.film), force=force)
        finally:
            # Ctrl-C ends here too: what was finished is on record, and is covered like the rest.
            if any(not one.earlier for one in told):
                close_sitting(opened_vault, stamp=not no_timestamp)
    if not json:
        grade_table(told)
        _say_film(video, told)
    raise typer.Exit(exit_code_of(told))


def _meant(vault: "Vault", reference: str, *, every: bool) -> "list[tuple[History, Take]]":
    """The one take that is meant, else the takes of the work that is.

    Raises:
        NotFound, Ambiguous: The reference fits neither, or too much.
        UsageError: ``--all`` with a take, or a work without takes.
    """
    from remarque.actions.choosing import find_take
    from remarque.actions.rerunning import takes_worth_rerunning
    from remarque.actions.works import history_of

    try:
        history = history_of(vault, reference)
    except NotFound:
        history = None
    if history is None:
        try:
            found, take = find_take(vault, reference)
        except NotFound as error:
            raise NotFound(
                f"there is no take and no work “{reference}” in this vault",
                hint="See: remarque works, and remarque show WORK",
            ) from error
        if every:
            raise UsageError("--all is for a work; this is one take")
        return [(found, take.body)]
    takes = takes_worth_rerunning(history, every=every)
    if not takes:
        raise UsageError(f"the work “{history.title}” has no take that could be made again")
    return [(history, take) for take in takes]


def _wishes(
    built: "EngineWishes",
    machine: "Machine | None",
    video: Path | None,
    *,
    alone: bool,
    anew: bool,
) -> "RerunWishes":
    from remarque.actions.rerun_gaps import Program
    from remarque.actions.rerunning import RerunWishes
    from remarque.wiring.rerunning import look_for_models

    film = None
    if video is not None:
        from remarque.engines.films import StepFilm, film_kind

        kind = film_kind(video)
        if not alone:
            raise UsageError("a film shows one take; name the take, not its work")
        film = StepFilm(kind)
    return RerunWishes(
        program=Program(built.kind.value),
        machine=machine,
        look=look_for_models(built),
        film=film,
        anew=anew,
    )


def _run(
    vault: "Vault",
    takes: "list[tuple[History, Take]]",
    built: "EngineWishes",
    wishes: "RerunWishes",
    progress: "Progress",
) -> "Iterator[Rerunning]":
    from remarque.actions.orders import Listening
    from remarque.actions.rerunning import rerun_takes
    from remarque.wiring.engines import build_engine

    with closing(build_engine(vault.clock, built)) as engine, stopping() as stop:
        listening = Listening(progress, stop=stop)
        yield from rerun_takes(vault, takes, engine, wishes, listening)


def _tell(one: "Rerunning", *, full: bool, as_json: bool) -> None:
    if as_json:
        print_json(rerun_as_json(one))
    else:
        say_rerun(one, full=full)


def _say_film(video: Path | None, told: "list[Rerunning]") -> None:
    if video is None:
        return
    if any(one.rerun.film for one in told):
        say(f"film written: {video}")
    else:
        say("no film was written: there was no run to show", style="yellow")
