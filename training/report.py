"""Measures a finished model folder and keeps the figures beside the run."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline

from training.judging import judge, make_pictures, nearest, overall, write_orders
from training.plan import Run
from training.probe import load_probe, probe_accuracy
from training.stacks import Pictures, open_stack
from training.vae import as_input, psnr
from training.world.drawing import draw
from training.world.scene import sample_scenes

_DRAWN = 64  # held-out scenes drawn to judge the autoencoder and the probe


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one model folder.

    `attributes` and `unguided` hold right answers and questions by attribute, at guidance 3 and 1;
    distances are root mean square differences, in steps of 255, of 32x32 averages; `seconds` is
    one picture of 20 steps on one core; `megabytes` is 10**6 bytes of the whole folder.
    """

    attributes: dict[str, tuple[int, int]]
    unguided: dict[str, tuple[int, int]]
    probe: dict[str, float]
    psnr: float
    nearest_made: tuple[float, float]
    nearest_drawn: tuple[float, float]
    seconds: float
    megabytes: float


def open_model(folder: Path) -> StableDiffusionPipeline:
    """Load a model folder in float32, as a machine without a GPU runs it."""
    pipeline: StableDiffusionPipeline = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def measure(run: Run, folder: Path) -> Figures:
    """Measure a model folder with the run's probe and against the run's training pictures."""
    torch.set_num_threads(1)
    pipeline, probe = open_model(folder), load_probe(run)
    rng = np.random.default_rng((run.seed, 17))
    scenes = [s for s in sample_scenes(rng, 2 * _DRAWN, held_out=True) if not s.soft][:_DRAWN]
    drawn = np.stack([draw(scene).picture for scene in scenes])
    orders = write_orders(rng, run.plan.judged)
    prompts = [order.prompt for order in orders]
    made = make_pictures(pipeline, prompts, 1000)
    plain = make_pictures(pipeline, prompts, 1000, guidance=1.0)
    stack, _ = open_stack(run.stack)
    return Figures(
        attributes=judge(orders, made, probe),
        unguided=judge(orders, plain, probe),
        probe=probe_accuracy(probe, scenes, drawn),
        psnr=measure_psnr(pipeline.vae, drawn),
        nearest_made=_least_and_median(made, stack),
        nearest_drawn=_least_and_median(drawn, stack),
        seconds=measure_seconds(pipeline),
        megabytes=sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6,
    )


@torch.no_grad()
def measure_psnr(vae: AutoencoderKL, drawn: Pictures) -> float:
    """Return the decoder's signal-to-noise ratio in dB on whole pictures, mean latents."""
    wanted = as_input(drawn)
    made = [vae.decode(vae.encode(part).latent_dist.mode()).sample for part in wanted.split(8)]
    return psnr(torch.cat(made), wanted)


def measure_seconds(pipeline: StableDiffusionPipeline) -> float:
    """Return the median seconds of three single pictures, 20 steps, guidance 3."""
    spent = []
    for seed in range(4):
        began = time.perf_counter()
        make_pictures(pipeline, ["a red mountain, sea, night"], seed)
        spent.append(time.perf_counter() - began)
    return float(np.median(spent[1:]))  # the first one pays for allocations


def _least_and_median(pictures: Pictures, stack: list[Pictures]) -> tuple[float, float]:
    distances = nearest(pictures, stack)
    return float(distances.min()), float(np.median(distances))


def write_report(run: Run) -> None:
    """Measure the run's model folder and write figures.json."""
    figures = measure(run, run.folder / "miniature")
    (run.folder / "figures.json").write_text(json.dumps(asdict(figures), indent=1), "utf-8")


def read_report(run: Run) -> Figures:
    """Read what `write_report` wrote."""
    kept = json.loads((run.folder / "figures.json").read_text("utf-8"))
    for name, value in kept.items():
        if isinstance(value, list):
            kept[name] = tuple(value)
    return Figures(**kept)


def gain(figures: Figures) -> float:
    """Return by how many points guidance 3 is better than no guidance."""
    return 100 * (overall(figures.attributes) - overall(figures.unguided))
