"""The demonstration's own pictures: made with the miniature, one change from each to the next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec

from remarque.actions.choosing import choose, find_take
from remarque.actions.explaining import ExplainWishes, explain
from remarque.actions.making_wishes import MakeWishes
from remarque.actions.orders import Engine
from remarque.actions.ports import Vault
from remarque.actions.rerunning import rerun_take
from remarque.actions.works import open_work, state_intent
from remarque.model.digests import Digest
from remarque.model.explanations import Outcome
from remarque.model.history import Take
from remarque.model.recipe import Size
from remarque.wiring.demonstration.saying import Say, say_selection, say_steps
from remarque.wiring.engines import fitting_machine
from remarque.wiring.making import make

TITLE = "Harbour at night"
INTENT = (
    "Small boats under a large, still sky, as an old woodblock print would have it: "
    "nothing happens, and it is late."
)
REASON = (
    "One moon, high up, and the row of boats far below it: the sky is empty enough. "
    "At sunset it was only a view, and two moons were one too many."
)
RUNS_TO_EXPLAIN = 5

_FIRST = "boats with white sails, sea, sunset, woodblock print"
_NIGHT = "boats with white sails, sea, night, full moon, woodblock print"
_SIZE = Size(256, 256)


@dataclass(frozen=True, slots=True)
class _Change:
    """One change: what the artist thinks of it, and what it is."""

    what: str
    wishes: MakeWishes


_CHANGES = (
    _Change("the first idea", MakeWishes(prompt=_FIRST, seed=1, size=_SIZE)),
    _Change("other words: night, a full moon", MakeWishes(prompt=_NIGHT)),
    _Change("stronger guidance", MakeWishes(cfg=5.0)),
    _Change("another seed", MakeWishes(seed=3)),
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
