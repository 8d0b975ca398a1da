"""The demonstration's own pictures: made with the miniature, one change from each to the next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec

from remarque.actions.choosing import choose, find_take
from remarque.actions.explaining import ExplainWishes, explain
from remarque.actions.making_wishes import HiresWish, MakeWishes
from remarque.actions.orders import Engine
from remarque.actions.ports import Vault
from remarque.actions.rerunning import rerun_take
from remarque.actions.works import open_work, state_intent
from remarque.model.digests import Digest
from remarque.model.explanations import Outcome
from remarque.model.history import Take
from remarque.wiring.demonstration.saying import Say, say_selection, say_steps
from remarque.wiring.engines import fitting_machine
from remarque.wiring.making import make

TITLE = "Harbour at night"
INTENT = (
    "A red mountain over a quiet sea, as an old woodblock print would have it: "
    "small boats under something large and still."
)
REASON = (
    "The moon and its road on the water hold the picture together, and the two boats stay small "
    "under the mountain, as I meant it; by daylight it was only a view."
)
RUNS_TO_EXPLAIN = 5

_FIRST = "a red mountain by the sea at sunset, a boat, woodblock print"
_NIGHT = "a red mountain by the sea at night, full moon, two boats, woodblock print"


@dataclass(frozen=True, slots=True)
class _Change:
    """One change: what the artist thinks of it, and what it is."""

    what: str
    wishes: MakeWishes


_CHANGES = (
    _Change("the first idea", MakeWishes(prompt=_FIRST, seed=2023)),
    _Change("other words: night, a moon, two boats", MakeWishes(prompt=_NIGHT)),
    _Change("another seed", MakeWishes(seed=1127)),
    _Change("stronger guidance", MakeWishes(cfg=5.0)),
    _Change("the same, twice as large", MakeWishes(hires=HiresWish(2.0, 0.35))),
)


def can_make() -> bool:
    """Whether the libraries that make pictures are installed."""
    return all(find_spec(name) is not None for name in ("torch", "diffusers", "transformers"))


def make_takes(vault: Vault, engine: Engine, say: Say) -> Digest:
    """Make the takes, each from the one before, and choose the last."""
    work, _ = open_work(vault, TITLE)
    state_intent(vault, work, INTENT)
    say("making with the miniature, the small model that ships with Remarque")
    take = None
    for what, take in _takes(vault, work, engine):
        size = f"{take.picture.width_px} x {take.picture.height_px}"
        say(f"made take {take.take} ({what}), {size}")
    say_steps(vault, work, say)
    selection = choose(vault, take.take if take else "", [], REASON)
    say_selection(selection, say)
    return selection.picture


def account_for(vault: Vault, picture: Digest, engine: Engine, say: Say) -> None:
    """Make the chosen take again, and find out which of its words made what."""
    _, found = find_take(vault, picture)
    rerun = rerun_take(vault, found.body, engine)
    say(f"made again from its record alone: {rerun.grade}")
    explanation = explain(vault, found.body, engine, ExplainWishes(at_most=RUNS_TO_EXPLAIN))
    for pair in explanation.counterfactuals:
        if pair.outcome is not Outcome.NOT_RUN:
            say(f"  {pair.sentence}")


def _takes(vault: Vault, work: str, engine: Engine) -> Iterator[tuple[str, Take]]:
    before: str | None = None
    for change in _CHANGES:
        wishes = replace(change.wishes, again=before, machine=fitting_machine("cpu"))
        for made in make(vault, work, wishes, engine=engine):
            before = made.take.take
            yield change.what, made.take
