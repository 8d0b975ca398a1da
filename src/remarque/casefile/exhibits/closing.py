"""Grades fact by fact, what is AI, integrity, and a place for a signature."""

from collections.abc import Iterable

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span
from remarque.casefile.chapters import EntrySeen, Story
from remarque.casefile.exhibits.changes import count_of
from remarque.casefile.exhibits.cover import is_demonstration
from remarque.casefile.exhibits.making import MOST_ROWS, step_rows
from remarque.casefile.plates import PlateMaker
from remarque.casefile.wording import closing_en, en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.changes import Category
from remarque.model.entry import Kind
from remarque.model.grades import Grade


def is_long(story: Story) -> bool:
    """Whether the full lists go into the appendix."""
    return len(story.steps) > MOST_ROWS


def evidence_section(story: Story) -> Json:
    """Every fact with its grade and why; in a long story takes with one reason share a row."""
    head = [en.LABELS[name] for name in ("fact", "grade", "why")]
    takes = {step.dated.index: step.number for step in story.steps}
    rows: list[list[Spans]] = []
    runs = _alike(story.entries) if is_long(story) else [[entry] for entry in story.entries]
    for run in runs:
        first, last = run[0], run[-1]
        fact = say.entry_event(first, takes.get(first.index))
        if first is not last:
            fact += " " + say.up_to(last.index, takes.get(last.index))
        rows.append(
            [
                [span(fact)],
                [span(first.dated.grade.value, "grade")],
                [span(say.why_graded(first.dated))],
            ]
        )
    warning = (
        blocks.note(en.DEMONSTRATION_STAMP, tone="warning") if is_demonstration(story) else None
    )
    shown = blocks.table(head, ["58mm", "34mm", "1fr"], rows)
    return blocks.section(en.HEADINGS["evidence"], [warning, shown])


def parts_section(story: Story) -> Json:
    """What programs made, what the record shows of the author's acts, what stays open."""
    return blocks.section(
        en.HEADINGS["parts"],
        [
            blocks.paragraph(closing_en.PARTS_LEAD),
            *(
                blocks.section(
                    en.HEADINGS[name], [blocks.bullets([span(s)] for s in sentences)], level=2
                )
                for name, sentences in (
                    ("by_programs", say.made_by_programs(story)),
                    ("by_author", _acts(story)),
                    ("unsettled", closing_en.PARTS_UNSETTLED),
                )
            ),
        ],
    )


def integrity_section(story: Story) -> Json:
    """Key, checkpoints, stamps, digests, and where the commands to check them are."""
    parts = [
        blocks.section(
            en.HEADINGS["checking"],
            [blocks.bullets([span(s)] for s in closing_en.CHECKING)],
            level=2,
        ),
        blocks.section(en.HEADINGS["keys"], [_keys(story)], level=2),
        blocks.section(en.HEADINGS["checkpoints"], _checkpoints(story), level=2),
    ]
    if not is_long(story):
        parts += _lists(story)
    parts.append(_signature())
    return blocks.section(en.HEADINGS["integrity"], parts, new_page=True)


def appendix_sections(story: Story, maker: PlateMaker) -> list[Json]:
    """Every take and every digest, where they did not fit before."""
    if not is_long(story):
        return []
    rows = step_rows(story, story.steps, maker)
    return [
        blocks.section(en.HEADINGS["appendix_steps"], [rows], new_page=True),
        blocks.section(en.HEADINGS["appendix_entries"], _lists(story), new_page=True),
    ]


def _alike(entries: Iterable[EntrySeen]) -> list[list[EntrySeen]]:
    """Neighbouring entries of one kind and grade, by the same witness, in one run."""
    runs: list[list[EntrySeen]] = []
    for entry in entries:
        last = runs[-1][-1] if runs else None
        if last is not None and _likeness(last) == _likeness(entry):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def _likeness(entry: EntrySeen) -> tuple[Kind, Grade, str]:
    witness = entry.dated.witness
    return entry.kind, entry.dated.grade, witness.authority if witness else ""


def _acts(story: Story) -> list[str]:
    changes = [change for step in story.steps for change in step.changes]
    acts = [say.stated_intents(len(story.intents))]
    acts += [
        say.inferred_changes(en.CATEGORIES[category.value], number)
        for category in Category
        if (number := count_of(changes, category))
    ]
    acts.append(say.made_selections(len(story.choices)))
    if story.inferred:
        acts.append(say.inferred_selections(len(story.inferred)))
    acts.append(say.made_publications(len(story.publications)))
    return acts


def _keys(story: Story) -> Json:
    return blocks.facts(
        [
            (en.LABELS["author"], [span(story.author)]),
            (en.LABELS["key"], [span(story.key_id, "mono")]),
            (en.LABELS["verifier_key"], [span(story.verifier_key, "mono")]),
        ]
    )


def _checkpoints(story: Story) -> list[Json]:
    if not story.checkpoints:
        return [blocks.paragraph(en.CHECKPOINTS_ABSENT)]
    rows: list[list[Spans]] = []
    for checkpoint in story.checkpoints:
        shown = [span(checkpoint.root, "mono")]
        for stamp in checkpoint.stamps:
            shown += [span(f"\n{stamp.authority}: ", "strong"), span(say.stamp_state(stamp))]
        if not checkpoint.stamps:
            shown.append(span(f"\n{en.STAMP_ABSENT}", "faint"))
        rows.append([[span(str(checkpoint.size))], shown])
    head = [en.LABELS["size"], en.LABELS["root"]]
    return [blocks.table(head, ["26mm", "1fr"], rows)]


def _lists(story: Story) -> list[Json]:
    return [
        blocks.section(en.HEADINGS["pictures"], [_digests(story)], level=2),
        blocks.section(en.HEADINGS["entries"], [_entries(story)], level=2),
    ]


def _digests(story: Story) -> Json:
    absent = {absence.digest: absence.reason for absence in story.absences}
    absent |= {withheld.digest: en.LABELS["kept_back"] for withheld in story.withheld}
    named = [
        *(
            (say.picture_name(s.number, s.take.picture.digest), s.take.picture.digest)
            for s in story.steps
        ),
        *((p.edition.name, p.edition.picture) for p in story.publications),
        *((c.sighting.suspect.name, c.sighting.suspect.digest) for c in story.copies),
    ]
    rows: list[list[Spans]] = []
    for name, digest in dict.fromkeys(named):
        gone = [span("\n" + absent[digest], "faint")] if digest in absent else []
        rows.append([[span(name), *gone], [span(digest, "mono")]])
    return blocks.table([en.LABELS["picture"], en.LABELS["digest"]], ["1fr", "112mm"], rows)


def _entries(story: Story) -> Json:
    head = [en.LABELS[name] for name in ("entry", "kind", "leaf")]
    rows = [
        [
            [span(str(e.index))],
            [span(en.ENTRY_KINDS[e.kind.value])],
            [span(e.leaf_digest.hex(), "mono")],
        ]
        for e in story.entries
    ]
    return blocks.table(head, ["13mm", "1fr", "100mm"], rows)


def _signature() -> Json:
    return blocks.section(
        en.HEADINGS["signature"],
        [
            {
                "type": "signature",
                "text": closing_en.SIGNATURE_TEXT,
                "lines": list(closing_en.SIGNATURE_LINES),
            }
        ],
        level=2,
    )
