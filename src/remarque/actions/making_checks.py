"""Wishes that no engine could follow are refused at once, before a model is loaded."""

import math
from collections.abc import Iterator

from remarque.actions.making_wishes import RANDOM_SEED, MakeWishes
from remarque.errors import UsageError
from remarque.model.prompts import SYNTAXES
from remarque.model.recipe import Size

MOST_PICTURES = 10_000
MOST_STEPS = 10_000
LARGEST_SIDE_PX = 4096
LARGEST_SEED = 2**63 - 1
LARGEST_NUMBER = 1000.0
"""Bound of guidance and LoRA weights; none that gives a picture comes near."""
LARGEST_FACTOR = 8.0
LONGEST_PROMPT = 300_000
"""Characters; a prompt, its negative and its phrases must fit one entry of the ledger."""
LONGEST_NAME = 4096
"""Characters; a path may stand where a name does."""
LARGEST_CLIP_SKIP = 12
MOST_MODELS = 32

_SIDES = ("left", "top", "right", "bottom")


def check_wishes(wishes: MakeWishes) -> None:
    """Refuse what is out of any range.

    Raises:
        UsageError: A sentence on the first wish that cannot be followed.
    """
    for problem in _problems(wishes):
        raise UsageError(problem)


def check_seeds(first: int, count: int) -> None:
    """Refuse seeds that would run out of the range before the last picture.

    Raises:
        UsageError: They would.
    """
    if first + count - 1 > LARGEST_SEED:
        raise UsageError(f"{count} pictures from the seed {first} on would go beyond 2**63-1")


def _problems(wishes: MakeWishes) -> Iterator[str]:
    yield from _problems_of_words(wishes)
    yield from _whole("--count", wishes.count, 1, MOST_PICTURES)
    yield from _whole("--steps", wishes.steps, 1, MOST_STEPS)
    yield from _whole("--clip-skip", wishes.clip_skip, 1, LARGEST_CLIP_SKIP)
    yield from _whole("--seed", wishes.seed, RANDOM_SEED, LARGEST_SEED)
    yield from _real("--cfg", wishes.cfg, 0, LARGEST_NUMBER)
    yield from _real("--strength", wishes.strength, 0, 1)
    if wishes.size is not None:
        yield from _problems_of_size(wishes.size)
    yield from _problems_of_models(wishes)
    yield from _problems_of_passes(wishes)
    yield from _problems_of_sources(wishes)


def _problems_of_words(wishes: MakeWishes) -> Iterator[str]:
    if wishes.prompt is None and wishes.again is None:
        yield "there is no prompt: say in words what is to be made, or --again TAKE"
    for option, text in (("the prompt", wishes.prompt), ("--negative", wishes.negative)):
        if text is None:
            continue
        if len(text) > LONGEST_PROMPT:
            yield f"{option} has {len(text):,} characters; at most {LONGEST_PROMPT:,} can be kept"
        if not _is_text(text):
            yield f"{option} holds bytes that are no text in UTF-8"
    if wishes.syntax is not None and wishes.syntax not in SYNTAXES:
        yield f"--syntax is one of {', '.join(SYNTAXES)}, not {wishes.syntax[:40]}"
    for option, name in (("--sampler", wishes.sampler), ("--schedule", wishes.schedule)):
        yield from _name(option, name)


def _problems_of_size(size: Size) -> Iterator[str]:
    if not (0 < size.width <= LARGEST_SIDE_PX and 0 < size.height <= LARGEST_SIDE_PX):
        yield (
            f"--size {size.width}x{size.height} cannot be made: "
            f"each side has 1 to {LARGEST_SIDE_PX} pixels"
        )


def _problems_of_models(wishes: MakeWishes) -> Iterator[str]:
    yield from _name("--model", wishes.model)
    yield from _name("--vae", wishes.vae)
    for name in wishes.embeddings:
        yield from _name("--embedding", name)
    for lora in wishes.loras:
        yield from _name("--lora", lora.place)
        yield from _real(f"the weight of --lora {lora.place}", lora.weight, None, LARGEST_NUMBER)
    for control in wishes.controls:
        yield from _name("--control", control.model)
        yield from _real(f"the strength of --control {control.model}", control.strength, 0, 10)
    for option, several in (
        ("--lora", wishes.loras),
        ("--embedding", wishes.embeddings),
        ("--control", wishes.controls),
    ):
        if len(several) > MOST_MODELS:
            yield f"{option} is given {len(several)} times; at most {MOST_MODELS} are used at once"


def _problems_of_passes(wishes: MakeWishes) -> Iterator[str]:
    if wishes.hires is None:
        return
    yield from _real("the factor of --hires", wishes.hires.factor, 1, LARGEST_FACTOR)
    yield from _real("the strength of --hires", wishes.hires.strength, 0, 1)
    yield from _whole("the steps of --hires", wishes.hires.steps, 1, MOST_STEPS)


def _problems_of_sources(wishes: MakeWishes) -> Iterator[str]:
    if wishes.outpaint is not None:
        grown = [getattr(wishes.outpaint, side) for side in _SIDES]
        for side, pixels in zip(_SIDES, grown, strict=True):
            yield from _whole(f"{side} of --outpaint", pixels, 0, LARGEST_SIDE_PX)
        if not any(grown):
            yield "--outpaint 0,0,0,0 adds nothing on any side"
    if wishes.mask is not None and wishes.outpaint is not None:
        yield "--mask and --outpaint cannot go together: growing a picture makes a mask of its own"
    if wishes.source is not None or wishes.again is not None:
        return
    for option, wish in (
        ("--mask", wishes.mask),
        ("--strength", wishes.strength),
        ("--outpaint", wishes.outpaint),
    ):
        if wish is not None:
            yield f"{option} needs the picture it acts on: --from PICTURE"


def _name(option: str, name: str | None) -> Iterator[str]:
    if name is None:
        return
    if not name.strip():
        yield f"{option} needs a name"
    if len(name) > LONGEST_NAME:
        yield f"{option} has a name of {len(name):,} characters, which is none"
    if not _is_text(name):
        yield f"{option} has a name that is no text in UTF-8"


def _is_text(text: str) -> bool:
    """Bytes of a command line that are no UTF-8 come as lone surrogates, which have no bytes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _whole(option: str, number: int | None, least: int, most: int) -> Iterator[str]:
    if number is not None and not least <= number <= most:
        yield f"{option} is a whole number from {least:,} to {most:,}, not {_short(number)}"


def _real(option: str, number: float | None, least: float | None, most: float) -> Iterator[str]:
    if number is None:
        return
    low = -most if least is None else least
    if not math.isfinite(number) or not low <= number <= most:
        yield f"{option} is a number from {low:g} to {most:g}, not {_short(number)}"


def _short(number: float) -> str:
    """A number as a sentence can hold it; one of a million digits would not fit."""
    if isinstance(number, int) and abs(number) >= 10**20:
        return "one that large"
    return str(number)
