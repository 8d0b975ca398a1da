"""A recipe as a request to ``/sdapi/v1/txt2img`` or ``img2img``.

Source of the fields: ``modules/processing.py`` (``StableDiffusionProcessing*``) and
``modules/api/models.py`` of Forge dfcdbab and AUTOMATIC1111 1.10.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from remarque.actions.orders import Order
from remarque.engines.webui_models import WebuiModels, lora_names, sampler_for, title_of, vae_for
from remarque.errors import UsageError
from remarque.model.canonical import Json
from remarque.model.phrases import Phrase
from remarque.model.prompts import PhraseKind, parse_prompt
from remarque.model.recipe import Pass, Recipe, SourceUse

_KNOWN_ROLES = {"init", "mask"}
_FILLS = ("fill", "original", "latent noise", "latent nothing")  # inpainting_fill, by place
_SQUARE = re.compile(r"(?<!\\)[\[\]]")
_ANY_BRACKET = re.compile(r"[()\[\]]")
_WEIGHTS = "Weights of words are not shown to act alike in the web UI."
_LORA_TAG = re.compile(r"<lora:([^:<>]{1,300})[:>]")
# Settings an infotext names and the request field each one fills.
_NUMBERS = {
    "Variation seed": "subseed",
    "Variation seed strength": "subseed_strength",
    "Mask blur": "mask_blur",
    "Masked area padding": "inpaint_full_res_padding",
    "Distilled CFG Scale": "distilled_cfg_scale",
    "Refiner switch at": "refiner_switch_at",
    "Sigma churn": "s_churn",
    "Sigma tmin": "s_tmin",
    "Sigma tmax": "s_tmax",
    "Sigma noise": "s_noise",
}
_OVERRIDDEN = {
    "ENSD": "eta_noise_seed_delta",
    "Eta": "eta_ancestral",
    "Eta DDIM": "eta_ddim",
    "RNG": "randn_source",
    "Emphasis": "emphasis",
    "Token merging ratio": "token_merging_ratio",
    "NGMS": "s_min_uncond",
    "SGM noise multiplier": "sgm_noise_multiplier",
}
# What a text says of the program or the files, not of what is asked for.
_SAID_ELSEWHERE = {
    "Version", "Lora hashes", "Hashes", "TI hashes", "VAE hash", "Mask mode", "Inpaint area",
    "Masked content", "Denoising strength", "First pass size",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` of the route, ``body`` as JSON; ``assumed`` are sentences for people."""

    path: str
    body: dict[str, Json]
    assumed: tuple[str, ...]
    loras: Mapping[str, str]


def request_of(order: Order, has: WebuiModels, title: str) -> Request:
    """The request for one picture with the model of that title.

    Raises:
        ModelMissing: The program lacks a VAE or LoRA of the recipe.
        UsageError: The recipe asks for what the interface cannot do, or a picture is not at hand.
    """
    recipe = order.recipe
    _refuse_unknown(recipe)
    loras = lora_names(recipe, has)
    sampler, scheduler, said = sampler_for(recipe.sampler, recipe.scheduler, has)
    prompt, prompt_said = _prompt(order, loras)
    negative, negative_said = _in_syntax(recipe.negative_prompt or "", order)
    wanted: dict[str, Json] = {
        "prompt": prompt,
        "negative_prompt": negative,
        "seed": recipe.seed,
        "steps": recipe.steps,
        "cfg_scale": recipe.cfg,
        "sampler_name": sampler,
        "scheduler": scheduler,
        "width": recipe.generated_size.width if recipe.generated_size else None,
        "height": recipe.generated_size.height if recipe.generated_size else None,
        "batch_size": 1,
        "n_iter": 1,
        "send_images": True,
        "save_images": False,
        "override_settings_restore_afterwards": True,
    }
    overrides, unread = _settings(recipe, has, title, wanted)
    wanted["override_settings"] = overrides
    start = next((use for use in recipe.sources if use.role == "init"), None)
    body = wanted | (_from_text(recipe, has) if start is None else _from_picture(order, start))
    assumed = (*said, *prompt_said, *negative_said, *unread, *_open(body))
    path = "/sdapi/v1/txt2img" if start is None else "/sdapi/v1/img2img"
    kept = {key: value for key, value in body.items() if value is not None}
    return Request(path, kept, tuple(dict.fromkeys(assumed)), loras)


def _refuse_unknown(recipe: Recipe) -> None:
    roles = sorted({use.role for use in recipe.sources} - _KNOWN_ROLES)
    passes = sorted({each.role for each in recipe.passes} - {"hires", "refiner"})
    outpaint = any(setting.name == "outpaint" for setting in recipe.settings)
    unknown = [*roles, *passes, *(["outpaint"] if outpaint else [])]
    if unknown:
        raise UsageError(
            f"the web UI's interface cannot be asked for: {', '.join(unknown)}",
            hint="They are parts of extensions; make the picture in the web UI itself.",
        )


def _prompt(order: Order, loras: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The prompt with each LoRA in it by name; those written there already stay as they are."""
    text, said = _in_syntax(order.recipe.prompt or "", order)
    written = set(_LORA_TAG.findall(text))
    for use in order.recipe.loras:
        if not {use.name, loras[use.name]} & written:
            weight = 1.0 if use.weight is None else use.weight
            apart = use.text_weight is not None and use.text_weight != weight
            weights = f"{use.text_weight:g}:{weight:g}" if apart else f"{weight:g}"
            text += f" <lora:{loras[use.name]}:{weights}>"
    return text.strip(), said


def _in_syntax(text: str, order: Order) -> tuple[str, tuple[str, ...]]:
    """A prompt of another syntax in AUTOMATIC1111's."""
    if order.syntax == "automatic1111":
        return text, ()
    if order.syntax == "comfyui":  # round brackets mean the same, square ones stand for themselves
        return _SQUARE.sub(r"\\\g<0>", text), (_WEIGHTS,) if "(" in text else ()
    if order.syntax == "plain":
        return _ANY_BRACKET.sub(r"\\\g<0>", text), ()
    phrases = parse_prompt(text, order.syntax)
    kinds = {phrase.kind for phrase in phrases}
    said = ["The prompt was written anew for the web UI, its phrases joined with commas.", _WEIGHTS]
    if kinds - {PhraseKind.WORDS, PhraseKind.LORA, PhraseKind.BREAK}:
        said.append("Parts of the prompt that the web UI does not know were left out.")
    written = ", ".join(_written(each) for each in phrases if each.kind is PhraseKind.WORDS)
    return written, tuple(said) if written != text else ()


def _written(phrase: Phrase) -> str:
    text = _ANY_BRACKET.sub(r"\\\g<0>", phrase.text)
    return text if phrase.weight == 1 else f"({text}:{phrase.weight:g})"


def _from_text(recipe: Recipe, has: WebuiModels) -> dict[str, Json]:
    """The fields of ``txt2img``: the upscale pass."""
    hires = next((each for each in recipe.passes if each.role == "hires"), None)
    if hires is None:
        return {"denoising_strength": recipe.denoise}
    return {"enable_hr": True, **_hires(hires, recipe, has)}


def _hires(hires: Pass, recipe: Recipe, has: WebuiModels) -> dict[str, Json]:
    sampler, scheduler, _ = (
        sampler_for(hires.sampler, hires.scheduler, has)
        if hires.sampler
        else (None, hires.scheduler, ())
    )
    by_size = hires.upscale is None and recipe.final_size is not None
    return {
        "hr_scale": None if by_size else hires.upscale,
        "hr_resize_x": recipe.final_size.width if by_size and recipe.final_size else None,
        "hr_resize_y": recipe.final_size.height if by_size and recipe.final_size else None,
        "hr_upscaler": hires.upscaler or "Latent",
        "hr_second_pass_steps": hires.steps,
        "denoising_strength": hires.denoise,
        "hr_sampler_name": sampler,
        "hr_scheduler": scheduler,
        "hr_checkpoint_name": title_of(hires.model, has),
        "hr_cfg": hires.cfg,
        "hr_prompt": hires.prompt,
        "hr_negative_prompt": hires.negative_prompt,
    }


def _from_picture(order: Order, start: SourceUse) -> dict[str, Json]:
    """The fields of ``img2img``: start picture, mask, strength."""
    recipe = order.recipe
    mask = next((use for use in recipe.sources if use.role == "mask"), None)
    told = {setting.name: setting.value.casefold() for setting in recipe.settings}
    fill = told.get("Masked content", "original")
    return {
        "init_images": [_encoded(order, start)],
        "denoising_strength": recipe.denoise if recipe.denoise is not None else start.strength,
        "mask": _encoded(order, mask) if mask is not None else None,
        "inpainting_fill": _FILLS.index(fill) if mask and fill in _FILLS else None,
        "inpainting_mask_invert": int("not masked" in told.get("Mask mode", "")) if mask else None,
        "inpaint_full_res": told.get("Inpaint area") == "only masked" if mask else None,
    }


def _encoded(order: Order, use: SourceUse) -> str:
    content = order.pictures.get(use.digest) if use.digest is not None else None
    if content is None:
        raise UsageError(
            f"the {use.role} picture {use.name or ''!r} is not at hand",
            hint="A picture that goes in must be in the vault, or given again.",
        )
    return base64.b64encode(content).decode("ascii")


def _settings(
    recipe: Recipe, has: WebuiModels, title: str, wanted: dict[str, Json]
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Settings that hold for this picture alone; a sentence on those nobody knows here."""
    overrides: dict[str, Json] = {"sd_model_checkpoint": title}
    vae = vae_for(recipe, has)
    if vae is not None:
        overrides["sd_vae"] = vae
    if recipe.clip_skip is not None:
        overrides["CLIP_stop_at_last_layers"] = recipe.clip_skip
    refiner = next((each for each in recipe.passes if each.role == "refiner"), None)
    wanted["refiner_checkpoint"] = title_of(refiner.model if refiner else None, has)
    unread = []
    for setting in recipe.settings:
        if setting.name in _NUMBERS:
            wanted[_NUMBERS[setting.name]] = _number(setting.value)
        elif setting.name in _OVERRIDDEN:
            number = _number(setting.value)
            overrides[_OVERRIDDEN[setting.name]] = setting.value if number is None else number
        elif setting.name not in _SAID_ELSEWHERE and not setting.name.startswith("Hires "):
            unread.append(setting.name)
    # The program stops with an error at a setting it does not have.
    unread += [name for name in overrides if name not in has.options]
    overrides = {name: value for name, value in overrides.items() if name in has.options}
    said = f"These recorded settings were not handed on: {', '.join(unread[:12])}."
    return overrides, (said,) if unread else ()


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None  # noqa: PLR2004  undefined numbers are no JSON


def _open(body: Mapping[str, Json]) -> list[str]:
    """What the recipe left open and the program fills with defaults of its own."""
    names = {
        "seed": "the seed (it draws one)",
        "steps": "the steps",
        "cfg_scale": "the guidance",
        "width": "the size",
    }
    if "init_images" in body:
        names["denoising_strength"] = "the strength"
    left = [what for field, what in names.items() if body.get(field) is None]
    return [f"The recipe leaves open: {', '.join(left)}; the web UI took its own."] if left else []
