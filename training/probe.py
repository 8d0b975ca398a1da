"""An independent judge: a small network that reads the attributes off a picture.

It learns from drawn pictures of all combinations, held-out ones among them, and never sees a
picture of the miniature; blur, shifts and noise keep it from leaning on the finest details.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.plan import Run
from training.saving import load_state, save_state
from training.stacks import Pictures, open_stack
from training.world.canvas import SIDE
from training.world.drawing import draw
from training.world.scene import (
    FLOWERS,
    HOUSES,
    MOUNTAINS,
    SAILS,
    SETTINGS,
    SIDES,
    STYLES,
    TIMES,
    TREES,
    Scene,
    chance,
    sample_scenes,
)

_NONE = ("none",)
CLASSES: dict[str, tuple[str, ...]] = {
    "style": STYLES,
    "time": TIMES,
    "setting": SETTINGS,
    "mountain": _NONE + MOUNTAINS,
    "mountains": ("0", "1", "2", "3"),
    "orb": _NONE + SIDES,
    "clouds": ("no", "yes"),
    "stars": ("no", "yes"),
    "birds": ("0", "1", "2", "3"),
    "boats": ("0", "1", "2", "3"),
    "sail": _NONE + SAILS,
    "boat_side": _NONE + SIDES,
    "house": _NONE + HOUSES,
    "house_side": _NONE + SIDES,
    "tree": _NONE + TREES,
    "trees": ("0", "1", "2", "3"),
    "flowers": _NONE + FLOWERS,
}


def answers(scene: Scene) -> dict[str, str]:
    """Return what the judge should read off a drawing of the scene."""
    read = {}
    for name in CLASSES:
        value = getattr(scene, name)
        if isinstance(value, bool):
            read[name] = "yes" if value else "no"
        else:
            read[name] = "none" if value is None else str(value)
    return read


def labels(scenes: list[Scene]) -> Tensor:
    """Return the class numbers of scenes, one row for each."""
    rows = [
        [CLASSES[name].index(value) for name, value in answers(scene).items()] for scene in scenes
    ]
    return torch.tensor(rows)


class Probe(nn.Module):
    """A convolutional network on 128x128 averages with one answer per attribute."""

    def __init__(self) -> None:
        """Build it untrained."""
        super().__init__()
        layers: list[nn.Module] = []
        widths = (3, 24, 40, 64, 96)
        for index, (before, after) in enumerate(pairwise(widths)):
            size = 5 if index == 0 else 3
            layers += [
                nn.Conv2d(before, after, size, 2, size // 2, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            if index:
                layers += [
                    nn.Conv2d(after, after, 3, 1, 1, bias=False),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                ]
        self.eyes = nn.Sequential(*layers)
        self.mind = nn.Sequential(nn.Linear(96 * 64, 192), nn.ReLU(), nn.Dropout(0.1))
        self.tongue = nn.ModuleList(nn.Linear(192, len(kinds)) for kinds in CLASSES.values())

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the scores of every attribute for 128x128 pictures in -1 to 1."""
        seen = self.mind(self.eyes(pictures).flatten(1))
        return [word(seen) for word in self.tongue]


def halved(pictures: Pictures) -> Tensor:
    """Return pictures as 128x128 averages, 0 to 255, channels first."""
    seen = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    return functional.adaptive_avg_pool2d(seen, SIDE // 2)


def read_attributes(probe: Probe, pictures: Pictures) -> list[dict[str, str]]:
    """Return what the probe reads off pictures (256x256x3, 0 to 255)."""
    with torch.no_grad():
        scores = probe(halved(pictures) / 127.5 - 1)
    best = [score.argmax(1).tolist() for score in scores]
    return [
        {name: CLASSES[name][best[place][index]] for place, name in enumerate(CLASSES)}
        for index in range(len(pictures))
    ]


def _lesson(run: Run) -> tuple[Tensor, Tensor]:
    """Return small pictures and answers: the stack, and fresh drawings of held-out scenes."""
    stack, scenes = open_stack(run.stack)
    rng = np.random.default_rng((run.seed, 11))
    fresh = sample_scenes(rng, len(scenes) // 7, held_out=True)
    drawn = [draw(scene).picture for scene in fresh]
    parts = [halved(np.asarray(chunk)).byte() for chunk in stack]
    parts += [halved(np.stack(drawn[i : i + 500])).byte() for i in range(0, len(drawn), 500)]
    sharp = torch.tensor([not scene.soft for scene in scenes + fresh])
    return torch.cat(parts)[sharp], labels(scenes + fresh)[sharp]


def train_probe(run: Run) -> None:
    """Train the probe and keep it beside the run's other states."""
    target = run.folder / "probe.pt"
    if target.exists():
        return
    torch.set_num_threads(1)
    torch.manual_seed(run.seed)
    rng = np.random.default_rng((run.seed, 13))
    pictures, wanted = _lesson(run)
    probe = Probe().train()
    pace = torch.optim.AdamW(probe.parameters(), lr=2e-3, weight_decay=0.02)
    course = torch.optim.lr_scheduler.OneCycleLR(pace, 3e-3, run.plan.probe_steps)
    for step in range(run.plan.probe_steps):
        chosen = torch.from_numpy(rng.integers(0, len(pictures), 48))
        blurred = _worn(pictures[chosen].float() / 127.5 - 1, rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = probe(blurred)
        loss = torch.stack(
            [
                functional.cross_entropy(score.float(), wanted[chosen, place])
                for place, score in enumerate(scores)
            ]
        ).sum()
        pace.zero_grad()
        loss.backward()
        pace.step()
        course.step()
        if (step + 1) % 200 == 0:
            print(f"probe step {step + 1} loss {float(loss):.3f}", flush=True)  # noqa: T201
    save_state(target, {"probe": probe.state_dict()})


def _worn(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Blur, shift and roughen a batch, as a generated picture may be."""
    if chance(rng, 0.6):
        size = int(rng.integers(44, 112))
        small = functional.interpolate(pictures, size, mode="area")
        pictures = functional.interpolate(small, SIDE // 2, mode="bilinear")
    shift = (int(rng.integers(-3, 4)), int(rng.integers(-3, 4)))
    pictures = torch.roll(pictures, shift, (2, 3))
    tint = torch.randn(len(pictures), 3, 1, 1) * 0.03
    return pictures + tint + torch.randn_like(pictures) * 0.05 * float(rng.random())


def load_probe(run: Run) -> Probe:
    """Load the trained probe."""
    probe = Probe()
    state: Any = load_state(run.folder / "probe.pt")
    probe.load_state_dict(state["probe"])
    return probe.eval()


def probe_accuracy(probe: Probe, scenes: list[Scene], drawn: Pictures) -> dict[str, float]:
    """Return, for each attribute, the share of drawings the probe reads rightly."""
    read = read_attributes(probe, drawn)
    right = {
        name: np.array([r[name] == answers(s)[name] for r, s in zip(read, scenes, strict=True)])
        for name in CLASSES
    }
    return {name: float(values.mean()) for name, values in right.items()}
