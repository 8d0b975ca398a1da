"""What a recipe says was done with the pictures that went in."""

from pathlib import PurePosixPath

from remarque.actions.lineage_index import Known
from remarque.actions.lineage_recipes import is_masked, is_upscaling
from remarque.model.descent import Relation
from remarque.model.history import Take
from remarque.model.recipe import SourceUse

LARGER = 1.2
"""An upscale is larger than its parent by this factor or more, on both sides."""
SAME_SHAPE = 0.02
"""Two pictures have the same shape when their aspect ratios differ by less than this part."""

_INITIAL = "init"


def plain_name(name: str | None) -> str:
    """A file name without folders and without ComfyUI's note of the folder (`` [output]``)."""
    bare = (name or "").replace("\\", "/").strip()
    for note in (" [output]", " [input]", " [temp]"):
        bare = bare.removesuffix(note)
    return PurePosixPath(bare).name


def relation_of(take: Take, source: SourceUse, parent: Known | None) -> Relation:
    """What the recipe says was done with a picture that went in."""
    if source.role != _INITIAL:
        return Relation.CONTROL
    if is_masked(take.recipe):
        return Relation.OUTPAINT if parent and extends(take, parent) else Relation.INPAINT
    if is_upscaling(take.recipe) and parent is not None and enlarges(take, parent):
        return Relation.UPSCALE
    return Relation.IMAGE_TO_IMAGE


def enlarges(take: Take, parent: Known) -> bool:
    """Whether the take is larger by ``LARGER`` or more and of the same shape."""
    across = take.picture.width_px / parent.width_px
    down = take.picture.height_px / parent.height_px
    return min(across, down) >= LARGER and abs(across / down - 1) < SAME_SHAPE


def extends(take: Take, parent: Known) -> bool:
    """Whether the take is larger than its parent and of another shape."""
    across = take.picture.width_px / parent.width_px
    down = take.picture.height_px / parent.height_px
    return min(across, down) >= 1 and abs(across / down - 1) >= SAME_SHAPE
