"""From a picture of the web UI to what the inbox takes; works in the thread that hands over."""

import io
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image  # noqa: F401  the web UI's own; makes sure that pictures can be written
from PIL.PngImagePlugin import PngInfo

from remarque_webui.inbox_writing import PICTURE, time_text

UNSAVED = "The web UI did not save this picture; the file was made here from its pixels."
GRID = "This is a grid that the web UI laid out of the pictures of the run."
UNFINISHED = "The run was interrupted or skipped before all of its steps were done."
EARLY = "The run ended early: this is the picture before what the web UI does to it afterwards."


@dataclass
class Told:
    """What is known of one picture when the web UI tells of it; ``came`` is seconds since 1970.

    ``content`` are the bytes of its file, or None where it has none and ``image`` is encoded.
    """

    run: Any
    name: str
    came: float
    image: Any
    infotext: Any
    executed: str
    environment: list
    remarks: list
    content: Any = None
    path: Any = None
    work: Any = None
    inputs: list = field(default_factory=list)


def handed_over(told):
    """The object and the files of one hand-over (docs/reference/inbox.md of Remarque)."""
    saved = told.content is not None
    files = {PICTURE: told.content if saved else png_of(told.image, told.infotext)}
    sources = []
    for number, (role, image) in enumerate(told.inputs):
        sources.append({"role": role, "file": f"source-{number}"})
        files[f"source-{number}"] = png_of(image, None)
    said = {
        "run": told.run.id,
        "saved": saved,
        "came": time_text(told.came),
        "started": told.run.started,
        "finished": time_text(told.came),
        "work": told.work,
        "picture": {"name": told.name, "path": str(told.path) if told.path else None},
        "infotext": told.infotext,
        "executed": told.executed,
        "models": told.run.models,
        "sources": sources,
        "environment": [*told.environment, *_machine()],
        "remarks": told.remarks,
    }
    return said, files


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


def name_of(path):
    """The file's name, as long as the inbox takes it."""
    return Path(path).name[-300:]


def _machine():
    facts = [["python", sys.version.split()[0]]]
    torch = sys.modules.get("torch")
    if torch is None:
        return facts
    facts.append(["torch", str(torch.__version__)])
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        facts.append(["device", str(torch.cuda.get_device_name())])
    return facts
