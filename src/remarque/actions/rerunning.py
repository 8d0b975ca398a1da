"""Make recorded takes again from their record alone, grade them, and record every attempt."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from remarque.actions.orders import Engine, Listening, Machine, Made, ModelWish
from remarque.actions.ports import Vault
from remarque.actions.recording import new_id
from remarque.actions.rerun_causes import causes_of, environment_lines
from remarque.actions.rerun_comparing import compare_pictures
from remarque.actions.rerun_gaps import Program
from remarque.actions.rerun_models import places_looked_in
from remarque.actions.rerun_orders import RerunOrder, order_of
from remarque.actions.rerun_recording import Film, keep_picture, record_rerun
from remarque.actions.works import History
from remarque.errors import (
    LibraryMissing,
    MakingError,
    OutOfMemory,
    PictureTooLarge,
    PictureUnreadable,
    StoreError,
    UsageError,
)
from remarque.model.history import Take
from remarque.model.reruns import Rerun, RerunGrade
from remarque.model.times import format_time
from remarque.pictures.decoding import decode
from remarque.pictures.scaling import Pixels
from remarque.progress import Step

LookForModel = Callable[[ModelWish], object]
"""Raises a MakingError where the file a wish names is not to be had."""

_SET_BY_RUN = frozenset(
    {
        "torch threads",
        "runs on",
        "number type",
        "attention",
        "speed",
        "memory",
        "float32 matrix precision",
        "cuDNN benchmark",
        "cuDNN deterministic",
        "TF32",
    }
)
"""What a run sets for itself: before the first one an engine cannot tell it."""


@dataclass(frozen=True, slots=True)
class RerunWishes:
    """How takes are made again.

    ``machine`` None is as the take was made, or exact. ``look`` finds out beforehand which models
    are missing, so that all of them are named at once. ``film`` takes the pictures of each step.
    ``anew`` makes takes of a work again that this engine has made again before.
    """

    program: Program = Program.HERE
    machine: Machine | None = None
    look: LookForModel | None = None
    film: Film | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that gave a picture: the entry so far, what was made, and what the record had run."""

    blank: Rerun
    made: Made
    then: bytes | None


@dataclass(frozen=True, slots=True)
class Rerunning:
    """One take's rerun. ``earlier`` where it was on record already and was not made anew."""

    take: Take
    rerun: Rerun
    earlier: bool = False


def rerun_take(
    vault: Vault,
    take: Take,
    engine: Engine,
    wishes: RerunWishes | None = None,
    listening: Listening | None = None,
) -> Rerun:
    """Make one take again and record the attempt, also where it cannot run or the device is full.

    Raises:
        Cancelled: ``listening.stop`` was set; nothing was recorded.
        LibraryMissing, ProgramUnavailable: There is nothing to run it with; nothing was recorded.
        DiskFull, VaultBusy: Nothing was recorded.
    """
    wishes, listening = wishes or RerunWishes(), listening or Listening()
    started = format_time(vault.clock.now())
    asked = order_of(vault, take, wishes.program)
    machine = wishes.machine or asked.order.machine
    asked = replace(asked, order=replace(asked.order, machine=machine))
    missing = (*asked.missing, *_picture_missing(vault, take), *_models_missing(take, wishes))
    blank = _blank(take, engine, asked, started)
    if missing:
        return record_rerun(vault, replace(blank, missing=missing))
    try:
        made = engine.make(asked.order, _filmed(listening, wishes.film))
    except LibraryMissing:
        raise
    except (MakingError, UsageError) as error:
        return record_rerun(vault, replace(blank, missing=(_sentence(error),)))
    then = asked.order.executed
    return _graded(vault, take, Attempt(blank, made, then), wishes.film)


def rerun_takes(
    vault: Vault,
    takes: Sequence[tuple[History, Take]],
    engine: Engine,
    wishes: RerunWishes | None = None,
    listening: Listening | None = None,
) -> Iterator[Rerunning]:
    """Make several takes again, each recorded before the next is begun.

    A take that this engine, in this environment, has made again before is not made anew, so that
    work that was stopped goes on where it stood; unless ``wishes`` say so, name a machine or ask
    for a film.

    Raises:
        As ``rerun_take``; what was recorded until then is kept.
    """
    wishes, listening = wishes or RerunWishes(), listening or Listening()
    for number, (history, take) in enumerate(takes):
        listening.progress(Step("takes", number, len(takes), "take", take.picture.name))
        fresh = wishes.anew or wishes.film is not None or wishes.machine is not None
        earlier = None if fresh else _earlier(history, take, engine)
        if earlier is not None:
            yield Rerunning(take, earlier, earlier=True)
            continue
        yield Rerunning(take, rerun_take(vault, take, engine, wishes, listening))
    listening.progress(Step("takes", len(takes), len(takes), "done"))


def takes_worth_rerunning(history: History, *, every: bool = False) -> list[Take]:
    """The takes whose pictures were chosen or published; with ``every``, then all others.

    A work in which nothing was chosen yet has none that matters more: then all are taken.
    """
    preferred = [one.body.picture for one in history.selections]
    preferred += [one.body.source for one in history.editions]
    preferred += [one.body.picture for one in history.inferred]
    found = {take.body.picture.digest: take.body for take in reversed(history.takes)}
    first = [found[digest] for digest in dict.fromkeys(preferred) if digest in found]
    if first and not every:
        return first
    chosen = {take.take for take in first}
    return [*first, *(one.body for one in history.takes if one.body.take not in chosen)]


def _earlier(history: History, take: Take, engine: Engine) -> Rerun | None:
    """The last attempt by this engine in this environment that gave a picture."""
    now = {name: one for name, one in engine.environment().items() if name not in _SET_BY_RUN}
    for recorded in reversed(history.reruns):
        rerun = recorded.body
        if rerun.take != take.take or rerun.engine != engine.name or rerun.picture is None:
            continue
        then = {line.name: line.now for line in rerun.environment}
        if all(then.get(name, value) == value for name, value in now.items()):
            return rerun
    return None


def _blank(take: Take, engine: Engine, asked: RerunOrder, started: str) -> Rerun:
    """The attempt before anything came of it."""
    return Rerun(
        rerun=new_id(),
        work=take.work,
        take=take.take,
        original=take.picture.digest,
        engine=engine.name,
        grade=RerunGrade.CANNOT_RUN,
        environment=environment_lines(take.witness, engine.environment()),
        assumed=asked.assumed,
        started=started,
    )


def _graded(vault: Vault, take: Take, attempt: Attempt, reel: Film | None) -> Rerun:
    """Compare what came out with what is on record, and record it."""
    blank, made, then = attempt.blank, attempt.made, attempt.then
    seen = made.seen
    again = decode(seen.content).pixels
    recorded = decode(vault.pictures.read(take.picture.digest))
    compared = compare_pictures(recorded.pixels, again, bit_depth=recorded.bit_depth)
    now = {one.name: one.value for one in seen.witness.environment}
    lines = environment_lines(take.witness, now)
    exact = compared.grade is RerunGrade.BIT_EXACT
    causes = () if exact else causes_of(take, then, seen, blank.engine, lines)
    film = reel.finish(again) if reel is not None else None
    executed = vault.pictures.keep_bytes(seen.executed) if seen.executed is not None else None
    rerun = replace(
        blank,
        grade=compared.grade,
        picture=keep_picture(vault, seen.content),
        difference=compared.difference,
        environment=lines,
        causes=(*compared.remarks, *causes),
        assumed=tuple(dict.fromkeys((*blank.assumed, *made.assumed))),
        models=seen.witness.models,
        executed=executed,
        film=vault.pictures.keep_bytes(film) if film is not None else None,
    )
    return record_rerun(vault, rerun)


def _picture_missing(vault: Vault, take: Take) -> Iterator[str]:
    """Whether the recorded picture can still be looked at: without it nothing can be graded."""
    try:
        decode(vault.pictures.read(take.picture.digest))
    except (StoreError, PictureUnreadable, PictureTooLarge) as error:
        yield f"The recorded picture cannot be compared with: {error.message}."


def _models_missing(take: Take, wishes: RerunWishes) -> Iterator[str]:
    if wishes.look is None:
        return
    for wish in places_looked_in(take):
        try:
            wishes.look(wish)
        except LibraryMissing:
            raise
        except MakingError as error:
            yield _sentence(error)


def _sentence(error: MakingError | UsageError) -> str:
    text = error.message[:1].upper() + error.message[1:]
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    # Only here does the way out belong to this machine and not to the record.
    return f"{text} {error.hint}" if isinstance(error, OutOfMemory) else text


def _filmed(listening: Listening, film: Film | None) -> Listening:
    if film is None:
        return listening
    heard = listening.preview

    def take_frame(step: int, total: int, pixels: Pixels) -> None:
        film.add(step, total, pixels)
        if heard is not None:
            heard(step, total, pixels)

    return replace(listening, preview=take_frame, preview_every=1)
