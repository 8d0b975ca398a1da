"""What the file does not show: sentences that fit this story, gaps, files kept back."""

from collections.abc import Iterable

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span
from remarque.casefile.chapters import Absence, Story
from remarque.casefile.exhibits.cover import is_demonstration
from remarque.casefile.wording import closing_en, en, recording_en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.descent import Basis
from remarque.model.digests import Digest
from remarque.model.marks import MarkKind


def limits_section(story: Story) -> Json:
    """What the file does not show, in plain sentences that fit this story."""
    limits = {**closing_en.LIMITS, **recording_en.LIMITS}
    said = [
        say.imported_limit(story),
        *map(limits.get, _limits_of(story)),
        say.absence_limit(story),
        recording_en.withheld_limit(story.withheld),
    ]
    return blocks.section(
        en.HEADINGS["limits"],
        [
            blocks.bullets([span(sentence)] for sentence in said if sentence),
            _withheld(story),
            _gaps(story),
        ],
        new_page=True,
    )


def _gaps(story: Story) -> Json:
    """What a recorder knew to be missing; None where it knew of nothing."""
    if not story.gaps:
        return None
    rows = [
        [
            [span(say.checked(seen.gap.noticed))],
            [span(seen.gap.missing)],
            [span(f"{seen.gap.because} ({seen.gap.observer.value})")],
        ]
        for seen in story.gaps
    ]
    head = [en.LABELS[name] for name in ("noticed", "missing", "why")]
    table = blocks.table(head, ["36mm", "1fr", "1fr"], rows)
    lead = blocks.paragraph(en.GAPS_LEAD)
    return blocks.section(en.HEADINGS["gaps"], [lead, table], level=2)


def _withheld(story: Story) -> Json:
    """Files the author keeps back, what they are and where their copies are; None without any."""
    if not story.withheld:
        return None
    names = dict(_names_of_files(story))
    head = [en.LABELS[name] for name in ("what", "why")]
    rows = [_withheld_row(names.get(one.digest, en.LABELS["file"]), one) for one in story.withheld]
    lead = blocks.paragraph(recording_en.WITHHELD_LEAD)
    table = blocks.table(head, ["44mm", "1fr"], rows)
    return blocks.section(en.HEADINGS["withheld"], [lead, table], level=2)


def _withheld_row(name: str, withheld: Absence) -> list[Spans]:
    return [[span(name)], [span(withheld.reason + "\n"), span(withheld.digest, "mono")]]


def _names_of_files(story: Story) -> Iterable[tuple[Digest, str]]:
    """What each file of a take is; pictures of takes come last, so that their name stands."""
    for step in story.steps:
        take, named = step.take, f"{en.LABELS['take']} {step.number}"
        for source in take.recipe.sources:
            if source.digest is not None:
                yield source.digest, f"{named}: {en.LABELS['went_in']}"
        if take.witness is not None and take.witness.executed is not None:
            yield take.witness.executed, f"{named}: {en.LABELS['ran_file']}"
        yield take.metadata, f"{named}: {en.LABELS['metadata_file']}"
    for step in story.steps:
        picture = step.take.picture
        yield picture.digest, f"{en.LABELS['take']} {step.number}: {picture.name}"


def _limits_of(story: Story) -> Iterable[str]:
    yield from ("law", "person", "left_out", "rerun")
    yield from _limits_of_recording(story)
    if len(story.steps) > 1:
        yield "why"
    witnesses = [entry.dated.witness for entry in story.entries if entry.dated.witness]
    if is_demonstration(story):
        yield "demonstration"
    elif not witnesses:
        yield "unstamped"
    if witnesses:
        yield "before_stamp"
    if not all(witness.is_known for witness in witnesses):
        yield "unknown_authority"
    if story.publications and not _is_watermarked(story):
        yield "watermark"
    if story.copies:
        yield from ("copying", "seen_at", "removal", "rate")


def _limits_of_recording(story: Story) -> Iterable[str]:
    if any(step.take.witness is not None for step in story.steps):
        yield from ("recorder", "gaps")
    if any(step.origin.basis not in (None, Basis.RECIPE) for step in story.steps):
        yield "lineage"
    if story.inferred:
        yield "inferred"


def _is_watermarked(story: Story) -> bool:
    marks = (mark for publication in story.publications for mark in publication.edition.marks)
    return any(mark.kind is MarkKind.WATERMARK for mark in marks)
