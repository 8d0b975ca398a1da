"""The miniature that ships: attributes followed, decoder, memory of training pictures, seconds.

The judge and the training pictures come from a training run. ``REMARQUE_TRAINING_RUN`` names its
folder; without it the scenes are drawn and the judge is trained first, which takes long. Run alone
it takes another model folder and the number of prompts: ``bench_miniature.py [FOLDER [PROMPTS]]``.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from table import Row, markdown

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))  # the training lies beside the package, not in it

MODEL = ROOT / "src" / "remarque" / "engines" / "miniature"
SEED = 1


def measure(model: Path = MODEL, prompts: int = 256) -> Iterator[Row]:
    """The rows of this table, measured now."""
    from training.plan import Plan, Run
    from training.probe import train_probe
    from training.report import measure as measure_model
    from training.stacks import draw_stack

    with tempfile.TemporaryDirectory() as spare:
        folder = Path(os.environ.get("REMARQUE_TRAINING_RUN", spare))
        run = Run(folder, SEED, Plan(judged=prompts))
        draw_stack(run.stack, SEED, range(run.plan.chunks), run.plan.chunk)
        train_probe(run)
        yield from _rows(measure_model(run, model))


def _rows(figures: object) -> Iterator[Row]:
    from training.judging import overall
    from training.report import Figures, gain

    assert isinstance(figures, Figures)
    for name, (right, asked) in figures.attributes.items():
        unguided = 100 * figures.unguided[name][0] / asked
        judge = figures.probe.get(name)
        told = "" if judge is None else f"; the judge itself {100 * judge:.1f} % right on drawings"
        remark = f"of {asked}; {unguided:.1f} % at guidance 1{told}"
        yield Row(f"right: {name}", 100 * right / asked, "%", remark)
    yield Row("right: all attributes", 100 * overall(figures.attributes), "%", "guidance 3")
    yield Row("right: all attributes", 100 * overall(figures.unguided), "%", "guidance 1")
    yield Row("gained by guidance", gain(figures), "points")
    yield Row("decoder", figures.psnr, "dB", "drawings of held-out scenes, mean latents")
    least, median = figures.nearest_made
    fresh = f"fresh drawings: {figures.nearest_drawn[0]:.1f}"
    yield Row("nearest training picture, least", least, "of 255", fresh)
    fresh = f"fresh drawings: {figures.nearest_drawn[1]:.1f}"
    yield Row("nearest training picture, median", median, "of 255", fresh)
    yield Row("one picture, 20 steps, one core", figures.seconds, "s")
    yield Row("model folder", figures.megabytes, "MB")


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    print(markdown("The miniature", measure(chosen, count)))
