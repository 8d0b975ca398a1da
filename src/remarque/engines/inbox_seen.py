"""From a hand-over and its bytes to the picture as it was seen."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from remarque.actions.witnessing import Seen
from remarque.engines.comfyui_history import run_from_history
from remarque.engines.comfyui_models import model_files
from remarque.engines.comfyui_prompts import part_behind
from remarque.engines.comfyui_runs import Beside, Surroundings, seen_of
from remarque.engines.inbox_format import HandOver, RunTold, parse_reading
from remarque.engines.inbox_models import ToldModels
from remarque.engines.model_files import ModelFiles
from remarque.errors import MetadataMalformed
from remarque.intake import read_picture
from remarque.model.digests import digest_of
from remarque.model.recipe import Reading, Recipe, Setting, SourceUse
from remarque.model.witness import Witness
from remarque.pictures.decoding import measure

NAMED_WORK = "work named by the program"
"""The setting that holds the work's name as the program's own settings have it."""

DIFFERENT_SEED = "The text in the file says seed {text}, and the program drew {drawn} for it."
# What reads a run was made for a live ComfyUI; a hand-over may say anything in its place.
_STRANGE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
_DRAWN_SEED = "seed of this picture"


@dataclass(frozen=True, slots=True)
class Coming:
    """How it came here: ``came`` as believed, whether that is too long ago, what to say of it."""

    came: datetime
    late: bool
    remarks: tuple[str, ...] = ()


def seen_in(
    hand_over: HandOver, files: Mapping[str, bytes], coming: Coming, models: ModelFiles
) -> Seen:
    """The picture as it was seen; ``files`` are the bytes of ``picture`` and of the sources.

    Raises:
        PictureUnreadable, PictureTooLarge: The bytes are no picture that may be opened.
        MetadataMalformed: What the program says of the run has not its form.
    """
    measure(files["picture"])
    if hand_over.comfyui is not None:
        try:
            seen = _of_comfyui(hand_over, hand_over.comfyui, files, models)
        except _STRANGE as error:
            raise MetadataMalformed("the run it tells of has not ComfyUI's form") from error
    else:
        seen = _of_others(hand_over, files, models)
    told = hand_over.picture.path
    path = Path(told) if told is not None and Path(told).is_absolute() else None
    environment = seen.witness.environment
    if hand_over.work:
        environment = (*environment, Setting(NAMED_WORK, hand_over.work))
    witness = replace(
        seen.witness,
        caught_up=seen.witness.caught_up or coming.late,
        saved=hand_over.saved,
        environment=environment,
        remarks=(*seen.witness.remarks, *hand_over.remarks, *coming.remarks),
    )
    return replace(seen, came=coming.came, path=path, witness=witness)


def _of_others(hand_over: HandOver, files: Mapping[str, bytes], models: ModelFiles) -> Seen:
    content = files["picture"]
    told = ToldModels(models)
    described = tuple(told.describe(model) for model in hand_over.models)
    reading = _reading_of(hand_over, content)
    sources = {source.file: files[source.file] for source in hand_over.sources}
    if hand_over.reading is None:
        used = tuple(
            SourceUse(source.role, source.name or None, digest=digest_of(files[source.file]))
            for source in hand_over.sources
        )
        recipe = replace(reading.recipe, sources=(*reading.recipe.sources, *used))
        reading = Reading(reading.generator, recipe)
    return Seen(
        content=content,
        name=hand_over.picture.name,
        came=hand_over.moment,
        witness=Witness(
            observer=hand_over.observer,
            program=hand_over.program or None,
            run=hand_over.run,
            started=hand_over.started,
            finished=hand_over.finished,
            models=described,
            environment=tuple(Setting(name, value) for name, value in hand_over.environment),
            remarks=(*_about_seeds(reading.recipe, hand_over), *told.remarks),
        ),
        reading=reading if reading.recipe != Recipe() else None,
        executed=hand_over.executed.encode() if hand_over.executed is not None else None,
        sources=tuple(dict.fromkeys(sources.values())),
    )


def _of_comfyui(
    hand_over: HandOver, told: RunTold, files: Mapping[str, bytes], models: ModelFiles
) -> Seen:
    run = run_from_history(hand_over.run, told.history)
    key = told.shown.kind, told.shown.subfolder, told.shown.filename
    shown = next((one for one in run.pictures if one.key == key), None) if run else None
    if run is None or shown is None:
        raise MetadataMalformed("the run it tells of has no such picture")
    described = ToldModels(models)
    part = part_behind(run.prompt, shown.place.node)
    try:
        used, remarks = model_files(part, described.shelf(hand_over.models), run.started)
    except OSError as error:  # a model file that goes away while it is looked at
        raise MetadataMalformed("a model file went away while it was read") from error
    named = {source.name: files[source.file] for source in hand_over.sources if source.name}
    environment = tuple(Setting(name, value) for name, value in hand_over.environment)
    around = Surroundings(hand_over.observer, hand_over.program, environment)
    beside = Beside(
        load=named.get,
        models=used,
        values={(node, name): value for node, name, value in told.values},
        remarks=(*remarks, *described.remarks),
    )
    seen = seen_of(run, shown, (files["picture"], hand_over.moment), around, beside)
    return replace(seen, name=hand_over.picture.name)


def _reading_of(hand_over: HandOver, content: bytes) -> Reading:
    """What the program said, else what the file says, else what would have stood in the file."""
    if hand_over.reading is not None:
        return parse_reading(hand_over.reading)
    reading = read_picture(content)
    if reading.recipe == Recipe() and hand_over.infotext:
        return read_picture(_png_saying(hand_over.infotext))
    return reading


def _png_saying(infotext: str) -> bytes:
    text = PngInfo()
    text.add_itxt("parameters", infotext)
    written = io.BytesIO()
    Image.new("RGB", (1, 1)).save(written, "PNG", pnginfo=text)
    return written.getvalue()


def _about_seeds(recipe: Recipe, hand_over: HandOver) -> tuple[str, ...]:
    drawn = next((value for name, value in hand_over.environment if name == _DRAWN_SEED), None)
    if drawn is None or recipe.seed is None or str(recipe.seed) == drawn:
        return ()
    return (DIFFERENT_SEED.format(text=recipe.seed, drawn=drawn),)
