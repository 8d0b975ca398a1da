"""What each choice did: pairs with one thing taken away, word maps, and the author's path."""

from collections.abc import Sequence

from remarque.casefile import blocks
from remarque.casefile.blocks import span, spans
from remarque.casefile.chapters import Explained, Story
from remarque.casefile.exhibits.making import dated_spans
from remarque.casefile.plates import PlateMaker
from remarque.casefile.wording import explain_en
from remarque.model.canonical import Json
from remarque.model.digests import Digest
from remarque.model.explanations import (
    Character,
    Counterfactual,
    Explanation,
    Outcome,
    PathStep,
)
from remarque.model.generic_words import joins_only

MOST_SHOWN = 2
MOST_PAIRS = 6
MOST_MAPS = 8
MOST_STEPS = 6
MOST_NAMED = 40

_PLATE_PX = 600
_PAIR_MM, _MAP_MM, _STEP_MM = 46.0, 34.0, 40.0
_MAPS_IN_A_ROW = 4
_WORD = explain_en.LABELS


def explained_sections(story: Story, maker: PlateMaker) -> list[Json]:
    """The last explanation of the takes that matter most; nothing where none was made."""
    if not story.explanations:
        return []
    last = {one.explanation.take: one for one in story.explanations}
    newest = sorted(last.values(), key=lambda one: one.dated.index, reverse=True)
    newest.sort(key=lambda one: one.explanation.original != story.chosen)
    shown = newest[:MOST_SHOWN]
    content = [blocks.paragraph(explain_en.LEAD), blocks.note(explain_en.CAVEAT)]
    content += [_explanation(story, one, maker) for one in shown]
    if len(shown) < len(story.explanations):
        content.append(blocks.paragraph(explain_en.MORE_EXPLANATIONS, size="small"))
    return [blocks.section(explain_en.HEADING, content)]


def _explanation(story: Story, one: Explained, maker: PlateMaker) -> Json:
    found = one.explanation
    number = _number(story, found.take)
    facts = [
        (_WORD["grade"], [span(explain_en.grade(found))]),
        (_WORD["engine"], [span(found.engine)]),
        (_WORD["runs"], [span(explain_en.runs(found))]),
    ]
    content = [
        blocks.paragraph(*dated_spans(one.dated), size="head"),
        blocks.facts(facts),
        *_pairs(found, maker),
        *_all_choices(found),
        *_word_maps(found, maker),
        *_path(story, found, maker),
        *_remarks(found),
    ]
    return blocks.section(explain_en.title(number), content, level=2)


def _pairs(found: Explanation, maker: PlateMaker) -> list[Json]:
    """The creative choices that changed something, the author's latest first, with pictures."""
    visible = _visible(found)
    content = [block for pair in visible[:MOST_PAIRS] for block in _pair(found, pair, maker)]
    if len(visible) > MOST_PAIRS:
        content.append(blocks.paragraph(explain_en.MORE_PAIRS, size="small"))
    return [blocks.section(_WORD["pairs"], content, level=3)] if content else []


def _visible(found: Explanation) -> list[Counterfactual]:
    return [
        pair
        for pair in found.counterfactuals
        if pair.outcome is Outcome.VISIBLE and pair.character is Character.CREATIVE
    ]


def _pair(found: Explanation, pair: Counterfactual, maker: PlateMaker) -> list[Json]:
    named = [
        (found.baseline, _WORD["again"]),
        (pair.picture, explain_en.pair_caption(pair)),
        (pair.difference, _WORD["difference"]),
    ]
    return [
        blocks.paragraph(pair.sentence, size="head"),
        _plates(named, maker, columns=3, height_mm=_PAIR_MM),
    ]


def _plates(
    named: Sequence[tuple[Digest | None, str]],
    maker: PlateMaker,
    *,
    columns: int,
    height_mm: float,
) -> Json:
    there = [(digest, name) for digest, name in named if digest is not None]
    maker.prepare((digest for digest, _ in there), longest_px=_PLATE_PX)
    plates = [
        blocks.plate(maker.make(digest, name, longest_px=_PLATE_PX), [span(name)])
        for digest, name in there
    ]
    return blocks.plates(plates, columns=columns, height_mm=height_mm)


def _all_choices(found: Explanation) -> list[Json]:
    """What has no pictures above: other pairs, silent choices, generic words, what was not run."""
    tried = [one for one in found.counterfactuals if one.outcome is not Outcome.NOT_RUN]
    creative = [one for one in tried if one.character is Character.CREATIVE]
    generic = [one for one in tried if one.character is Character.GENERIC]
    silent = [one.choice for one in creative if one.outcome is Outcome.NONE]
    failed = [one for one in creative if one.outcome is Outcome.FAILED]
    waiting = [one.choice for one in found.counterfactuals if one.outcome is Outcome.NOT_RUN]
    return [
        *_table(_WORD["others"], [*_visible(found)[MOST_PAIRS:], *failed]),
        *_named(_WORD["none"], silent),
        *_table(_WORD["generic"], generic, explain_en.GENERIC_LEAD),
        *_named(_WORD["not_run"], waiting),
    ]


def _table(heading: str, pairs: Sequence[Counterfactual], lead: str = "") -> list[Json]:
    if not pairs:
        return []
    rows = [
        [[span(one.choice, "strong")], [span(explain_en.share(one))], [span(one.sentence)]]
        for one in pairs
    ]
    head = [_WORD[name] for name in ("choice", "share", "sentence")]
    content = [blocks.paragraph(lead, size="head")] if lead else []
    content.append(blocks.table(head, ["46mm", "20mm", "1fr"], rows))
    return [blocks.section(heading, content, level=3)]


def _named(label: str, choices: Sequence[str]) -> list[Json]:
    if not choices:
        return []
    more = f" (and {len(choices) - MOST_NAMED} more)" if len(choices) > MOST_NAMED else ""
    told = explain_en.left_out(choices[:MOST_NAMED]) + more
    return [blocks.paragraph(span(f"{label}: ", "strong"), told)]


def _word_maps(found: Explanation, maker: PlateMaker) -> list[Json]:
    telling = [one for one in found.word_maps if not joins_only(one.phrase)]
    ordered = sorted(telling, key=lambda one: one.character is Character.GENERIC)
    if not ordered:
        return []
    named = [
        (one.overlay, explain_en.map_caption(one.phrase, one.share)) for one in ordered[:MOST_MAPS]
    ]
    plates = _plates(named, maker, columns=_MAPS_IN_A_ROW, height_mm=_MAP_MM)
    content = [blocks.paragraph(explain_en.WORD_MAPS_LEAD, size="head"), plates]
    return [blocks.section(_WORD["word_maps"], content, level=3)]


def _path(story: Story, found: Explanation, maker: PlateMaker) -> list[Json]:
    if not found.path:
        return []
    content = [blocks.paragraph(explain_en.PATH_LEAD)]
    for step in found.path[-MOST_STEPS:]:
        content += _step(story, step, maker)
    return [blocks.section(_WORD["path"], content, level=3)]


def _step(story: Story, step: PathStep, maker: PlateMaker) -> list[Json]:
    numbers = [_number(story, take) for take in (step.before, step.after)]
    pictures = [_picture(story, take) for take in (step.before, step.after)]
    names = [explain_en.title(number) for number in numbers]
    named = [*zip(pictures, names, strict=True), (step.difference, _WORD["difference"])]
    changes = "; ".join(step.changes)
    start = explain_en.path_title(*numbers)
    told = [f"{start}: {changes}." if changes else f"{start}.", step.sentence]
    return [
        blocks.paragraph(*spans(" ".join(told)), size="head"),
        _plates(named, maker, columns=3, height_mm=_STEP_MM),
    ]


def _remarks(found: Explanation) -> list[Json]:
    if not found.remarks:
        return []
    return [
        blocks.paragraph(span(f"{_WORD['remarks']}:", "strong"), size="head"),
        blocks.bullets([[span(one)] for one in found.remarks]),
    ]


def _number(story: Story, take: str) -> int | None:
    return next((step.number for step in story.steps if step.take.take == take), None)


def _picture(story: Story, take: str) -> Digest | None:
    steps = (step.take for step in story.steps)
    return next((one.picture.digest for one in steps if one.take == take), None)
