"""Where the noise of a diffusers run came from: its generators as they stood before the call.

A seed reproduces a picture only if the generator had just been seeded with it; one that was used
before gives other noise from the same seed. Looking at a generator's state does not change it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from remarque.model.digests import Digest, digest_of

NO_GENERATOR = (
    "No generator was given: the noise came from the program's global random state, "
    "so that the seed of this picture is not known."
)
USED_BEFORE = (
    "The generator had been used before this run, so that its seed alone does not give "
    "this noise again; the digest of its state is recorded."
)
ONE_FOR_ALL = (
    "One generator made the noise of the whole batch in turn: the seed gives this picture again "
    "only in a batch of {count}, as picture {number}."
)


@dataclass(frozen=True, slots=True)
class GeneratorState:
    """One generator before the run.

    ``state`` is the digest of its state, ``fresh`` whether that is of a generator just seeded.
    """

    seed: int
    device: str
    fresh: bool
    state: Digest


@dataclass(frozen=True, slots=True)
class Noise:
    """The generators of one call; ``each`` where every picture has its own, none if none given."""

    generators: tuple[GeneratorState, ...]
    each: bool = False

    def of_picture(self, number: int) -> GeneratorState | None:
        """The generator that made the noise of this picture (from 0)."""
        if not self.generators:
            return None
        return self.generators[number % len(self.generators) if self.each else 0]

    def seed_of(self, number: int) -> int | None:
        """The seed of this picture's generator."""
        found = self.of_picture(number)
        return found.seed if found is not None else None

    def remarks(self, number: int, count: int) -> tuple[str, ...]:
        """What must be said about this picture's seed, out of ``count`` pictures."""
        found = self.of_picture(number)
        if found is None:
            return (NO_GENERATOR,)
        said = [] if found.fresh else [USED_BEFORE]
        if not self.each and count > 1:
            said.append(ONE_FOR_ALL.format(count=count, number=number + 1))
        return tuple(said)


def noise_of(generator: object) -> Noise:
    """The noise of a call by its ``generator`` argument: one, a list, or None."""
    if generator is None:
        return Noise(())
    if isinstance(generator, Sequence):
        found = tuple(state_of(one) for one in generator)
        return Noise(found, each=len(found) > 1)
    return Noise((state_of(generator),))


def state_of(generator: Any) -> GeneratorState:  # noqa: ANN401  a torch.Generator of any device
    """Seed, device and state of one generator."""
    import torch

    seed, state = generator.initial_seed(), generator.get_state()
    fresh = torch.Generator(device=generator.device).manual_seed(seed).get_state()
    return GeneratorState(
        seed=seed,
        device=str(generator.device),
        fresh=bool(torch.equal(state, fresh)),
        state=digest_of(state.cpu().numpy().tobytes()),
    )


def global_state() -> GeneratorState:
    """The global generator of the processor, which stands in where none is given."""
    import torch

    return state_of(torch.default_generator)
