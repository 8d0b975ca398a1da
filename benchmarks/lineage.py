"""Lineage of ten thousand takes: graph, steps, order, tally, and parents found while recording.

``python benchmarks/lineage.py [TAKES]``. Prints one line a figure; nothing is written.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before numpy

from remarque.actions.lineage import infer_lineage, infer_work
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record_all
from remarque.actions.telling import tell
from remarque.actions.works import open_work
from remarque.model.descent import Basis, Descent, Parent, Relation
from remarque.model.digests import digest_of
from remarque.model.history import Manner, PictureFile, Take
from remarque.model.lineage import lineage_of
from remarque.model.ordering import propose_order
from remarque.model.recipe import Recipe, Size, SourceUse
from remarque.model.steps import steps_of
from remarque.model.tally import tally_of
from remarque.model.times import format_time
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault

TAKES = 10_000
PASSPHRASE = "benchmark only"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
WORDS = (
    "a galaxy in a glass bottle, kitchen table, evening light, dust, (oil painting:1.2), "
    "long shadows, copper kettle, open window, blue hour, film grain, depth of field, 35 mm"
)
EVERY = 5
MORE = 100


def main(count: int) -> None:
    """Print the figures."""
    takes = [take(number, "0" * 16) for number in range(count)]
    descents = [descent(takes, number) for number in range(1, count) if number % EVERY == 0]
    timed(f"graph of {count:,} takes", lambda: lineage_of(takes, descents))
    timed(f"steps of {count:,} takes, every difference", lambda: steps_of(takes, descents))
    timed("steps, the last 30", lambda: steps_of(takes, descents, last=30))
    timed(f"tally of {count:,} takes", lambda: tally_of(takes, [], [], []))
    imported = [take(number, "0" * 16, Manner.IMPORTED) for number in reversed(range(count))]
    timed(f"order of {count:,} imported takes", lambda: propose_order(imported))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "vault"
        make_vault(place, Founding("Benchmark", PASSPHRASE))
        with open_vault(place, passphrase=PASSPHRASE) as vault:
            in_a_vault(vault, count)


def in_a_vault(vault: Vault, count: int) -> None:
    """The same through a vault on disk: parents found one take after another, then told."""
    work, _ = open_work(vault, "A work")
    takes = [take(number, work) for number in range(count)]
    timed(f"record {count:,} takes", lambda: enter(vault, takes))
    found = timed(
        f"parents of {count:,} takes gone through at once",
        lambda: sum(one is not None for _, one in infer_work(vault, work)),
    )
    print(f"  parents found: {found:,}")
    more = [take(number, work) for number in range(count, count + MORE)]
    enter(vault, more)
    timed(
        f"parents of {MORE} more takes, one by one",
        lambda: [infer_lineage(vault, one) for one in more],
    )
    timed("show, the last 30", lambda: tell(vault, "A work", last=30))
    timed("show, all", lambda: tell(vault, "A work"))


def enter(vault: Vault, takes: list[Take]) -> None:
    """Record them a thousand at a time."""
    for first in range(0, len(takes), 1000):
        some = takes[first : first + 1000]
        record_all(vault, [Fact(one, one.work, (one.picture.digest,)) for one in some])


def timed(name: str, run: Callable[[], object]) -> object:
    """Run once and print the seconds."""
    start = time.perf_counter()
    result = run()
    print(f"{name:<55} {time.perf_counter() - start:8.3f} s", flush=True)
    return result


def take(number: int, work: str, manner: Manner = Manner.AS_IT_HAPPENED) -> Take:
    """A take with a full recipe; every fifth was made from the one before."""
    phrases = WORDS.split(", ")
    prompt = ", ".join(phrases[number % 7 :] + phrases[: number % 5])
    sources = ()
    if number % EVERY == 0 and number:
        sources = (SourceUse("init", digest=picture_of(number - 1)),)
    recipe = Recipe(
        prompt=prompt,
        negative_prompt="blurry, lowres",
        seed=number,
        steps=20 + number % 3,
        cfg=7.0,
        sampler="Euler a",
        model="dreamshaper",
        generated_size=Size(1024, 1024),
        sources=sources,
    )
    moment = format_time(START + timedelta(seconds=20 * number))
    name = f"{number:05}-{number}.png"
    file = PictureFile(picture_of(number), name, "image/png", 1, 1024, 1024, moment)
    return Take(f"{number:016x}", work, file, "AUTOMATIC1111", recipe, manner, digest_of(b"m"))


def picture_of(number: int) -> str:
    """The digest of a picture that exists in name only: no pixel is looked at here."""
    return digest_of(f"picture {number}".encode())


def descent(takes: list[Take], number: int) -> Descent:
    """As it would be recorded."""
    parent, child = takes[number - 1], takes[number]
    one = Parent(
        parent.picture.digest, parent.take, Relation.IMAGE_TO_IMAGE, Basis.DIGEST, "seen going in"
    )
    return Descent(child.work, child.take, child.picture.digest, (one,))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TAKES)
