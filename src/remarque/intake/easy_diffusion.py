"""Easy Diffusion: one PNG text chunk for each setting, or one JSON object in UserComment.

Sources: easydiffusion/easydiffusion ``ui/easydiffusion/utils/save_utils.py`` (the names, each in a
form for programs and one for people), easydiffusion/sdkit ``sdkit/utils/file_utils.py``.
"""

import re
from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Pass, Recipe, SourceUse

GENERATOR = "Easy Diffusion"
_FOR_PEOPLE = {
    "Prompt": "prompt", "Negative Prompt": "negative_prompt", "Seed": "seed",
    "Stable Diffusion model": "use_stable_diffusion_model", "Clip Skip": "clip_skip",
    "ControlNet model": "use_controlnet_model", "ControlNet Filter": "control_filter_to_apply",
    "ControlNet Strength": "control_alpha", "VAE model": "use_vae_model",
    "Sampler": "sampler_name", "Scheduler": "scheduler_name", "Width": "width",
    "Height": "height", "Steps": "num_inference_steps", "Guidance Scale": "guidance_scale",
    "Distilled Guidance": "distilled_guidance_scale", "Prompt Strength": "prompt_strength",
    "LoRA model": "use_lora_model", "LoRA Strength": "lora_alpha",
    "Hypernetwork model": "use_hypernetwork_model",
    "Hypernetwork Strength": "hypernetwork_strength",
    "Embedding models": "use_embeddings_model", "Seamless Tiling": "tiling",
    "Use Face Correction": "use_face_correction", "Use Upscaling": "use_upscale",
    "Upscale By": "upscale_amount", "Latent Upscaler Steps": "latent_upscaler_steps",
}  # fmt: skip
_NAMES = frozenset(_FOR_PEOPLE.values())
# Only this program has these names together; "prompt" and "seed" alone are anybody's.
_SHAPE = {"prompt", "seed", "num_inference_steps", "guidance_scale", "use_stable_diffusion_model"}
_TOLD = _SHAPE | {
    "negative_prompt", "sampler_name", "scheduler_name", "use_vae_model", "width", "height",
    "prompt_strength",
}  # fmt: skip
_LATENT_UPSCALER = "latent_upscaler"
_QUOTED = re.compile(r"'([^']{0,1000})'|\"([^\"]{0,1000})\"")
_LONGEST_LIST = 20_000


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for the text chunks together, one for each JSON comment."""
    texts = [chunk for chunk in chunks if chunk.place.startswith("PNG")]
    found = [_account({chunk.key: chunk.text for chunk in texts}, _origin(texts))]
    for chunk in chunks:
        raw = parse_object(chunk.text) if chunk.key == "UserComment" else None
        if raw is not None:
            found.append(_account(raw, name_of(chunk)))
    return tuple(account for account in found if account is not None)


def _origin(texts: Sequence[Chunk]) -> str:
    return next((name_of(chunk) for chunk in texts if chunk.key in {"prompt", "Prompt"}), "")


def _account(raw: Mapping[str, Json], origin: str) -> Account | None:
    for_people = raw.keys() & _FOR_PEOPLE.keys() and "Stable Diffusion model" in raw
    told = {(_FOR_PEOPLE.get(key, key) if for_people else key): value for key, value in raw.items()}
    if not told.keys() >= _SHAPE:
        return None
    recipe = _recipe({key: value for key, value in told.items() if key in _NAMES})
    return Account(GENERATOR, wording="easy diffusion", recipe=recipe, origin=origin)


def _recipe(told: Mapping[str, Json]) -> Recipe:
    return Recipe(
        prompt=scalars.words(told.get("prompt")),
        negative_prompt=scalars.words(told.get("negative_prompt")),
        seed=scalars.seed(told.get("seed")),
        steps=scalars.count(told.get("num_inference_steps")),
        cfg=scalars.real(told.get("guidance_scale")),
        sampler=scalars.name(told.get("sampler_name")),
        scheduler=scalars.name(told.get("scheduler_name")),
        model=scalars.name(told.get("use_stable_diffusion_model")),
        vae=scalars.name(told.get("use_vae_model")),
        clip_skip=None,  # written as a yes or no, not as a number of layers
        denoise=scalars.real(told.get("prompt_strength")),
        generated_size=scalars.size(told.get("width"), told.get("height")),
        loras=_loras(told),
        sources=_sources(told),
        passes=_enlarging(told),
        settings=scalars.settings_from(told, without=_TOLD),
    )


def _loras(told: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    """One name and one weight, or lists of them (in PNG text: Python's way of writing a list)."""
    names, weights = _listed(told.get("use_lora_model")), _listed(told.get("lora_alpha"))
    if len(weights) != len(names):
        weights = [None] * len(names)
    return tuple(
        LoraUse(name=found, weight=scalars.real(weight))
        for name, weight in zip(names, weights, strict=True)
        if (found := scalars.name(name)) is not None
    )[:200]


def _listed(raw: Json) -> list[Json]:
    if isinstance(raw, list):
        return raw
    text = raw.strip() if isinstance(raw, str) else ""
    if not (text[:1] == "[" and text[-1:] == "]" and len(text) <= _LONGEST_LIST):
        return [raw]
    quoted = [one or other for one, other in _QUOTED.findall(text)]
    return list(quoted or text[1:-1].split(","))


def _sources(told: Mapping[str, Json]) -> tuple[SourceUse, ...]:
    """The program names neither picture; a prompt strength is only written with an init picture."""
    found = []
    if (strength := scalars.real(told.get("prompt_strength"))) is not None:
        found.append(SourceUse("init", strength=strength))
    if (model := scalars.name(told.get("use_controlnet_model"))) is not None:
        weight = scalars.real(told.get("control_alpha"))
        found.append(SourceUse("control", model=model, strength=weight))
    return tuple(found)


def _enlarging(told: Mapping[str, Json]) -> tuple[Pass, ...]:
    """The latent upscaler samples again; the other upscalers only enlarge (see the settings)."""
    if told.get("use_upscale") != _LATENT_UPSCALER:
        return ()
    return (
        Pass(
            role="hires",
            steps=scalars.count(told.get("latent_upscaler_steps")),
            upscale=scalars.real(told.get("upscale_amount")),
            upscaler=_LATENT_UPSCALER,
        ),
    )
