"""How often unrelated pictures are taken for copies, and how often real copies are found.

Run: python benchmarks/false_accusations.py [--samples DIR] [--every N] [--write]

Compares every picture with every other in several states and prints the tables of
docs/explanation/limits.md. ``--write`` also puts the counts into
src/remarque/fingerprints/measured.py, from where each judgement takes its bound.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from remarque.fingerprints.pdq import nearest, pdq, pdq_all_ways, tabulate
from remarque.fingerprints.searching import Judgement, judge, judge_described
from remarque.marks.visible import VisibleMark, draw_mark
from remarque.model.history import Verdict
from remarque.model.marks import Region
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.keypoints import Described, describe
from remarque.pictures.scaling import Pixels, grey, on_ground, resize

ROOT = Path(__file__).resolve().parents[1]
ACCUSED = (Verdict.COPY, Verdict.PARTIAL, Verdict.DERIVED)
SMALLEST_SIDE_PX = 64
TEXTURED_FROM = 60
"""Blocks of a picture that must have structure; a picture with fewer counts as smooth."""

# Screenshots of one program's window: their frames and buttons really are the same picture.
SAME_WINDOW = frozenset(
    f"comfyui/{name}.png"
    for name in (
        "depth_t2i_adapter", "esrgan_example", "extra_metadata", "hiresfix_latent_workflow",
        "img2img_workflow", "inpaint_example", "lora_multiple",
    )
)  # fmt: skip
# One of each; the other C2PA samples are versions of these.
CREDENTIALS = (
    "adobe_firefly/firefly-1.jpg", "bing_image_creator/bing_creator_cloud_surfing_puppy.jpg",
    "c2pa-rs/CA.jpg", "c2pa-rs/no_alg.jpg", "c2pa-rs/ocsp.jpg", "c2pa-rs/update_manifest.jpg",
    "generic_ai/genai-actions-v2.jpg",
)  # fmt: skip


def load(samples: Path, every: int) -> dict[str, Pixels]:
    """The pictures by name, on white; those too small to show anything are left out."""
    paths = sorted((samples / "photos").glob("*"))
    paths += sorted(path for path in (samples / "generators").glob("*/*") if path.is_file())
    paths += [samples / "c2pa" / name for name in CREDENTIALS]
    found = {}
    for path in paths[::every]:
        pixels = on_ground(decode(path.read_bytes()).pixels)
        if min(pixels.shape[:2]) >= SMALLEST_SIDE_PX:
            found[f"{path.parent.name}/{path.name}"] = pixels
    return found


# What is done to pictures ------------------------------------------------------------------------


def as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Written as JPEG and read again."""
    return decode(encode(pixels, "image/jpeg", quality=quality)).pixels


def scaled(pixels: Pixels, factor: float) -> Pixels:
    """Resized by a factor."""
    height, width = pixels.shape[:2]
    return resize(pixels, max(8, round(width * factor)), max(8, round(height * factor)))


def cropped(pixels: Pixels, left: float, top: float, right: float, bottom: float) -> Pixels:
    """Without these shares of the sides."""
    height, width = pixels.shape[:2]
    rows = slice(int(top * height), height - int(bottom * height))
    return np.ascontiguousarray(pixels[rows, int(left * width) : width - int(right * width)])


def recoloured(pixels: Pixels) -> Pixels:
    """Hue turned by 60°, more saturated, brighter."""
    planes = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    planes[..., 0] = (planes[..., 0] + 30) % 180
    planes[..., 1] = np.clip(planes[..., 1] * 1.3, 0, 255)
    planes[..., 2] = 255 * (planes[..., 2] / 255) ** 0.8
    return np.asarray(cv2.cvtColor(planes.astype(np.uint8), cv2.COLOR_HSV2RGB))


def greyed(pixels: Pixels) -> Pixels:
    """Luma only."""
    return np.repeat(grey(pixels)[..., None], 3, axis=2)


def lettered(pixels: Pixels) -> Pixels:
    """Three lines of text across it."""
    drawn = pixels.copy()
    height, width = drawn.shape[:2]
    for row, words in enumerate(("FREE WALLPAPER", "follow @reposter", "best art daily 2026")):
        place = (width // 10, height // 4 + row * height // 4)
        colour = (255, 255 * (row % 2), 40 * row)
        cv2.putText(
            drawn, words, place, row, width / 500, colour, max(2, width // 250), cv2.LINE_AA
        )
    return drawn


def rotated(pixels: Pixels, degrees: float) -> Pixels:
    """Turned, with white corners."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    across, down = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(height * down + width * across), int(height * across + width * down))
    matrix[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    return np.asarray(
        cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    )


def on_a_page(pixels: Pixels) -> Pixels:
    """The same page for every picture: a screenshot of 1600 x 1000, ours 700 pixels long."""
    page = np.full((1000, 1600, 3), 245, np.uint8)
    page[:60] = (40, 50, 90)
    small = scaled(pixels, 700 / max(pixels.shape[:2]))
    page[120 : 120 + small.shape[0], 200 : 200 + small.shape[1]] = small
    for row in range(20):
        words = f"lorem ipsum dolor sit amet {row * 37}"
        cv2.putText(page, words, (1000, 130 + row * 40), 0, 0.7, (30, 30, 30), 1, cv2.LINE_AA)
    return page


def framed(pixels: Pixels) -> Pixels:
    """In a wide grey border."""
    height, width = pixels.shape[:2]
    page = np.full((int(height * 1.3), int(width * 1.2), 3), 128, np.uint8)
    page[int(height * 0.15) :, int(width * 0.1) :][:height, :width] = pixels
    return page


def mirrored(pixels: Pixels) -> Pixels:
    """Left to right."""
    return np.ascontiguousarray(pixels[:, ::-1])


def all_together(pixels: Pixels) -> Pixels:
    """What a careful thief does, all at once."""
    changed = lettered(recoloured(cropped(pixels, 0.1, 0.1, 0.1, 0.2)))
    return as_jpeg(mirrored(changed), 50)


COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG quality 30": lambda p: as_jpeg(p, 30),
    "JPEG quality 10": lambda p: as_jpeg(p, 10),
    "scaled to 50 %, JPEG 75": lambda p: as_jpeg(scaled(p, 0.5), 75),
    "scaled to 25 %, JPEG 75": lambda p: as_jpeg(scaled(p, 0.25), 75),
    "50 %, then to 400 %": lambda p: (
        as_jpeg(scaled(scaled(p, 0.5), 4), 80)
        if max(p.shape) <= 1700
        else as_jpeg(scaled(p, 2), 80)
    ),
    "recoloured": lambda p: as_jpeg(recoloured(p), 80),
    "grey": lambda p: as_jpeg(greyed(p), 80),
    "blurred, sigma 2": lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), 2)),
    "three lines of text": lambda p: as_jpeg(lettered(p), 80),
    "mirrored": lambda p: as_jpeg(mirrored(p), 80),
    "turned 90°": lambda p: as_jpeg(np.ascontiguousarray(np.rot90(p)), 80),
    "turned 5°": lambda p: as_jpeg(rotated(p, 5), 80),
    "5 % cut off": lambda p: as_jpeg(cropped(p, 0, 0, 0, 0.05), 80),
    "28 % cut off": lambda p: as_jpeg(cropped(p, 0.1, 0.05, 0.05, 0.1), 80),
    "51 % cut off": lambda p: as_jpeg(cropped(p, 0.25, 0.2, 0.05, 0.1), 80),
    "75 % cut off": lambda p: as_jpeg(cropped(p, 0.3, 0.3, 0.2, 0.2), 80),
    "in a grey frame": lambda p: as_jpeg(framed(p), 80),
    "on a page (screenshot)": lambda p: as_jpeg(on_a_page(p), 80),
    "cropped, recoloured, lettered, mirrored, JPEG 50": all_together,
}


# Unrelated pictures ------------------------------------------------------------------------------


def tiles(pixels: Pixels) -> list[Pixels]:
    """Its four quarters."""
    half = 0.5
    return [
        cropped(pixels, left, top, half - left, half - top)
        for left in (0, half)
        for top in (0, half)
    ]


def marked(pixels: Pixels) -> tuple[Pixels, Region]:
    """With a large visible mark, and where that is."""
    drawn = draw_mark(pixels, VisibleMark(text="© Remarque studio", height_share=0.06))
    return drawn.pixels, drawn.region


@dataclass
class Count:
    """What was said about one kind of pairs."""

    comparisons: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    wrong: list[tuple[str, int, str, str]] = field(default_factory=list)

    def add(self, judgement: Judgement, suspect: str, reference: str) -> None:
        """Count one judgement."""
        self.comparisons += 1
        self.verdicts[judgement.verdict] += 1
        if judgement.verdict is not Verdict.NONE:
            said = f"{judgement.verdict}: {suspect} for {reference}"
            self.wrong.append((judgement.method.value, judgement.score, judgement.verdict, said))


def related(one: str, other: str) -> bool:
    """Whether these two are, or hold, the same picture."""
    return one == other or {one, other} <= SAME_WINDOW


def suspects(pictures: dict[str, Pixels], kind: str) -> Iterator[tuple[str, Pixels]]:
    """The suspects of one kind, with the name of the picture each is made of."""
    for name, pixels in pictures.items():
        if kind == "tiles":
            yield from ((name, tile) for tile in tiles(pixels))
        else:
            yield name, UNRELATED[kind](pixels)


UNRELATED: dict[str, Callable[[Pixels], Pixels]] = {
    "as they are": lambda p: p,
    "scaled to 50 %, JPEG 40": lambda p: as_jpeg(scaled(p, 0.5), 40),
    "cropped, recoloured, lettered, mirrored, JPEG 50": all_together,
    "on the same page (screenshot)": lambda p: as_jpeg(on_a_page(p), 80),
}


def compare_all(
    known: dict[str, Described], doubtful: Iterator[tuple[str, Pixels]], count: Count
) -> Count:
    """Every suspect with every registered picture it is not related to."""
    names = list(known)
    table = tabulate([pdq(known[name].colours) for name in names])
    for suspect_name, pixels in doubtful:
        suspect = describe(pixels)
        for row in nearest(pdq_all_ways(pixels), table):
            name = names[row.index]
            if not related(suspect_name, name):
                judgement = judge_described(suspect, known[name], row.distance)
                count.add(judgement, suspect_name, name)
    return count


def measure_unrelated(pictures: dict[str, Pixels]) -> dict[str, Count]:
    """What is said about pictures that have nothing to do with each other."""
    clean = {name: describe(pixels) for name, pixels in pictures.items()}
    counts = {}
    for kind in (*UNRELATED, "tiles"):
        title = "quarters of other pictures" if kind == "tiles" else kind
        counts[title] = compare_all(clean, suspects(pictures, kind), Count())
        print(f"{title}: {counts[title].comparisons:,} compared", file=sys.stderr, flush=True)
    bearing = {name: marked(pixels) for name, pixels in pictures.items() if can_bear(pixels)}
    masked = {name: describe(p, without=box) for name, (p, box) in bearing.items()}
    seen = {name: describe(p) for name, (p, _) in bearing.items()}
    for title, known in (
        ("the same visible mark on both, its box left aside", masked),
        ("the same visible mark on both, its box not known", seen),
    ):
        doubtful = ((name, p) for name, (p, _) in bearing.items())
        counts[title] = compare_all(known, doubtful, Count())
    return counts


def can_bear(pixels: Pixels) -> bool:
    """Whether the picture is large enough for the mark."""
    return bool(min(pixels.shape[:2]) >= 4 * SMALLEST_SIDE_PX)


def is_smooth(pixels: Pixels) -> bool:
    """Whether little of the picture has structure to be recognised by."""
    return judge(pixels, pixels).agreement.textured < TEXTURED_FROM


def measure_copies(
    pictures: dict[str, Pixels], smooth: set[str]
) -> dict[str, dict[bool, Counter[Verdict]]]:
    """Verdicts by attack, and by whether the picture has texture."""
    known = {name: describe(pixels) for name, pixels in pictures.items()}
    table: dict[str, dict[bool, Counter[Verdict]]] = {}
    for title, attack in COPIES.items():
        table[title] = {True: Counter(), False: Counter()}
        for name, pixels in pictures.items():
            judgement = judge_described(describe(attack(pixels)), known[name])
            textured = name not in smooth
            table[title][textured][judgement.verdict] += 1
    return table


def print_unrelated(counts: dict[str, Count]) -> None:
    """Table of unrelated pictures, then every wrong or undecided pair by name."""
    print("| unrelated pictures | comparisons | accused | undecided |")
    print("|---|---|---|---|")
    for title, count in counts.items():
        accused = sum(count.verdicts[verdict] for verdict in ACCUSED)
        undecided = count.verdicts[Verdict.UNDECIDED]
        print(f"| {title} | {count.comparisons:,} | {accused} | {undecided} |")
    total = sum(count.comparisons for count in counts.values())
    wrong = [item for count in counts.values() for item in count.wrong]
    accused = sum(1 for item in wrong if item[2] in ACCUSED)
    print(f"| **all** | **{total:,}** | **{accused}** | **{len(wrong) - accused}** |")
    bound = (accused + 2 * accused**0.5 + 3) / total
    print(f"\n95 % bound for one comparison: {bound:.5%} ({accused} of {total:,})")
    for _, score, _, said in wrong:
        print(f"- score {score}, {said}")


def print_copies(table: dict[str, dict[bool, Counter[Verdict]]]) -> None:
    """Table of copies by what was done to them."""
    print("\n| copy | textured pictures found | smooth pictures found | derived | undecided |")
    print("|---|---|---|---|---|")
    for title, strata in table.items():
        cells = []
        for textured in (True, False):
            verdicts = strata[textured]
            found = sum(verdicts[verdict] for verdict in ACCUSED)
            cells.append(f"{found} of {verdicts.total()}")
        both = strata[True] + strata[False]
        print(
            f"| {title} | {cells[0]} | {cells[1]} | {both[Verdict.DERIVED]} "
            f"| {both[Verdict.UNDECIDED]} |"
        )


def write(counts: dict[str, Count]) -> None:
    """Put the counts into the module that is shipped."""
    path = ROOT / "src" / "remarque" / "fingerprints" / "measured.py"
    total = sum(count.comparisons for count in counts.values())
    scores: dict[str, list[int]] = {"keypoints": [], "whole-picture": []}
    for count in counts.values():
        for method, score, verdict, _ in count.wrong:
            if verdict in ACCUSED:
                scores[method].append(score)
    rows = ", ".join(f'"{name}": {tuple(sorted(found))!r}' for name, found in scores.items())
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^COMPARISONS = .*$", f"COMPARISONS = {total:_}", text, flags=re.MULTILINE)
    text = re.sub(
        r"^(ACCUSED: .*) = .*$", lambda m: f"{m[1]} = {{{rows}}}", text, flags=re.MULTILINE
    )
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path, default=ROOT.parent / "shared" / "samples")
    parser.add_argument("--every", type=int, default=1, help="take every Nth picture only")
    parser.add_argument("--write", action="store_true", help="write measured.py")
    asked = parser.parse_args()
    started = time.monotonic()
    pictures = load(asked.samples, asked.every)
    smooth = {name for name, pixels in pictures.items() if is_smooth(pixels)}
    print(f"{len(pictures)} pictures, {len(smooth)} of them smooth")
    print_copies(measure_copies(pictures, smooth))
    print()
    counts = measure_unrelated(pictures)
    print_unrelated(counts)
    if asked.write:
        write(counts)
    print(f"\n{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
