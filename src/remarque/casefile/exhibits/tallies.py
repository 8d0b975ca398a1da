"""What went into the work, counted: context for the reader, never a score."""

from collections.abc import Iterator

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span
from remarque.casefile.chapters import Story
from remarque.casefile.wording import en, lineage_en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.tally import Tally


def tally_section(story: Story) -> list[Json]:
    """The counts of the work with what they do not say; nothing for a work without takes."""
    if story.tally is None or not story.steps:
        return []
    rows = [(label, [span(text)]) for label, text in _rows(story.tally)]
    remarks: list[Spans] = [[span(lineage_en.sentence(remark))] for remark in story.tally.remarks]
    return [blocks.section(en.HEADINGS["tally"], [blocks.facts(rows), blocks.bullets(remarks)])]


def _rows(tally: Tally) -> Iterator[tuple[str, str]]:
    made = say.many(tally.made, "picture")
    if tally.previews:
        made += f", {tally.previews} of them previews no file was saved for"
    yield en.LABELS["made"], made
    yield en.LABELS["set_aside"], lineage_en.set_aside(tally)
    words = say.many(tally.tried, "phrase")
    if tally.kept is not None and tally.dropped is not None:
        words += f" tried, {tally.kept} in the chosen pictures, {tally.dropped} given up"
    yield en.CATEGORIES["words"], words
    explored = [
        f"{en.FIELDS.get(name, name)} {count}"
        for name, count in tally.parameters.items()
        if count > 1
    ]
    if explored:
        yield en.LABELS["values_tried"], ", ".join(explored)
    if tally.sittings:
        yield en.LABELS["sittings"], lineage_en.sittings(len(tally.sittings), tally.seconds)
