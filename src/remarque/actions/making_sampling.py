"""Sampler and schedule as wished for, laid over those of the take begun from."""

from remarque.actions.making_wishes import MakeWishes
from remarque.model.recipe import Recipe
from remarque.model.samplers import SamplerFound, find_sampler


def sampling_of(wishes: MakeWishes, old: Recipe) -> tuple[str | None, str | None]:
    """Sampler and schedule of the new recipe.

    A new sampler comes with its own schedule unless one is named. The old one in the spelling of
    another program is no new one: it stays as it was written, so that no change is recorded.
    """
    if wishes.sampler is None and wishes.schedule is None:
        return old.sampler, old.scheduler
    sampler = old.sampler if wishes.sampler is None else wishes.sampler
    new = _found(sampler, wishes.schedule)
    if new is not None and new == _found(old.sampler, old.scheduler):
        return old.sampler, old.scheduler
    return sampler, wishes.schedule


def _found(sampler: str | None, schedule: str | None) -> SamplerFound | None:
    return None if sampler is None else find_sampler(sampler, schedule)
