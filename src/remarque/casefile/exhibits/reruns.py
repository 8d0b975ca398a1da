"""Takes made again: each attempt with its grade, its picture beside the recorded one, and why."""

from collections.abc import Sequence

from remarque.casefile import blocks
from remarque.casefile.blocks import span, spans
from remarque.casefile.chapters import MadeAgain, Story
from remarque.casefile.exhibits.making import dated_spans
from remarque.casefile.plates import PlateMaker
from remarque.casefile.wording import rerun_en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.reruns import Rerun, RerunGrade

MOST_SHOWN = 6
MOST_LINES = 12

_PLATE_PX = 700
_HEIGHT_MM = 66.0
_HEIGHT_EXACT_MM = 46.0
_HEIGHT_ALONE_MM = 36.0
_WORD = rerun_en.LABELS


def reruns_section(story: Story, maker: PlateMaker) -> list[Json]:
    """The last attempts at the takes that matter most in full, all attempts in a table."""
    if not story.reruns:
        return []
    shown = _worth_showing(story)
    content = [blocks.paragraph(rerun_en.LEAD)]
    if len(story.reruns) > 1:
        content.append(_table(story))
    content += [_attempt(story, again, maker) for again in shown]
    if len(shown) < len(story.reruns):
        content.append(blocks.note(rerun_en.MORE))
    return [blocks.section(rerun_en.HEADING, content)]


def _worth_showing(story: Story) -> list[MadeAgain]:
    """The last attempt at each take; those of the chosen picture first, then the newest."""
    last = {again.rerun.take: again for again in story.reruns}
    newest = sorted(last.values(), key=lambda again: again.dated.index, reverse=True)
    newest.sort(key=lambda again: again.rerun.original != story.chosen)
    return newest[:MOST_SHOWN]


def _table(story: Story) -> Json:
    head = [_WORD[name] for name in ("take", "attempt", "engine", "grade", "difference")]
    rows = [
        [
            [span(_number_text(story, again.rerun))],
            [span(f"{say.moment(again.dated.recorded)}, {say.entry_name(again.dated.index)}")],
            [span(again.rerun.engine)],
            [span(rerun_en.GRADES[again.rerun.grade], "strong")],
            [span(rerun_en.difference(again.rerun.difference))],
        ]
        for again in story.reruns
    ]
    return blocks.table(head, ["12mm", "34mm", "36mm", "26mm", "1fr"], rows)


def _attempt(story: Story, again: MadeAgain, maker: PlateMaker) -> Json:
    rerun, number = again.rerun, _number(story, again.rerun)
    came_out = rerun.picture is not None
    said = spans(rerun_en.result(rerun) + "  ")
    shown = [
        blocks.paragraph(*said, *dated_spans(again.dated), size="head"),
        _plates(number, rerun, maker),
    ]
    if rerun.difference is not None and rerun.difference.largest:
        compared = spans(rerun_en.difference(rerun.difference))
        shown.append(blocks.facts([(_WORD["difference"], compared)]))
    shown += _listed(_WORD["missing"], rerun.missing)
    if came_out:
        shown += _listed(_WORD["causes"], rerun.causes)
        shown += _listed(_WORD["assumed"], rerun.assumed)
        shown += _environment(rerun)
    if rerun.film is not None:
        shown.append(blocks.paragraph(f"{_WORD['film']}: ", span(rerun.film, "mono"), size="small"))
    return blocks.section(rerun_en.title(number, rerun), shown, level=2)


def _plates(number: int | None, rerun: Rerun, maker: PlateMaker) -> Json:
    named = [(rerun.original, rerun_en.picture_name(number, _WORD["recorded_picture"]))]
    if rerun.picture is not None:
        named.append((rerun.picture, rerun_en.picture_name(number, _WORD["again"])))
    maker.prepare((digest for digest, _ in named), longest_px=_PLATE_PX)
    plates = [
        blocks.plate(maker.make(digest, name, longest_px=_PLATE_PX), [span(name)])
        for digest, name in named
    ]
    return blocks.plates(plates, columns=2, height_mm=_height(rerun))


def _height(rerun: Rerun) -> float:
    """Two equal pictures need no room: only where they differ is there something to look for."""
    if rerun.picture is None:
        return _HEIGHT_ALONE_MM
    return _HEIGHT_EXACT_MM if rerun.grade is RerunGrade.BIT_EXACT else _HEIGHT_MM


def _listed(label: str, sentences: Sequence[str]) -> list[Json]:
    if not sentences:
        return []
    return [
        blocks.paragraph(span(f"{label}:", "strong"), size="head"),
        blocks.bullets([[span(one)] for one in sentences]),
    ]


def _environment(rerun: Rerun) -> list[Json]:
    """The lines that differ; how many are the same, and how many nobody can compare."""
    differing = rerun_en.differing(rerun.environment)
    same = sum(one.same for one in rerun.environment)
    if not any(one.recorded is not None for one in rerun.environment):
        return [blocks.paragraph(_WORD["no_environment"], size="small")]
    one_sided = len(rerun.environment) - same - len(differing)
    rest = rerun_en.environment_rest(same, one_sided, differing=bool(differing))
    if not differing:
        return [blocks.paragraph(rest, size="small")]
    rows = [
        [[span(one.name)], [span(one.recorded or "")], [span(one.now or "")]]
        for one in differing[:MOST_LINES]
    ]
    head = [_WORD[name] for name in ("fact", "then", "now")]
    return [
        blocks.table(head, ["44mm", "1fr", "1fr"], rows),
        blocks.paragraph(rest, size="small"),
    ]


def _number(story: Story, rerun: Rerun) -> int | None:
    return next((step.number for step in story.steps if step.take.take == rerun.take), None)


def _number_text(story: Story, rerun: Rerun) -> str:
    number = _number(story, rerun)
    return "–" if number is None else str(number)
