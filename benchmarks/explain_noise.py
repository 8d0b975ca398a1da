"""How much two runs differ that differ in nothing an author chose, in the measure of ``explain``.

The miniature makes the same pictures again, on two threads, in half precision, with a word it has
never seen, and with one phrase less; each is compared with the first in smoothed ΔE, the measure
with which an explanation decides whether a place has changed. Prints the table of
docs/explanation/what-explaining-shows.md.
"""

import os
import sys
from collections.abc import Iterator

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from diffusers import AutoPipelineForText2Image

from remarque.engines.stable_diffusion.shelf import MINIATURE
from remarque.pictures.overlays import Changed, changed_between

PROMPTS = (
    "a red mountain by the sea at sunset, flat poster",
    "a green house and a tree, full moon, ink",
    "a boat on a blue lake, morning, watercolour",
)
STEPS, GUIDANCE = 15, 3.0


def main(seeds: int) -> None:
    """Compare every way with the first run, for so many seeds a prompt, and print the table."""
    torch.set_grad_enabled(False)
    found: dict[str, list[Changed]] = {}
    for prompt in PROMPTS:
        for seed in range(1, seeds + 1):
            for name, changed in compared(prompt, seed):
                found.setdefault(name, []).append(changed)
    print("| other run | pictures | largest ΔE | largest share changed | median share |")
    print("|---|---:|---:|---:|---:|")
    for name, several in found.items():
        shares = [one.share for one in several]
        largest = max(float(one.delta_e.max()) for one in several)
        print(
            f"| {name} | {len(several)} | {largest:.2f} | {max(shares):.2%} "
            f"| {float(np.median(shares)):.2%} |"
        )


def compared(prompt: str, seed: int) -> Iterator[tuple[str, Changed]]:
    """Each way of making the picture again, against the first."""
    torch.set_num_threads(1)
    exact = PIPES["float32"]
    first = paint(exact, prompt, seed)
    yield "the same again", changed_between(first, paint(exact, prompt, seed))
    torch.set_num_threads(2)
    yield "two threads for one", changed_between(first, paint(exact, prompt, seed))
    torch.set_num_threads(1)
    yield "bfloat16 for float32", changed_between(first, paint(PIPES["bfloat16"], prompt, seed))
    more = f"{prompt}, masterpiece"
    yield "“masterpiece” added", changed_between(first, paint(exact, more, seed))
    less = prompt.rpartition(",")[0]
    yield "last phrase removed", changed_between(first, paint(exact, less, seed))
    yield "next seed", changed_between(first, paint(exact, prompt, seed + 1))


def pipes() -> dict[str, object]:
    """The miniature in two precisions."""
    made = {}
    for name in ("float32", "bfloat16"):
        kind = getattr(torch, name)
        made[name] = AutoPipelineForText2Image.from_pretrained(
            MINIATURE, dtype=kind, local_files_only=True
        )
        made[name].set_progress_bar_config(disable=True)
    return made


def paint(pipe: object, prompt: str, seed: int) -> np.ndarray:
    """One picture, uint8 RGB."""
    made = pipe(
        prompt,
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        generator=torch.Generator("cpu").manual_seed(seed),
    )
    return np.asarray(made.images[0].convert("RGB"))


PIPES = pipes()

if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
