"""The model card: what the miniature is, what it is not, how good it measured, its digests."""

from pathlib import Path

from training.bars import bars
from training.export import CARD, digests
from training.judging import overall
from training.plan import Run
from training.report import Figures, read_report
from training.timekeeping import stage_seconds

_TRAINED = ("world", "vae", "latents", "reader", "small", "unet", "decoder")

_ABOUT = """\
---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---

# The miniature

A small but genuine Stable Diffusion: AutoencoderKL, UNet2DConditionModel, CLIP text encoder and
tokenizer in diffusers' folder format, float16, for 256x256 pictures. It ships with Remarque so
that every path through a diffusion model can be shown and tested on a machine that has no other
model and no GPU.

**What it is not.** It is no picture model for an artist's work. It knows one drawn world of
about {words} words: mountains, sea, meadow, desert, snow, sun and moon, boats, houses, trees,
flowers, birds, clouds and stars, in four styles (flat poster, woodblock print, watercolour, ink
wash). Other words do nothing sensible.

**What it learnt from.** Pictures drawn and captioned by `training/world` of this repository.
No photograph, no other person's picture, no downloaded weight was used. Licence: Apache-2.0.
"""

_WORDS = 130
NOTES = "notes.md"  # what was done by hand in a run, told in its card


def write_card(run: Run, folder: Path | None = None) -> None:
    """Write the card of the run's model folder, or of a copy of it elsewhere."""
    target = folder or run.folder / "miniature"
    figures = read_report(run)
    parts = [_ABOUT.format(words=_WORDS), _how(run), _measured(run, figures), _files(target)]
    (target / CARD).write_text("\n".join(parts), encoding="utf-8")


def _how(run: Run) -> str:
    minutes = {name: seconds / 60 for name, seconds in stage_seconds(run.folder).items()}
    spent = ", ".join(f"{name} {minutes[name]:.0f}" for name in _TRAINED if name in minutes)
    plan = run.plan
    return "\n".join(
        [
            "## How it was trained",
            "",
            f"`python -m training all --seed {run.seed} --out DIR`: "
            f"{plan.chunks * plan.chunk:,} scenes, autoencoder {plan.vae_steps:,} steps of "
            f"{plan.vae_batch * run.processes} crops, text encoder alone {plan.reader_steps:,} "
            f"steps, UNet and text encoder {plan.small_steps:,} steps of "
            f"{plan.small_batch * run.processes} pictures at half size and {plan.unet_steps:,} of "
            f"{plan.unet_batch * run.processes} whole ones, decoder "
            f"{plan.decoder_steps:,} steps more. "
            "Steps are counted, not seconds; an interrupted run goes on where it was.",
            "",
            f"Minutes on two shared CPU cores, as they passed in this run: {spent or 'not kept'}.",
            "",
            *_notes(run.folder / NOTES),
        ]
    )


def _notes(path: Path) -> list[str]:
    return [path.read_text(encoding="utf-8"), ""] if path.exists() else []


def _measured(run: Run, figures: Figures) -> str:
    rows = [
        f"| {name} | {100 * right / asked:.1f} % | {100 * figures.unguided[name][0] / asked:.1f} %"
        f" | {asked} | {probe_share(figures, name)} |"
        for name, (right, asked) in figures.attributes.items()
    ]
    return "\n".join(
        [
            "## Measured",
            "",
            f"{run.plan.judged} prompts whose combinations of style, time, setting and mountain "
            "colour occur nowhere in training, every attribute read off the picture by a separate "
            "network trained on drawings only; 20 steps, fixed seeds.",
            "",
            "| asked for | right at guidance 3 | at guidance 1 | asked | the judge itself |",
            "|---|---:|---:|---:|---:|",
            *rows,
            f"| **all** | **{100 * overall(figures.attributes):.1f} %** | "
            f"{100 * overall(figures.unguided):.1f} % | "
            f"{sum(asked for _, asked in figures.attributes.values())} | |",
            "",
            "| bar | asked | measured | |",
            "|---|---:|---:|---|",
            *(bar.line() for bar in bars(figures)),
            "",
            "- Nearest training picture (32x32 averages, root mean square in steps of 255): "
            "least "
            f"{figures.nearest_made[0]:.1f}, median {figures.nearest_made[1]:.1f}; fresh drawings "
            f"lie {figures.nearest_drawn[0]:.1f} and {figures.nearest_drawn[1]:.1f} away.",
            "",
        ]
    )


def probe_share(figures: Figures, name: str) -> str:
    """Return how often the judge reads this attribute rightly off drawings, as text."""
    share = figures.probe.get(name)
    return "" if share is None else f"{100 * share:.1f} %"


def _files(folder: Path) -> str:
    lines = [f"| {name} | `{digest}` |" for name, digest in digests(folder).items()]
    return "\n".join(["## Files", "", "| file | SHA-256 |", "|---|---|", *lines, ""])
