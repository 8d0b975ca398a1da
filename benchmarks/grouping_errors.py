"""How many works ``--auto`` makes of sessions whose number of works is known.

Run: python benchmarks/grouping_errors.py FOLDER

The prompts are those of the picture files under FOLDER, so that words are as people write them;
what a session does with them is made here: phrases added, dropped, exchanged and moved. Pictures
are random, so that only words and times count. Prints Markdown; writes nothing that stays.
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before numpy

import numpy as np
from PIL import Image

from remarque.actions.grouping import choose_work
from remarque.actions.witnessing import Seen, record_seen
from remarque.errors import RemarqueError
from remarque.intake import read_picture
from remarque.model.digests import digest_of
from remarque.model.recipe import LoraUse, Reading, Recipe, SourceUse
from remarque.model.witness import Observer, Witness
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault

SESSIONS = 8
TAKES = 40
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
STEP = timedelta(seconds=40)
Chance = np.random.Generator


@dataclass(frozen=True)
class Shot:
    """One take of a session: its recipe, and how long after the one before it came."""

    recipe: Recipe
    after: timedelta = STEP


Session = Callable[[list[str], Chance], Iterator[Shot]]


def main(folder: Path) -> None:
    """Print the table."""
    prompts = sorted({prompt for path in folder.rglob("*") for prompt in prompts_of(path)})
    print(f"{len(prompts)} prompts; {SESSIONS} sessions of each kind\n")
    print("| session | works meant | works made, mean (most) |")
    print("|---|---:|---:|")
    for name, meant, session in KINDS:
        made = [works_of(session, prompts, number) for number in range(SESSIONS)]
        print(f"| {name} | {meant} | {mean(made):.1f} ({max(made)}) |", flush=True)


def prompts_of(path: Path) -> Iterator[str]:
    """The prompt of a picture file, if it has one that can be revised."""
    if path.is_file():
        try:
            prompt = read_picture(path.read_bytes()).recipe.prompt or ""
        except RemarqueError:
            return
        if len(prompt.split()) >= 6 and len(prompt) < 800 and prompt.isascii():
            yield prompt


def works_of(session: Session, prompts: list[str], number: int) -> int:
    """How many works one session becomes."""
    chance = np.random.default_rng(number)
    came, works = START, set()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "vault"
        make_vault(place, Founding("Benchmark", "benchmark only"))
        with open_vault(place, passphrase="benchmark only") as vault:
            for count, shot in enumerate(session(prompts, chance)):
                came += shot.after
                seen = Seen(
                    picture(number, count),
                    f"{count:05}.png",
                    came,
                    Witness(Observer.FOLDER),
                    reading=Reading("AUTOMATIC1111", shot.recipe),
                )
                work = choose_work(vault, seen)
                record_seen(vault, work, seen)
                works.add(work)
    return len(works)


def picture(number: int, count: int) -> bytes:
    """A small picture that is like no other."""
    coarse = np.random.default_rng((number, count)).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC).save(written, "PNG")
    return written.getvalue()


def shot(prompt: str, chance: Chance, after: timedelta = STEP) -> Shot:
    """A text-to-image take of these words."""
    return Shot(Recipe(prompt=prompt, seed=int(chance.integers(2**31)), steps=20, cfg=7.0), after)


def revised(prompt: str, prompts: list[str], chance: Chance) -> str:
    """One thing changed, as people change prompts; half of the time nothing but the seed."""
    phrases = [phrase.strip() for phrase in prompt.split(",") if phrase.strip()]
    other = [phrase.strip() for phrase in prompts[int(chance.integers(len(prompts)))].split(",")]
    fresh = " ".join(other[int(chance.integers(len(other)))].split()[:5])
    at = int(chance.integers(len(phrases)))
    match int(chance.integers(8)):
        case 0:
            phrases.insert(at, fresh)
        case 1 if len(phrases) > 2:
            del phrases[at]
        case 2 if len(phrases) > 1:
            phrases[at] = fresh
        case 3:
            phrases.insert(0, phrases.pop(at))
    return ", ".join(phrases)


def revisions(
    prompts: list[str], chance: Chance, count: int = TAKES, start: str = ""
) -> Iterator[Shot]:
    """One picture worked at: words change a little from take to take."""
    prompt = start or prompts[int(chance.integers(len(prompts)))]
    for _ in range(count):
        yield shot(prompt, chance)
        prompt = revised(prompt, prompts, chance)


def switch(prompts: list[str], chance: Chance) -> Iterator[Shot]:
    """Then another subject."""
    yield from revisions(prompts, chance, TAKES // 2)
    yield from revisions(prompts, chance, TAKES // 2)


def back_and_forth(prompts: list[str], chance: Chance) -> Iterator[Shot]:
    """Two subjects, taken up in turn."""
    first, second = (revisions(prompts, chance, TAKES) for _ in range(2))
    for _ in range(TAKES // 8):
        for subject in (first, second):
            yield from (next(subject) for _ in range(4))


def returned(pause: timedelta, changed: int) -> Session:
    """The same subject after a pause, the words revised so many times meanwhile."""

    def session(prompts: list[str], chance: Chance) -> Iterator[Shot]:
        some = list(revisions(prompts, chance, TAKES // 2))
        yield from some
        prompt = some[-1].recipe.prompt or ""
        for _ in range(changed):
            prompt = revised(prompt, prompts, chance)
        again = list(revisions(prompts, chance, TAKES // 2, prompt))
        yield replace(again[0], after=pause)
        yield from again[1:]

    return session


def from_older(prompts: list[str], chance: Chance) -> Iterator[Shot]:
    """Image-to-image of the first picture, the next day, with other words; its digest was seen."""
    yield from revisions(prompts, chance, TAKES // 2)
    first = int(chance.bit_generator.seed_seq.entropy)
    source = SourceUse("init", digest=digest_of(picture(first, 0)))
    for number, other in enumerate(revisions(prompts, chance, TAKES // 2)):
        recipe = replace(other.recipe, sources=(source,), denoise=0.6)
        yield Shot(recipe, timedelta(days=1) if number == 0 else STEP)


def grid(prompts: list[str], chance: Chance) -> Iterator[Shot]:
    """A test of LoRAs and weights with a fixed prompt, the tags written into it."""
    prompt = prompts[int(chance.integers(len(prompts)))]
    for number in range(TAKES):
        lora = LoraUse(f"style-{number // 5}", 0.2 * (number % 5))
        tagged = f"{prompt} <lora:{lora.name}:{lora.weight}>"
        recipe = shot(tagged, chance).recipe
        yield Shot(replace(recipe, seed=1, loras=(lora,)))


KINDS: tuple[tuple[str, int, Session], ...] = (
    ("40 takes, words revised all the time", 1, revisions),
    ("a switch to another subject after 20", 2, switch),
    ("two subjects in turn, four takes each", 2, back_and_forth),
    ("a return after an hour, words as left", 1, returned(timedelta(hours=1), 0)),
    ("a return after an hour, three revisions on", 1, returned(timedelta(hours=1), 6)),
    ("a return the next morning, words as left", 1, returned(timedelta(hours=15), 0)),
    ("image-to-image of an older picture, other words", 1, from_older),
    ("a grid of LoRAs, one prompt", 1, grid),
)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
