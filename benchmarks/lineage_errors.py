"""How often lineage names a wrong parent, and how often it finds a right one.

Run: python benchmarks/lineage_errors.py [FOLDER] [--most N] [--bases N] [--claims]

Every folder of pictures under FOLDER (the shared samples where none is given) is entered as one
work in which no picture was made from another, three times: as files that say nothing; as files
that name an editor; and every other one as an image-to-image take of other words while the rest
are made from words. Every parent claimed then is wrong, unless the folder holds one picture twice;
``--claims`` lists them, to be looked at. Then pictures are changed in known ways and lineage is
asked where they came from. Prints Markdown; nothing outside a temporary folder is written.
"""

import argparse
import io
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import comb
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before numpy

from PIL import Image

from derivations import DERIVATIONS, Derivation, draw_hard_pictures
from remarque.actions.lineage_index import index_of
from remarque.actions.picture_parents import picture_parent
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, new_id, record_all
from remarque.actions.taking import describe_file
from remarque.actions.works import open_work
from remarque.errors import InputError
from remarque.fingerprints.pdq import PDQ_VERSION, pack, pdq
from remarque.fingerprints.searching import Recollection
from remarque.model.canonical import encode_canonical
from remarque.model.descent import Parent
from remarque.model.digests import Digest
from remarque.model.history import Manner, Take
from remarque.model.recipe import Recipe
from remarque.pictures.decoding import decode
from remarque.pictures.scaling import Pixels, fit, on_ground
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
LONGEST_PX = 1024
SMALLEST_PX = 64
LATER = 12
"""A changed picture comes so many takes after the one it was made from."""
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
STATES = ("nothing", "an editor", "image-to-image")
EDITOR = [{"key": "Software", "text": "GIMP 2.10.36", "place": "PNG tEXt"}]


@dataclass(frozen=True)
class Entered:
    """A picture in the vault, not yet a take."""

    name: str
    content: bytes
    digest: Digest


@dataclass
class Outcome:
    """What became of one way of changing pictures."""

    counts: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    is_right: bool = True


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES)
    parser.add_argument("--most", type=int, default=60, help="pictures taken from one folder")
    parser.add_argument("--bases", type=int, default=24, help="pictures that are changed")
    parser.add_argument("--claims", action="store_true", help="list every parent claimed wrongly")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "vault"
        make_vault(place, Founding("Benchmark", "benchmark only"))
        with open_vault(place, passphrase="benchmark only") as vault:
            pools = dict(load(vault, wishes.folder, wishes.most))
            index_of(vault).described = Recollection(400)
            print_wrong(vault, pools, claims=wishes.claims)
            print_found(vault, pools, wishes)


def load(vault: Vault, folder: Path, most: int) -> Iterator[tuple[str, list[Entered]]]:
    """The pictures of each folder, evenly taken, and drawn ones that are hard to tell apart."""
    places = sorted({path.parent for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES})
    for place in places:
        files = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
        step = max(1, -(-len(files) // most))
        pixels = ((path.name, opened(path)) for path in files[::step])
        pool = [enter(vault, name, some) for name, some in pixels if some is not None]
        if len(pool) > 1:
            yield str(place.relative_to(folder)), without_doubles(pool)
    yield "drawn", [enter(vault, *drawn) for drawn in draw_hard_pictures()]


def opened(path: Path) -> Pixels | None:
    """At most ``LONGEST_PX``; None for what is no picture or shows nothing."""
    try:
        pixels = on_ground(decode(path.read_bytes()).pixels)
    except InputError:
        return None
    small = fit(pixels, LONGEST_PX)[0]
    return small if min(small.shape[:2]) >= SMALLEST_PX else None


def without_doubles(pool: Sequence[Entered]) -> list[Entered]:
    """Every picture once."""
    return list({entered.digest: entered for entered in pool}.values())


def enter(vault: Vault, name: str, pixels: Pixels, kind: str = "PNG", **options: int) -> Entered:
    """Keep the bytes and the fingerprint."""
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind, **({"compress_level": 1} | options))
    content = written.getvalue()
    digest = vault.pictures.keep_bytes(content)
    vault.fingerprints.put([(digest, PDQ_VERSION, pack(pdq(decode(content).pixels)))])
    return Entered(name, content, digest)


def as_take(vault: Vault, work: str, entered: Entered, number: int, state: str) -> Take:
    """A take whose file says what the state says."""
    recipe = Recipe()
    if state == "image-to-image":
        denoise = 0.5 if is_asked(number, state) else None
        recipe = Recipe(prompt=f"subject {number}", seed=number, steps=20, denoise=denoise)
    chunks = EDITOR if state == "an editor" else []
    moment = START + timedelta(minutes=number)
    return Take(
        take=new_id(),
        work=work,
        picture=describe_file(entered.content, entered.name, moment),
        generator=None if state != "image-to-image" else "AUTOMATIC1111",
        recipe=recipe,
        manner=Manner.AS_IT_HAPPENED,
        metadata=vault.pictures.keep_bytes(encode_canonical(chunks)),
    )


def is_asked(number: int, state: str) -> bool:
    """Of image-to-image takes every other one; the rest are made from words and ask for nothing."""
    return state != "image-to-image" or number % 2 == 1


def record_takes(vault: Vault, takes: Sequence[Take]) -> int:
    """Enter them; the index of the first entry."""
    start = vault.ledger.size()
    record_all(vault, [Fact(one, one.work, (one.picture.digest,)) for one in takes])
    return start


# Wrong parents ------------------------------------------------------------------------------------


def print_wrong(vault: Vault, pools: dict[str, list[Entered]], *, claims: bool) -> None:
    """The table of parents claimed where there is none."""
    print("| pictures | takes | " + " | ".join(STATES) + " |")
    print("|---|---:|" + "---:|" * len(STATES))
    totals: Counter[str] = Counter()
    for name, pool in pools.items():
        found = {state: wrong(vault, pool, f"{name}, {state}", state) for state in STATES}
        totals["takes"] += len(pool)
        totals.update({state: len(rows) for state, rows in found.items()})
        cells = " | ".join(str(len(found[state])) for state in STATES)
        print(f"| {name} | {len(pool)} | {cells} |", flush=True)
        if claims:
            for state, rows in found.items():
                print("".join(f"    {state}: {row}\n" for row in rows), end="")
    counts = " | ".join(str(totals[state]) for state in STATES)
    print(f"| **all** | {totals['takes']} | {counts} |")
    asked = {state: sum(count_asked(pool, state) for pool in pools.values()) for state in STATES}
    rates = (f"{1000 * bound(totals[state], asked[state]):.1f}" for state in STATES)
    print("| **per 1,000, 95 % bound** | | " + " | ".join(rates) + " |\n")


def count_asked(pool: Sequence[Entered], state: str) -> int:
    """The takes of a pool whose parent is asked for."""
    return sum(is_asked(number, state) for number in range(len(pool)))


def wrong(vault: Vault, pool: Sequence[Entered], title: str, state: str) -> list[str]:
    """The claims made in one pool."""
    work = open_work(vault, title)[0]
    takes = [as_take(vault, work, one, number, state) for number, one in enumerate(pool)]
    start = record_takes(vault, takes)
    index = index_of(vault)
    names = {one.digest: one.name for one in pool}
    claimed = []
    for number, take in enumerate(takes):
        if not is_asked(number, state):
            continue
        parent = picture_parent(vault, index, take, start + number)
        if parent is not None:
            what = f"{take.picture.name} ← {names[parent.picture]}"
            claimed.append(f"{what}: {parent.relation}; {parent.because}")
    return claimed


def bound(events: int, trials: int) -> float:
    """The 95 % upper bound of a rate (Clopper and Pearson, 1934), by halving."""
    low, high = events / trials, 1.0
    while high - low > 1e-7:
        rate = (low + high) / 2
        below = sum(
            comb(trials, some) * rate**some * (1 - rate) ** (trials - some)
            for some in range(events + 1)
        )
        low, high = (rate, high) if below > 0.05 else (low, rate)
    return high


# Right parents ------------------------------------------------------------------------------------


def print_found(vault: Vault, pools: dict[str, list[Entered]], wishes: argparse.Namespace) -> None:
    """The table of what is found of pictures changed in known ways."""
    everything = [one for name, pool in pools.items() if name != "drawn" for one in pool]
    step = max(1, len(everything) // wishes.bases)
    chosen = list(enumerate(everything))[step // 2 :: step][: wishes.bases]
    work = open_work(vault, "changed")[0]
    takes = [as_take(vault, work, one, at, "nothing") for at, one in enumerate(everything)]
    start = record_takes(vault, takes)
    print(f"{len(chosen)} pictures of {len(takes)} takes changed, {LATER} takes later\n")
    print("| change | relation asked for | right | other relation | wrong parent | none |")
    print("|---|---|---:|---:|---:|---:|")
    for derivation in DERIVATIONS:
        outcome = Outcome()
        for at, base in chosen:
            child = changed(vault, work, base, derivation, at)
            parent = ask(vault, child, start + at + LATER)
            tell_apart(outcome, parent, base, derivation)
            if wishes.claims and not outcome.is_right:
                print(f"    {base.name}: {parent.because if parent else 'none'}")
        counts = outcome.counts
        others = ", ".join(f"{name} {count}" for name, count in outcome.relations.items())
        cells = (counts["right"], others or "0", counts["wrong"], counts["none"])
        row = " | ".join(map(str, cells))
        print(f"| {derivation.name} | {derivation.relation or 'none'} | {row} |", flush=True)


def changed(vault: Vault, work: str, base: Entered, derivation: Derivation, number: int) -> Take:
    """The changed picture as a take of the work."""
    pixels = derivation.change(decode(base.content).pixels, number)
    entered = enter(vault, base.name, pixels, derivation.kind, **derivation.options)
    take = as_take(vault, work, entered, number, "nothing")
    return derivation.described(take)


def ask(vault: Vault, child: Take, before: int) -> Parent | None:
    """Its parent among the takes entered before."""
    record_takes(vault, [child])
    return picture_parent(vault, index_of(vault), child, before)


def tell_apart(
    outcome: Outcome, parent: Parent | None, base: Entered, derivation: Derivation
) -> None:
    """Count one answer."""
    told = parent.relation if parent is not None else None
    outcome.is_right = told == derivation.relation
    if parent is None:
        outcome.counts["none"] += 1
    elif parent.picture != base.digest:
        outcome.counts["wrong"] += 1
    elif parent.relation == derivation.relation:
        outcome.counts["right"] += 1
    else:
        outcome.relations[str(parent.relation)] += 1


if __name__ == "__main__":
    main()
