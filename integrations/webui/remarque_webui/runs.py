"""One run of the web UI (one press of Generate): what is taken down of it, and kept until used."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

# Fields of StableDiffusionProcessing that hold what the run was asked for.
_ASKED = (
    "prompt",
    "negative_prompt",
    "styles",
    "seed",
    "subseed",
    "subseed_strength",
    "seed_resize_from_h",
    "seed_resize_from_w",
    "sampler_name",
    "scheduler",
    "batch_size",
    "n_iter",
    "steps",
    "cfg_scale",
    "distilled_cfg_scale",
    "width",
    "height",
    "restore_faces",
    "tiling",
    "eta",
    "denoising_strength",
    "enable_hr",
    "hr_scale",
    "hr_upscaler",
    "hr_second_pass_steps",
    "hr_resize_x",
    "hr_resize_y",
    "hr_checkpoint_name",
    "hr_sampler_name",
    "hr_prompt",
    "hr_negative_prompt",
    "refiner_checkpoint",
    "refiner_switch_at",
    "resize_mode",
    "mask_blur",
    "inpainting_fill",
    "inpaint_full_res",
    "inpaint_full_res_padding",
    "inpainting_mask_invert",
    "override_settings",
    "extra_generation_params",
)
_LISTS = ("all_prompts", "all_negative_prompts", "all_seeds", "all_subseeds")
_DEEPEST = 6


@dataclass
class WebuiRun:
    """A run under way.

    ``expected`` pictures were decoded, ``made`` were finished one by one, ``told`` were handed
    over; ``saved`` are the numbers of those saved, ``open_pictures`` those that are neither saved
    nor handed out yet.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(8))
    started: str = ""
    models: list[Any] = field(default_factory=list)
    inputs: list[tuple[str, Any]] = field(default_factory=list)
    inputs_taken: bool = False
    expected: int = 0
    made: int = 0
    told: int = 0
    saved: set[Any] = field(default_factory=set)
    open_pictures: dict[int, Any] = field(default_factory=dict)


def executed_text(p):
    """What the program was asked and the seeds it drew, as JSON."""
    told = {name: _plain(getattr(p, name)) for name in (*_ASKED, *_LISTS) if hasattr(p, name)}
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def index_now(p):
    """The number of the picture that is being finished, from 0; None outside the loop."""
    iteration, place = getattr(p, "iteration", None), getattr(p, "batch_index", None)
    size = getattr(p, "batch_size", None)
    if not all(isinstance(one, int) for one in (iteration, place, size)):
        return None
    return iteration * size + place


def seeds_of(p, index):
    """Seed and variation seed of one picture, as the program drew them."""
    found = []
    for name, label in (("all_seeds", "seed"), ("all_subseeds", "variation seed")):
        drawn = getattr(p, name, None)
        if isinstance(drawn, list) and index is not None and index < len(drawn):
            found.append([f"{label} of this picture", str(drawn[index])])
    strength = getattr(p, "subseed_strength", None)
    if found and strength is not None:
        found.append(["variation strength", str(strength)])
    return found


def _plain(value, depth=0):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if depth < _DEEPEST and isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    return f"({type(value).__name__})"
