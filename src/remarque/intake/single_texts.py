"""Programs that write one PNG text for each setting: Sygil WebUI and kohya's sd-scripts.

Sources: Sygil-Dev/sygil-webui ``scripts`` (``SD:`` before each name), kohya-ss/sd-scripts
``gen_img.py`` (names with hyphens, which no other program has).
"""

from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.model.recipe import Chunk, Recipe

SYGIL = "Sygil WebUI"
KOHYA = "sd-scripts"
_SYGIL_SHAPE = {"SD:prompt", "SD:seed", "SD:steps", "SD:cfg_scale"}
_SYGIL_TOLD = _SYGIL_SHAPE | {"SD:width", "SD:height", "SD:sampler_name", "SD:denoising_strength"}
_KOHYA_SHAPE = {"prompt", "seed", "steps", "scale"}
_KOHYA_OWN = {"negative-prompt", "negative-scale", "clip-prompt", "raw-prompt", "original-height"}
_KOHYA_TOLD = _KOHYA_SHAPE | {"negative-prompt", "sampler"}


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """At most one account: the texts belong together."""
    texts = {chunk.key: chunk for chunk in chunks if chunk.place.startswith("PNG")}
    told = {key: chunk.text for key, chunk in texts.items()}
    if told.keys() >= _SYGIL_SHAPE:
        return (Account(SYGIL, "sygil", _sygil(told), name_of(texts["SD:prompt"])),)
    if told.keys() >= _KOHYA_SHAPE and told.keys() & _KOHYA_OWN:
        return (Account(KOHYA, "sd-scripts", _kohya(told), name_of(texts["prompt"])),)
    return ()


def _sygil(told: Mapping[str, str | None]) -> Recipe:
    """Negative words stand inside the prompt, behind ``###``; the prompt is left as it is."""
    return Recipe(
        prompt=scalars.words(told["SD:prompt"]),
        seed=scalars.seed(told["SD:seed"]),
        steps=scalars.count(told["SD:steps"]),
        cfg=scalars.real(told["SD:cfg_scale"]),
        sampler=scalars.name(told.get("SD:sampler_name")),
        denoise=scalars.real(told.get("SD:denoising_strength")),
        generated_size=scalars.size(told.get("SD:width"), told.get("SD:height")),
        settings=scalars.settings_from(
            {key: value for key, value in told.items() if key.startswith("SD:")},
            without=_SYGIL_TOLD,
        ),
    )


def _kohya(told: Mapping[str, str | None]) -> Recipe:
    """``original-width`` is what SDXL is told about its training pictures, not a size asked for."""
    own = {key: told[key] for key in told if "-" in key}
    return Recipe(
        prompt=scalars.words(told["prompt"]),
        negative_prompt=scalars.words(told.get("negative-prompt")),
        seed=scalars.seed(told["seed"]),
        steps=scalars.count(told["steps"]),
        cfg=scalars.real(told["scale"]),
        sampler=scalars.name(told.get("sampler")),
        settings=scalars.settings_from(own, without=_KOHYA_TOLD),
    )
