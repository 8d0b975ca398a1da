"""The cover, and how to read what follows."""

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span, spans
from remarque.casefile.chapters import Story
from remarque.casefile.plates import PlateMaker
from remarque.casefile.wording import en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.grades import Grade

_SEAL_ROWS = (0, 4, 8, 12)


def cover_page(story: Story, maker: PlateMaker) -> Json:
    """Who, what, which picture, how much of it is witnessed, when and by which software."""
    shown = story.chosen
    picture = None
    if shown is not None:
        plate = maker.make(shown, say.chosen_alt(story.title, story.author))
        picture = blocks.plate(plate, [])
    return {
        "kicker": en.CASE_FILE,
        "subtitle": en.SUBTITLE,
        "title": story.title,
        "author": story.author,
        "picture": picture,
        "caption": [span(say.chosen_caption(story))] if shown else [],
        "seal": _seal(story.key_id),
        "facts": blocks.facts(_facts(story))["rows"],
        "grades": [
            {"count": count, "grade": grade.value} for grade, count in story.grade_counts().items()
        ],
        "grades_lead": say.grades_lead(story),
        "warning": en.DEMONSTRATION_STAMP if is_demonstration(story) else "",
    }


def reading_section(story: Story) -> Json:
    """How far each word of the file can be trusted, before any of it is read."""
    counts = story.grade_counts()
    return blocks.section(
        en.HEADINGS["reading"],
        [
            blocks.paragraph(en.READING_LEAD),
            blocks.section(en.HEADINGS["grades"], [_grade_table(counts)], level=2),
            blocks.section(en.HEADINGS["sources"], [_source_table()], level=2),
            blocks.section(
                en.HEADINGS["signs"],
                [
                    blocks.table(
                        [en.LABELS["sign"], en.LABELS["meaning"]],
                        ["33mm", "1fr"],
                        [[[span(text, kind)], [span(meaning)]] for kind, text, meaning in en.SIGNS],
                    ),
                    blocks.paragraph(en.UNSHOWN_CHARACTERS, size="small"),
                ],
                level=2,
            ),
            blocks.section(en.HEADINGS["contents"], [{"type": "contents"}], level=2),
        ],
        new_page=True,
    )


def is_demonstration(story: Story) -> bool:
    """Whether any timestamp of the story was made on the same machine."""
    return any(s.is_on_this_machine for c in story.checkpoints for s in c.stamps)


def _grade_table(counts: dict[Grade, int]) -> Json:
    return blocks.table(
        [en.LABELS["word"], en.LABELS["meaning"], en.LABELS["here"]],
        ["33mm", "1fr", "24mm"],
        [
            [
                [span(grade.value, "grade")],
                [span(meaning)],
                [span(say.many(counts[grade], "entry", "entries"))],
            ]
            for grade, meaning in en.GRADE_MEANINGS.items()
        ],
    )


def _source_table() -> Json:
    return blocks.table(
        [en.LABELS["word"], en.LABELS["meaning"]],
        ["33mm", "1fr"],
        [[[span(word, "strong")], [span(meaning)]] for word, meaning in en.SOURCES_OF_WORDS],
    )


def _facts(story: Story) -> list[tuple[str, Spans]]:
    rows = [
        (en.LABELS["key"], [span(story.key_id, "mono")]),
        (en.LABELS["work"], [span(story.work, "mono")]),
        (en.LABELS["takes"], [span(say.takes_on_record(story))]),
    ]
    if story.about is not None:
        rows.append(
            (en.LABELS["about"], spans(en.LABELS["sighting"] + " ", span(story.about, "mono")))
        )
    rows.append((en.LABELS["written"], [span(f"{say.moment(story.written_at)} UTC")]))
    rows.append((en.LABELS["software"], [span(story.software)]))
    return rows


def _seal(key_id: str) -> list[str]:
    """The first sixteen signs of the key's fingerprint, four to a row, as in a carved seal."""
    signs = [character.upper() for character in key_id if character.isalnum()][:16]
    return ["".join(signs[start : start + 4]) for start in _SEAL_ROWS]
