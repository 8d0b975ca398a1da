"""Run ``remarque rerun``: find what is meant, make it again, tell each result as it comes."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remarque.cli.output import print_json, say
from remarque.cli.rerun_telling import exit_code_of, grade_table, rerun_as_json, say_rerun
from remarque.cli.stepping_bar import stepping_bar
from remarque.cli.stopping import stopping
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed. ``machine`` None is as each take was made."""

    engine: "EngineWishes"
    machine: "Machine | None"
    vault: Path | None
    every: bool
    anew: bool
    video: Path | None
    force: bool
    stamp: bool
    quiet: bool
    full: bool
    json: bool


def run_reruns(reference: str, asked: Asked) -> int:
    """Make again what the reference means; the exit code it stands for."""
    from remarque.actions.placing import refuse_existing

    if asked.video is not None:
        refuse_existing(asked.video, force=asked.force)
    told: list[Rerunning] = []
    with opened(asked.vault, to_write=True) as vault:
        takes = _meant(vault, reference, every=asked.every)
        wishes = _wishes(asked, alone=len(takes) == 1)
        try:
            with stepping_bar(quiet=asked.quiet) as bar:
                for one in _run(vault, takes, asked.engine, wishes, bar):
                    bar.step_aside()
                    told.append(one)
                    _tell(one, asked)
                    _place_film(vault, one, asked)
        finally:
            # Ctrl-C ends here too: what was finished is on record, and is covered like the rest.
            if any(not one.earlier for one in told):
                close_sitting(vault, stamp=asked.stamp)
    if not asked.json:
        grade_table(told)
        _say_film(asked.video, told)
    return exit_code_of(told)


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


def _wishes(asked: Asked, *, alone: bool) -> "RerunWishes":
    from remarque.actions.rerun_gaps import Program
    from remarque.actions.rerunning import RerunWishes
    from remarque.wiring.rerunning import look_for_models

    film = None
    if asked.video is not None:
        from remarque.engines.films import StepFilm, film_kind

        kind = film_kind(asked.video)
        if not alone:
            raise UsageError("a film shows one take; name the take, not its work")
        film = StepFilm(kind)
    return RerunWishes(
        program=Program(asked.engine.kind.value),
        machine=asked.machine,
        look=look_for_models(asked.engine),
        film=film,
        anew=asked.anew,
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


def _tell(one: "Rerunning", asked: Asked) -> None:
    if asked.json:
        print_json(rerun_as_json(one))
    else:
        say_rerun(one, full=asked.full)


def _place_film(vault: "Vault", one: "Rerunning", asked: Asked) -> None:
    from remarque.actions.placing import place_file

    if asked.video is not None and one.rerun.film is not None:
        place_file(asked.video, vault.pictures.read(one.rerun.film), force=asked.force)


def _say_film(video: Path | None, told: "list[Rerunning]") -> None:
    if video is None:
        return
    if any(one.rerun.film for one in told):
        say(f"film written: {video}")
    else:
        say("no film was written: there was no run to show", style="yellow")
