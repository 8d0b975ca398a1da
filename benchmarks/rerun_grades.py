"""What happens to a picture made again: the differences on which the grades of a rerun rest.

The miniature makes the same pictures on one and two threads, in half precision, at the next seed,
with one word changed, one object less, another sampler and one step more; each is compared with
the first.
Prints a table, a row for each way.
"""

import os
import statistics
import sys
from collections.abc import Iterator

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from diffusers import AutoPipelineForText2Image, EulerDiscreteScheduler

from remarque.engines.stable_diffusion.shelf import MINIATURE
from remarque.fingerprints.pdq import distance, pdq
from remarque.model.reruns import PictureDifference
from remarque.pictures.decoding import decode
from remarque.pictures.differing import difference_of, grade_of
from remarque.pictures.encoding import encode

PROMPTS = (
    "a red mountain by the sea at sunset, flat poster",
    "a white boat on the sea at night, watercolour",
    "a small house by a meadow under a full moon, ink wash",
    "a blue mountain and a boat at sunset, woodblock print",
)
CHANGED = {"red": "blue", "white": "red", "meadow": "desert", "blue": "red"}
LESS = {"a white boat on the sea": "the sea", "a small house by ": "", " and a boat": ""}
STEPS = 15
GUIDANCE = 3.0


def main(count: int, halves: int) -> None:
    """Make ``count`` pictures in every way, ``halves`` of them in float16 too; print the table.

    Processors without float16 arithmetic take half a minute for one such picture.
    """
    torch.set_grad_enabled(False)
    found: dict[str, list[PictureDifference]] = {}
    for number in range(count):
        for name, difference in compared(
            PROMPTS[number % len(PROMPTS)], number, half=number < halves
        ):
            found.setdefault(name, []).append(difference)
    print("| made again | pictures | largest | mean | furthest place | PDQ bits | graded |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for name, differences in found.items():
        print(row(name, differences))


def compared(prompt: str, number: int, *, half: bool) -> Iterator[tuple[str, PictureDifference]]:
    """Each way of making the picture again, and how it differs from the first."""
    seed = 100 + 7 * number
    torch.set_num_threads(1)
    exact = PIPES["float32"]
    first = paint(exact, prompt, seed)
    yield "one thread again", against(first, paint(exact, prompt, seed))
    torch.set_num_threads(2)
    yield "two threads", against(first, paint(exact, prompt, seed))
    torch.backends.mkldnn.enabled = False
    yield "without oneDNN", against(first, paint(exact, prompt, seed))
    torch.backends.mkldnn.enabled = True
    yield "bfloat16", against(first, paint(PIPES["bfloat16"], prompt, seed))
    if half:
        yield "float16", against(first, paint(PIPES["float16"], prompt, seed))
    for quality in (95, 75, 50):
        name = f"saved as JPEG, quality {quality}"
        yield name, against(first, decode(encode(first, "image/jpeg", quality=quality)).pixels)
    yield "one step more", against(first, paint(exact, prompt, seed, steps=STEPS + 1))
    yield "Euler for DPM++ 2M", against(first, paint(PIPES["euler"], prompt, seed))
    yield "guidance 3.5 for 3", against(first, paint(exact, prompt, seed, guidance=3.5))
    for word, other in CHANGED.items():
        if f" {word} " in f" {prompt} ":
            again = paint(exact, prompt.replace(word, other), seed)
            yield "one word changed", against(first, again)
    for words, rest in LESS.items():
        if words in prompt:
            yield "one object less", against(first, paint(exact, prompt.replace(words, rest), seed))
    yield "next seed", against(first, paint(exact, prompt, seed + 1))


def pipes() -> dict[str, object]:
    """The miniature in each precision, and with another sampler."""
    made = {}
    for name in ("float32", "bfloat16", "float16"):
        kind = getattr(torch, name)
        made[name] = AutoPipelineForText2Image.from_pretrained(
            MINIATURE, dtype=kind, local_files_only=True
        )
    euler = AutoPipelineForText2Image.from_pipe(made["float32"])
    euler.scheduler = EulerDiscreteScheduler.from_config(euler.scheduler.config)
    made["euler"] = euler
    for pipe in made.values():
        pipe.set_progress_bar_config(disable=True)
    return made


def paint(
    pipe: object, prompt: str, seed: int, *, steps: int = STEPS, guidance: float = GUIDANCE
) -> np.ndarray:
    """One picture, uint8 RGB."""
    generator = torch.Generator("cpu").manual_seed(seed)
    made = pipe(
        prompt,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=generator,
        output_type="pil",
    )
    return np.asarray(made.images[0].convert("RGB"))


def against(first: np.ndarray, again: np.ndarray) -> PictureDifference:
    """The difference with the distance of the fingerprints."""
    return difference_of(first, again, distance=distance(pdq(first), pdq(again)))


def row(name: str, found: list[PictureDifference]) -> str:
    """Smallest to largest of each figure, and how often each grade was given."""
    grades = [grade_of(one).value for one in found]
    counted = ", ".join(f"{grade} {grades.count(grade)}" for grade in sorted(set(grades)))
    means = [one.mean for one in found]
    spread = f"{min(means):.4f} to {max(means):.4f} (median {statistics.median(means):.4f})"
    largest = f"{min(o.largest for o in found)} to {max(o.largest for o in found)}"
    place = f"{min(o.place for o in found):.1f} to {max(o.place for o in found):.1f}"
    bits = f"{min(o.distance for o in found)} to {max(o.distance for o in found)}"
    return f"| {name} | {len(found)} | {largest} | {spread} | {place} | {bits} | {counted} |"


PIPES = pipes()

if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given) if len(given) == 2 else main(2, 0)
