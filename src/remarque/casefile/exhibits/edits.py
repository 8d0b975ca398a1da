"""Edits outside the generator: before, after, and the region that changed."""

from remarque.casefile import blocks
from remarque.casefile.blocks import span, spans
from remarque.casefile.chapters import Step, Story
from remarque.casefile.exhibits.making import dated_spans
from remarque.casefile.plates import THUMBNAIL_PX, PlateMaker
from remarque.casefile.wording import en, lineage_en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.descent import EditedRegion

_PLATE_PX = 2 * THUMBNAIL_PX
_HEIGHT_MM = 62.0


def edits_section(story: Story, maker: PlateMaker) -> list[Json]:
    """Each edit with its mask and the share of pixels; nothing where none was found."""
    shown = [
        block
        for step in story.steps
        if step.origin.edit is not None
        for block in _edit(story, step, step.origin.edit, maker)
    ]
    if not shown:
        return []
    lead = blocks.paragraph(en.EDITS_LEAD, size="head")
    return [blocks.section(en.HEADINGS["edits"], [lead, *shown])]


def _edit(story: Story, step: Step, edit: EditedRegion, maker: PlateMaker) -> list[Json]:
    parent = next((s for s in story.steps if s.number == step.origin.parent), None)
    named = [(edit.mask, en.LABELS["changed_region"])]
    named.insert(0, (step.take.picture.digest, say.picture_name(step.number, edit.mask)))
    if parent is not None:
        before = (parent.take.picture.digest, say.picture_name(parent.number, edit.mask))
        named.insert(0, before)
    maker.prepare((digest for digest, _ in named), longest_px=_PLATE_PX)
    plates = [
        blocks.plate(maker.make(digest, name, longest_px=_PLATE_PX), [span(name)])
        for digest, name in named
    ]
    return [
        blocks.paragraph(
            *spans(lineage_en.edit(step, edit) + "  "), *dated_spans(step.dated), size="head"
        ),
        blocks.plates(plates, columns=len(plates), height_mm=_HEIGHT_MM),
    ]
