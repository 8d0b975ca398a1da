"""The whole case file as data for the template: cover, chapters, appendix."""

from remarque.casefile.chapters import Story
from remarque.casefile.exhibits.closing import (
    appendix_sections,
    evidence_section,
    integrity_section,
    parts_section,
)
from remarque.casefile.exhibits.copies import copy_section, editions_section
from remarque.casefile.exhibits.cover import cover_page, reading_section
from remarque.casefile.exhibits.edits import edits_section
from remarque.casefile.exhibits.explained import explained_sections
from remarque.casefile.exhibits.limits import limits_section
from remarque.casefile.exhibits.making import (
    intent_section,
    recipes_section,
    selection_section,
    steps_section,
)
from remarque.casefile.exhibits.reruns import reruns_section
from remarque.casefile.exhibits.tallies import tally_section
from remarque.casefile.exhibits.timeline import timeline_section
from remarque.casefile.exhibits.witnesses import witnesses_section
from remarque.casefile.lettering import legible_json
from remarque.casefile.plates import PlateMaker
from remarque.casefile.wording import en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json


def compose_pages(story: Story, maker: PlateMaker) -> Json:
    """Everything the template sets, every text already legible in the fonts at hand."""
    written = story.written_at
    sections = [
        reading_section(story),
        intent_section(story),
        steps_section(story, maker),
        *edits_section(story, maker),
        *recipes_section(story),
        *witnesses_section(story),
        *reruns_section(story, maker),
        *explained_sections(story, maker),
        selection_section(story, maker),
        *tally_section(story),
        editions_section(story, maker),
        copy_section(story, maker),
        timeline_section(story),
        evidence_section(story),
        limits_section(story),
        parts_section(story),
        integrity_section(story),
        *appendix_sections(story, maker),
    ]
    return legible_json(
        {
            "language": en.LANGUAGE,
            "document": {
                "title": say.document_title(story.title),
                "author": story.author,
                "description": say.document_description(story.title, story.work),
                "date": [written.year, written.month, written.day],
                "time": [written.hour, written.minute, written.second],
            },
            "running": {"left": say.cut(say.document_title(story.title), 72), "right": story.work},
            "attachment": en.ATTACHMENT,
            "absent": en.LABELS["picture_absent"],
            "cover": cover_page(story, maker),
            "sections": sections,
        }
    )
