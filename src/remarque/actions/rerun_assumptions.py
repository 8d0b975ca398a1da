"""What a take's record does not hold and is taken as usual, so that it can be made again."""

from collections.abc import Iterator, Mapping

from remarque.actions.rerun_gaps import Program, generators_in, is_decisive
from remarque.model.canonical import Json
from remarque.model.history import Take
from remarque.model.recipe import Recipe
from remarque.model.witness import Observer

_UNDECISIVE = frozenset(
    {"pipeline", "outpaint", "embeddings", "output_type", "version", "app", "operations", "type",
     "created date", "civitai resources", "civitai metadata", "lora hashes", "ti hashes", "hashes",
     "denoising strength", "hires upscale", "hires steps", "hires upscaler", "hires resize",
     "images", "imageformat", "swarm_version", "metadata_scheme", "model hash", "vae hash",
     "return_dict", "num_images_per_prompt", "rng"}
)  # fmt: skip
_GPU_NOISE = frozenset({"automatic1111", "forge", "sd.next", "reforge"})
_MOST_NAMED = 12


def assumed_in(take: Take, told: Mapping[str, Json], program: Program) -> tuple[str, ...]:
    """A sentence for everything that is not recorded and is taken as usual."""
    recipe = take.recipe
    return (
        *_size_assumed(recipe),
        *_noise_assumed(take, told, program),
        *_settings_assumed(recipe),
        *_file_assumed(take),
        *(f"The record says: {remark}" for remark in _remarks(take)),
    )


def _size_assumed(recipe: Recipe) -> Iterator[str]:
    if recipe.generated_size is None and not recipe.sources:
        yield "No size is on record; that of the picture itself was taken."


def _noise_assumed(take: Take, told: Mapping[str, Json], program: Program) -> Iterator[str]:
    recipe = take.recipe
    settings = {one.name.lower(): one.value for one in recipe.settings}
    source = settings.get("rng", "").lower()
    devices = {str(one.get("device", "cpu")) for one in generators_in(told)} - {"cpu"}
    if devices:
        drawn = ", ".join(sorted(devices))
        yield f"The noise was drawn on {drawn}; here it is drawn on the processor, which differs."
    if program is Program.WEBUI or (take.generator or "").lower() not in _GPU_NOISE:
        return
    if source and source != "cpu":
        yield f"The noise was drawn by {source.upper()}; here it is drawn on the processor."
    elif not source:
        yield (
            "The record does not say where the noise was drawn; the web UI draws it on the "
            "graphics card unless told otherwise, here it is drawn on the processor."
        )
    yield from _eta_assumed(settings)


def _eta_assumed(settings: Mapping[str, str]) -> Iterator[str]:
    if "ensd" not in settings:
        yield "No seed offset (ENSD) is on record; none was taken."
    if "eta" not in settings:
        yield "No eta is on record; the sampler’s own was taken."


def _settings_assumed(recipe: Recipe) -> Iterator[str]:
    aside = [
        one.name
        for one in recipe.settings
        if one.name.lower() not in _UNDECISIVE and not is_decisive(one)
    ]
    if aside:
        more = f" and {len(aside) - _MOST_NAMED} more" if len(aside) > _MOST_NAMED else ""
        names = ", ".join(aside[:_MOST_NAMED])
        yield f"Recorded settings that were left aside: {names}{more}."


def _file_assumed(take: Take) -> Iterator[str]:
    if take.picture.media_type in ("image/jpeg", "image/webp", "image/avif"):
        kind = take.picture.media_type.removeprefix("image/").upper()
        yield f"The recorded picture is a {kind} file, which may not hold every pixel as made."


def _remarks(take: Take) -> tuple[str, ...]:
    witness = take.witness
    recorded = witness is not None and witness.observer is Observer.DIFFUSERS
    return witness.remarks if witness is not None and recorded else ()
