"""Which choice made what: the take made again with one thing less each time, and compared.

Every finished picture is kept and remembered at once; the entry is written at the end. A stopped
explanation leaves no entry, and the next one reuses all that was made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from remarque.actions.explaining_maps import word_maps
from remarque.actions.explaining_path import compare_path, path_to
from remarque.actions.explaining_runs import Ran, Runs
from remarque.actions.explaining_wording import (
    baseline_differs,
    effect,
    failed,
    no_cut,
    not_run,
)
from remarque.actions.orders import Engine, Listening, Machine
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, new_id, record
from remarque.actions.rerun_comparing import compare_pictures
from remarque.actions.rerun_gaps import Program
from remarque.actions.rerun_orders import RerunOrder, order_of
from remarque.actions.works import history_of
from remarque.errors import Cancelled, MakingFailed, OutOfMemory, UsageError
from remarque.model.digests import Digest
from remarque.model.explanations import Counterfactual, Explanation, Outcome
from remarque.model.history import Take
from remarque.model.prompts import syntax_of
from remarque.model.recipe import Recipe, Size
from remarque.model.removals import Removal, removals_of
from remarque.model.removals_parameters import left_aside
from remarque.model.reruns import RerunGrade
from remarque.model.secrets import redact_text
from remarque.model.steps import Step as PathTake
from remarque.model.times import format_time
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.overlays import changed_between, difference_map
from remarque.pictures.scaling import Pixels
from remarque.progress import Step

USUAL_RUNS = 24
MOST_LISTED = 200
"""So many choices are listed; those of a prompt of thousands of words are only counted."""

_MISSES_THAT_DECIDE = 8
"""After so many choices in a row that were neither run nor remembered, the rest is not looked for:
working out the other prompt takes a while where it has thousands of words."""


@dataclass(frozen=True, slots=True)
class ExplainWishes:
    """How a take is explained.

    ``at_most`` pictures are made now, the take itself among them. ``words`` takes away each single
    word too. ``machine`` None is as the take was made, or exact.
    """

    at_most: int = USUAL_RUNS
    words: bool = False
    machine: Machine | None = None
    program: Program = Program.HERE


def explain(
    vault: Vault,
    take: Take,
    engine: Engine,
    wishes: ExplainWishes | None = None,
    listening: Listening | None = None,
) -> Explanation:
    """Find out what each choice of a take changed in the picture, and record it.

    Raises:
        UsageError: ``at_most`` is less than 1.
        MakingFailed: The record does not hold what is needed to make the take again.
        Cancelled: ``listening.stop`` was set; what was made is kept for the next time.
        MakingError, ProgramUnavailable: The take itself could not be made; nothing was recorded.
        DiskFull, VaultBusy: Nothing was recorded; what was made before is kept.
    """
    wishes, listening = wishes or ExplainWishes(), listening or Listening()
    if wishes.at_most < 1:
        raise UsageError(f"at most {wishes.at_most} pictures are too few: one is the take itself")
    started = format_time(vault.clock.now())
    asked = _asked(vault, take, wishes)
    runs = Runs(vault, engine, asked.order, wishes.at_most, listening)
    try:
        found = _Explaining(vault, take, asked, runs, wishes).explained(started)
    except Cancelled as error:
        raise Cancelled(
            f"stopped; {runs.made} new pictures are kept and nothing was recorded",
            hint="Run the same command again: it reuses all that was made.",
        ) from error
    return _recorded(vault, found)


def _asked(vault: Vault, take: Take, wishes: ExplainWishes) -> RerunOrder:
    """The order that makes the take again; from its recipe, so that one thing can be left out."""
    asked = order_of(vault, take, wishes.program)
    if asked.missing:
        raise MakingFailed(
            f"the take {take.take} cannot be made again, so nothing can be taken away from it: "
            + " ".join(asked.missing),
            hint="See: remarque rerun, which lists what the record does not hold.",
        )
    machine = wishes.machine or asked.order.machine
    return replace(asked, order=replace(asked.order, machine=machine, executed=None))


class _Explaining:
    """One explanation while it is being made."""

    def __init__(
        self, vault: Vault, take: Take, asked: RerunOrder, runs: Runs, wishes: ExplainWishes
    ) -> None:
        self._vault = vault
        self._take = take
        self._asked = asked
        self._runs = runs
        self._wishes = wishes

    def explained(self, started: str) -> Explanation:
        take, runs, vault = self._take, self._runs, self._vault
        history = history_of(vault, take.work)
        path = path_to(history, take)
        removals = self._removals(path)
        self._tell(0, len(removals), "the take itself")
        original = decode(vault.pictures.read(take.picture.digest))
        baseline = runs.take_itself()
        pixels = decode(vault.pictures.read(baseline.picture)).pixels
        grade = compare_pictures(original.pixels, pixels, bit_depth=original.bit_depth).grade
        pairs = tuple(self._pairs(removals, pixels))
        left_out = sum(one.outcome is Outcome.NOT_RUN for one in pairs)
        unlisted = max(0, len(removals) - MOST_LISTED)
        kept = baseline.maps
        return Explanation(
            explanation=new_id(),
            work=take.work,
            take=take.take,
            original=take.picture.digest,
            engine=runs.engine.name,
            baseline=baseline.picture,
            baseline_grade=grade.value,
            counterfactuals=pairs,
            word_maps=word_maps(vault, kept, pixels) if kept is not None else (),
            path=compare_path(vault, path),
            runs=runs.made,
            reused=runs.reused,
            not_run=left_out + unlisted,
            remarks=tuple(self._remarks(path, baseline, grade, unlisted)),
            started=started,
        )

    def _removals(self, path: Sequence[PathTake]) -> tuple[Removal, ...]:
        order = self._asked.order
        told = [(step.take.recipe, syntax_of(step.take.generator)) for step in path[:-1]]
        return removals_of(order.recipe, order.syntax, told, words=self._wishes.words)

    def _pairs(self, removals: Sequence[Removal], pixels: Pixels) -> Iterator[Counterfactual]:
        listed, missed = removals[:MOST_LISTED], 0
        for number, removal in enumerate(listed, start=1):
            self._tell(number, len(listed), removal.choice)
            if missed < _MISSES_THAT_DECIDE:
                pair = self._pair(removal, pixels)
            else:
                pair = self._left_out(removal)
            missed = missed + 1 if pair.outcome is Outcome.NOT_RUN else 0
            yield pair

    def _pair(self, removal: Removal, pixels: Pixels) -> Counterfactual:
        recipe = removal.recipe()
        if recipe is None:
            return _without_picture(removal, Outcome.FAILED, no_cut(removal))
        try:
            ran = self._runs.with_recipe(_sized(recipe, pixels))
        except (MakingFailed, OutOfMemory, UsageError) as error:
            return _without_picture(removal, Outcome.FAILED, failed(removal, error.message))
        return self._left_out(removal) if ran is None else self._compared(removal, ran, pixels)

    def _left_out(self, removal: Removal) -> Counterfactual:
        sentence = not_run(removal, self._wishes.at_most)
        return _without_picture(removal, Outcome.NOT_RUN, sentence)

    def _compared(self, removal: Removal, ran: Ran, pixels: Pixels) -> Counterfactual:
        other = decode(self._vault.pictures.read(ran.picture)).pixels
        if other.shape[:2] != pixels.shape[:2]:
            why = f"it came out at {other.shape[1]} x {other.shape[0]} pixels"
            return _without_picture(removal, Outcome.FAILED, failed(removal, why))
        changed = changed_between(pixels, other)
        drawn = encode(difference_map(pixels, changed), "image/png") if changed.visible else None
        return replace(
            _without_picture(
                removal,
                Outcome.VISIBLE if changed.visible else Outcome.NONE,
                effect(removal, changed),
            ),
            share=changed.share,
            region=changed.region,
            picture=ran.picture,
            difference=self._vault.pictures.keep_bytes(drawn) if drawn is not None else None,
        )

    def _remarks(
        self, path: Sequence[PathTake], baseline: Ran, grade: RerunGrade, unlisted: int
    ) -> Iterator[str]:
        if grade is not RerunGrade.BIT_EXACT:
            yield baseline_differs(grade.value)
        yield from self._asked.assumed
        yield from self._runs.assumed
        if baseline.maps is not None and not baseline.maps.maps:
            yield "This engine gave no word maps for this model."
        elif baseline.maps is not None and baseline.maps.left_out:
            yield f"{baseline.maps.left_out} further phrases have no word map here."
        yield from left_aside(
            self._asked.order.recipe,
            [(step.take.recipe, syntax_of(step.take.generator)) for step in path[:-1]],
        )
        if not self._runs.can_reuse:
            yield (
                "Not every model file is known by its digest, so the pictures made now are not "
                "reused by a later explanation."
            )
        if unlisted:
            yield f"{unlisted} further choices are not listed; none of them was run."

    def _tell(self, done: int, total: int, text: str) -> None:
        self._runs.listening.progress(Step("choices", done, total, "choice", text))


def _sized(recipe: Recipe, pixels: Pixels) -> Recipe:
    """The recipe with the size of the picture where nothing else decides on it."""
    if recipe.generated_size is not None or recipe.sources:
        return recipe
    height, width = pixels.shape[:2]
    return replace(recipe, generated_size=Size(width, height))


def _without_picture(removal: Removal, outcome: Outcome, sentence: str) -> Counterfactual:
    return Counterfactual(
        kind=removal.kind,
        choice=removal.choice,
        before=removal.before,
        after=removal.after,
        outcome=outcome,
        sentence=sentence,
        character=removal.character,
    )


def _recorded(vault: Vault, found: Explanation) -> Explanation:
    """Enter the explanation, its sentences without private folders and keys."""
    entered = replace(
        found,
        finished=format_time(vault.clock.now()),
        remarks=tuple(dict.fromkeys(redact_text(one).text for one in found.remarks)),
        counterfactuals=tuple(
            replace(one, sentence=redact_text(one.sentence).text) for one in found.counterfactuals
        ),
    )
    record(vault, Fact(entered, entered.work, pictures_of(entered)))
    return entered


def pictures_of(explanation: Explanation) -> tuple[Digest, ...]:
    """Every picture an explanation names, the recorded one first."""
    named: list[Digest | None] = [explanation.original, explanation.baseline]
    for pair in explanation.counterfactuals:
        named += [pair.picture, pair.difference]
    for one in explanation.word_maps:
        named += [one.overlay, one.raw]
    named += [step.difference for step in explanation.path]
    return tuple(dict.fromkeys(digest for digest in named if digest is not None))
