"""Easy Diffusion: one PNG text chunk for each setting, or one JSON object in UserComment."""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import parse_object
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, LoraUse, Recipe

GENERATOR = "Easy Diffusion"
# Only this program has these names together; "prompt" and "seed" alone are anybody's.
_SHAPE = {"prompt", "seed", "num_inference_steps", "guidance_scale", "use_stable_diffusion_model"}
_TOLD = _SHAPE | {
    "negative_prompt", "sampler_name", "scheduler_name", "use_vae_model", "clip_skip", "width",
    "height", "prompt_strength",
}  # fmt: skip


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for the text chunks together, one for each JSON comment."""
    texts = {chunk.key: chunk for chunk in chunks if chunk.place.startswith("PNG")}
    found = []
    if texts.keys() >= _SHAPE:
        told = {key: chunk.text for key, chunk in texts.items() if key in _TOLD}
        found.append(_account(told, name_of(texts["prompt"])))
    for chunk in chunks:
        raw = parse_object(chunk.text) if chunk.key == "UserComment" else None
        if raw is not None and raw.keys() >= _SHAPE:
            found.append(_account(raw, name_of(chunk)))
    return tuple(found)


def _account(told: Mapping[str, Json], origin: str) -> Account:
    return Account(
        generator=GENERATOR,
        wording="easy diffusion",
        recipe=Recipe(
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
            generated_size=scalars.size(told.get("width"), told.get("height")),
            loras=_loras(told),
            settings=scalars.settings_from(told, without=_TOLD),
        ),
        origin=origin,
    )


def _loras(told: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    name = scalars.name(told.get("use_lora_model"))
    weight = scalars.real(told.get("lora_alpha"))
    return (LoraUse(name=name, weight=weight),) if name is not None else ()
