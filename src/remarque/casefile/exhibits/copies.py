"""What was published with which marks, and the suspect picture beside it."""

from collections.abc import Sequence

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span, spans
from remarque.casefile.chapters import Comparison, Copy, Publication, Story
from remarque.casefile.exhibits.making import dated_spans
from remarque.casefile.plates import LARGE_PX, Plate, PlateMaker
from remarque.casefile.wording import en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.digests import Digest
from remarque.model.history import Edition, Match
from remarque.model.marks import MarkFound, Region

_HEIGHT_MM = 95.0
_DIFFERENCE_HEIGHT_MM = 72.0
_MARK_MARGIN = 0.012
_WIDE = 1.6  # pictures wider than this stand one above the other


def editions_section(story: Story, maker: PlateMaker) -> Json:
    """Each published copy with the marks read back from its file."""
    shown = [block for publication in story.publications for block in _edition(publication, maker)]
    return blocks.section(
        en.HEADINGS["editions"],
        shown or [blocks.paragraph(en.EDITIONS_ABSENT)],
        new_page=bool(story.publications),
    )


def copy_section(story: Story, maker: PlateMaker) -> Json:
    """The suspect the case is about, side by side with what it was compared with."""
    copy = story.accused
    if copy is None:
        shown = [blocks.paragraph(en.COPY_ABSENT), _sightings(story)]
        return blocks.section(en.HEADINGS["copy"], shown)
    lead = [blocks.facts(_copy_facts(copy))]
    if not copy.comparisons:
        return blocks.section(
            en.HEADINGS["copy"],
            [*lead, _suspect_alone(copy, maker), _sightings(story)],
            new_page=True,
        )
    best = copy.comparisons[0]
    parts = [
        blocks.section(en.HEADINGS["side_by_side"], [_side_by_side(copy, best, maker)], level=2),
        *_difference(best.match, maker),
        blocks.section(en.HEADINGS["removed"], _removed(copy, best), level=2),
        blocks.section(en.HEADINGS["judgement"], _judgement(copy), level=2),
        _sightings(story),
    ]
    return blocks.section(en.HEADINGS["copy"], [*lead, *parts], new_page=True)


def _edition(publication: Publication, maker: PlateMaker) -> list[Json]:
    edition = publication.edition
    made = maker.make(edition.picture, say.edition_alt(edition.name))
    caption = spans(span(edition.name, "strong"), "  ", *dated_spans(publication.dated))
    outlines = _mark_outlines(edition, made)
    rows = [
        (en.LABELS["edition"], [span(edition.edition, "mono")]),
        (en.LABELS["file"], [span(say.file_summary(edition))]),
        (en.LABELS["digest"], [span(edition.picture, "mono")]),
    ]
    if edition.commitment:
        rows.append((en.LABELS["commitment"], [span(edition.commitment, "mono")]))
    return [
        blocks.plates([blocks.plate(made, caption, outlines=outlines)], columns=1, height_mm=80),
        blocks.facts(rows),
        _mark_table(edition.marks),
    ]


def _mark_table(marks: Sequence[MarkFound]) -> Json:
    head = [en.LABELS[name] for name in ("mark", "state", "detail")]
    rows = [
        [
            [span(_mark_name(mark.kind), "strong")],
            [span(en.MARK_STATES[mark.state.value])],
            [span(mark.detail)],
        ]
        for mark in marks
    ]
    return blocks.table(head, ["38mm", "38mm", "1fr"], rows)


def _copy_facts(copy: Copy) -> list[tuple[str, Spans]]:
    sighting = copy.sighting
    verdict = spans(
        span(sighting.verdict.value, "seal"), ". ", en.VERDICT_MEANINGS[sighting.verdict]
    )
    return [
        (en.LABELS["verdict"], verdict),
        (en.LABELS["suspect"], [span(sighting.suspect.name)]),
        (en.LABELS["digest"], [span(sighting.suspect.digest, "mono")]),
        (en.LABELS["seen_at"], [span(say.checked(sighting.seen_at))]),
        (en.LABELS["seen_on"], dated_spans(copy.dated)),
    ]


def _suspect_alone(copy: Copy, maker: PlateMaker) -> Json:
    made = maker.make(copy.sighting.suspect.digest, en.LABELS["suspect"])
    caption = [span(en.LABELS["suspect"])]
    return blocks.plates([blocks.plate(made, caption)], columns=1, height_mm=_HEIGHT_MM)


def _side_by_side(copy: Copy, best: Comparison, maker: PlateMaker) -> Json:
    ours_label = en.LABELS["published_copy" if best.edition else "registered_picture"]
    ours = maker.make(_ours(best), ours_label)
    marked = _mark_outlines(best.edition, ours) if best.edition else []
    theirs = maker.make(copy.sighting.suspect.digest, en.LABELS["suspect"])
    found = _region_outline(best.match.region, theirs)
    left = spans(span(ours_label, "strong"), *([" ", en.MARK_OUTLINED] if marked else []))
    right = spans(
        span(en.LABELS["suspect"], "strong"), *([" ", en.REGION_OUTLINED] if found else [])
    )
    return blocks.plates(
        [blocks.plate(ours, left, outlines=marked), blocks.plate(theirs, right, outlines=found)],
        columns=1 if ours.width_px > _WIDE * ours.height_px else 2,
        height_mm=_HEIGHT_MM,
    )


def _ours(comparison: Comparison) -> Digest:
    return comparison.edition.picture if comparison.edition else comparison.match.picture


def _difference(match: Match, maker: PlateMaker) -> list[Json]:
    if match.difference is None:
        return []
    made = maker.make(match.difference, en.DIFFERENCE_CAPTION, longest_px=2 * LARGE_PX)
    shown = blocks.plates(
        [blocks.plate(made, [span(en.DIFFERENCE_CAPTION)])],
        columns=1,
        height_mm=_DIFFERENCE_HEIGHT_MM,
    )
    return [blocks.section(en.HEADINGS["difference"], [shown], level=2)]


def _removed(copy: Copy, best: Comparison) -> list[Json]:
    if best.edition is None:
        return [blocks.paragraph(en.NOT_EDITION_NOTE)]
    published = {mark.kind.value: mark for mark in best.edition.marks}
    seen = {mark.kind.value: mark for mark in copy.sighting.marks}
    names = [*published, *(name for name in best.match.removed if name not in published)]
    rows = [
        [
            [span(_mark_name(name), "strong")],
            [span(_state_of(published.get(name)))],
            _fate(name, best.match, seen.get(name)),
        ]
        for name in names
    ]
    head = [en.LABELS[name] for name in ("mark", "in_edition", "in_suspect")]
    return [
        blocks.table(head, ["46mm", "1fr", "1fr"], rows),
        blocks.paragraph(en.MARKS_NOTE, size="small"),
    ]


def _state_of(mark: MarkFound | None) -> str:
    return en.MARK_STATES[mark.state.value] if mark else en.MARK_STATES["undecided"]


def _fate(name: str, match: Match, seen: MarkFound | None) -> Spans:
    if name in match.removed:
        fate = match.removed[name]
        return [span(en.MARK_FATES.get(fate, fate), "plain" if fate == "kept" else "seal")]
    if name in match.marks_missing:
        return [span(en.MARK_MISSING, "seal")]
    return [span(_state_of(seen) if seen else en.MARK_NOT_COMPARED, "plain" if seen else "faint")]


def _judgement(copy: Copy) -> list[Json]:
    match = copy.comparisons[0].match
    rows = [
        (en.LABELS["transform"], [span(match.transform or en.LABELS["not_recorded"])]),
        (en.LABELS["share"], [span(say.share(match.share))]),
        (en.LABELS["score"], [span(say.score(match.method, match.score))]),
        (
            en.LABELS["false_accusation"],
            [span(say.false_accusation_rate(match.false_accusation_rate), "strong")],
        ),
    ]
    if match.method:
        rows.append((en.LABELS["method"], [span(en.METHODS.get(match.method, match.method))]))
    others = copy.comparisons[1:]
    if others:
        listed = [
            span(say.other_match(other.match.picture, other.match.score) + "\n") for other in others
        ]
        rows.append((en.LABELS["other_matches"], listed))
    return [blocks.facts(rows), blocks.paragraph(en.RATE_MEANING, size="small")]


def _sightings(story: Story) -> Json | None:
    """The other sightings of this work, briefly."""
    others = [copy for copy in story.copies if copy.sighting.sighting != story.about]
    if not others:
        return None
    head = [en.LABELS[name] for name in ("suspect", "verdict", "seen_at", "seen_on")]
    rows = [
        [
            [span(copy.sighting.suspect.name)],
            [span(copy.sighting.verdict.value)],
            [span(say.checked(copy.sighting.seen_at))],
            dated_spans(copy.dated),
        ]
        for copy in others
    ]
    shown = blocks.table(head, ["1fr", "22mm", "38mm", "60mm"], rows)
    return blocks.section(en.HEADINGS["sightings"], [shown], level=2)


def _mark_name(kind: str) -> str:
    return en.MARKS.get(kind, kind)


def _mark_outlines(edition: Edition, shown: Plate) -> list[Json]:
    if not (shown.width_px and shown.height_px):
        return []
    regions = (edition.mark_region, edition.label_region)
    return [_mark_outline(region, shown) for region in regions if region is not None]


def _mark_outline(region: Region, shown: Plate) -> Json:
    """The box of a visible mark with a little room around it, so that the line covers nothing."""
    left = region.left / shown.width_px - _MARK_MARGIN
    top = region.top / shown.height_px - _MARK_MARGIN
    right = (region.left + region.width) / shown.width_px + _MARK_MARGIN
    bottom = (region.top + region.height) / shown.height_px + _MARK_MARGIN
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return blocks.outline(_within(corners), dashed=True)


def _region_outline(region: Sequence[tuple[float, float]], shown: Plate) -> list[Json]:
    if len(region) < 3 or not (shown.width_px and shown.height_px):  # noqa: PLR2004
        return []
    return [blocks.outline(_within([(x / shown.width_px, y / shown.height_px) for x, y in region]))]


def _within(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y in corners]
