"""From a picture of the web UI to the picture as it was seen; works in the recorder's thread."""

import io
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from remarque.actions.witnessing import Seen
from remarque.intake import read_picture
from remarque.model.digests import digest_of
from remarque.model.recipe import Reading, Recipe, Setting, SourceUse
from remarque.model.times import format_time
from remarque.model.witness import Observer, Witness

UNSAVED = "The web UI did not save this picture; the file was made here from its pixels."
GRID = "This is a grid that the web UI laid out of the pictures of the run."
UNFINISHED = "The run was interrupted or skipped before all of its steps were done."
EARLY = "The run ended early: this is the picture before what the web UI does to it afterwards."
DIFFERENT_SEED = "The text in the file says seed {text}, and the program drew {drawn} for it."


@dataclass(frozen=True)
class Told:
    """What is known of one picture when the web UI tells of it.

    ``content`` are the bytes of its file, or None where it has none and ``image`` is encoded.
    """

    run: Any
    name: str
    came: datetime
    image: Any
    infotext: str | None
    executed: bytes
    seeds: tuple[Setting, ...]
    remarks: tuple[str, ...]
    content: bytes | None = None
    path: Path | None = None


def seen_of(told, described, program):
    """The picture as it was seen."""
    saved = told.content is not None
    content = told.content if saved else png_of(told.image, told.infotext)
    reading = _reading_of(content, told.infotext)
    kept = [(role, png_of(image, None)) for role, image in told.run.inputs]
    sources = tuple(SourceUse(role, digest=digest_of(one)) for role, one in kept)
    recipe = replace(reading.recipe, sources=(*reading.recipe.sources, *sources))
    witness = Witness(
        observer=Observer.WEBUI_EXTENSION,
        program=program,
        run=told.run.id,
        saved=saved,
        started=told.run.started,
        finished=format_time(told.came),
        models=described.of(told.run.models),
        environment=(*told.seeds, *_torch_facts()),
        remarks=(*told.remarks, *_about_seeds(recipe, told)),
    )
    return Seen(
        content=content,
        name=told.name,
        came=told.came,
        witness=witness,
        path=told.path,
        reading=Reading(reading.generator, recipe) if recipe != Recipe() else None,
        executed=told.executed,
        sources=tuple(one for _, one in kept),
    )


def png_of(image, infotext):
    """PNG of exactly these pixels, with the web UI's text where it would have written it."""
    text = None
    if infotext:
        text = PngInfo()
        text.add_text("parameters", infotext)
    bare = image.copy()
    bare.info = {}
    written = io.BytesIO()
    bare.save(written, "PNG", pnginfo=text)
    return written.getvalue()


def _reading_of(content, infotext):
    """What the file says; where the web UI writes nothing into files, what it would have said."""
    reading = read_picture(content)
    if reading.recipe == Recipe() and infotext:
        return read_picture(png_of(Image.new("RGB", (1, 1)), infotext))
    return reading


def _about_seeds(recipe, told):
    drawn = next((one.value for one in told.seeds if one.name == "seed of this picture"), None)
    if drawn is None or recipe.seed is None or str(recipe.seed) == drawn:
        return ()
    return (DIFFERENT_SEED.format(text=recipe.seed, drawn=drawn),)


def _torch_facts():
    try:
        import torch
    except ImportError:
        return ()
    facts = [Setting("torch", str(torch.__version__))]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        facts.append(Setting("device", torch.cuda.get_device_name()))
    return tuple(facts)
