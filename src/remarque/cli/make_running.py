"""Run ``remarque make``: from what was typed to takes on record, stopped at any moment."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from remarque.cli.make_asking import Asked
from remarque.cli.make_telling import Telling
from remarque.cli.output import warn
from remarque.cli.stepping_bar import SteppingBar, stepping_bar
from remarque.cli.stopping import stopping
from remarque.cli.vaults import close_sitting, opened
from remarque.errors import Cancelled, RemarqueError, UsageError

if TYPE_CHECKING:
    from threading import Event

    from remarque.actions.making import TakeMade
    from remarque.actions.making_orders import Planned
    from remarque.actions.orders import Listening
    from remarque.actions.ports import Vault


PREVIEW_EVERY = 4
"""Decoding a preview costs about as much as a step; every fourth keeps a making near its pace."""


def run_make(asked: Asked) -> int:
    """Make what was asked for; how many pictures could not be copied to ``--out``.

    Raises:
        RemarqueError: What went wrong, with how many pictures are kept all the same.
    """
    from remarque.actions.making_orders import plan
    from remarque.wiring.making_files import CopyFolder

    wishes = asked.wishes()
    if asked.work is None and asked.again is None:
        raise UsageError("say which work the pictures belong to", hint="Name it: --work NAME")
    with opened(asked.vault, to_write=True) as vault, stopping() as stop:
        planned = plan(vault, wishes)
        copies = CopyFolder(asked.out, force=asked.force) if asked.out is not None else None
        telling = Telling(vault, copies, as_json=asked.json, quiet=asked.quiet)
        telling.begin(planned)
        with (
            _sitting(vault, telling, planned, stamp=not asked.no_timestamp),
            stepping_bar(quiet=asked.quiet) as bar,
        ):
            for made in _making(vault, asked, planned, _listening(asked, bar, stop)):
                bar.step_aside()
                telling.made(made)
        telling.end()
        return telling.not_copied


def _making(
    vault: "Vault", asked: Asked, planned: "Planned", listening: "Listening"
) -> "Iterator[TakeMade]":
    from remarque.actions.making import make_pictures
    from remarque.actions.works import open_work, state_intent
    from remarque.wiring.engines import build_engine

    with closing(build_engine(vault.clock, asked.engine_wishes())) as engine:
        work, _ = open_work(vault, asked.work or planned.work or "")
        if asked.intent is not None:
            state_intent(vault, work, asked.intent)
        yield from make_pictures(vault, work, planned.on(asked.machine()), engine, listening)


def _listening(asked: Asked, bar: SteppingBar, stop: "Event") -> "Listening":
    from remarque.actions.orders import Listening
    from remarque.wiring.making_files import PreviewFile

    def tell(sentence: str) -> None:
        bar.step_aside()
        warn(sentence)

    if asked.preview is None:
        return Listening(bar, stop=stop)
    preview = PreviewFile(asked.preview, tell=tell)
    tell(f"the preview is {preview.path}")
    return Listening(bar, preview, PREVIEW_EVERY, stop)


@contextmanager
def _sitting(
    vault: "Vault", telling: Telling, planned: "Planned", *, stamp: bool
) -> Iterator[None]:
    """Sign what was recorded, also where the making was stopped or failed half-way."""
    try:
        yield
    except RemarqueError as error:
        _close_all_the_same(vault, stamp=stamp)
        told = _with_what_is_kept(error, len(telling.takes), planned.count)
        if told is error:
            raise
        raise told from error
    close_sitting(vault, stamp=stamp)


def _close_all_the_same(vault: "Vault", *, stamp: bool) -> None:
    """What ended the making may stand in the way of the checkpoint too; a later verb makes it."""
    try:
        close_sitting(vault, stamp=stamp)
    except RemarqueError as error:
        warn(f"no checkpoint was made: {error.message}. The next verb that records makes it")


def _with_what_is_kept(error: RemarqueError, kept: int, asked: int) -> RemarqueError:
    told = f"{kept} of {asked} pictures are made and kept"
    if isinstance(error, Cancelled):
        return Cancelled(f"stopped; {told}", hint=error.hint)
    return type(error)(f"{error.message}; {told}", hint=error.hint) if kept else error
