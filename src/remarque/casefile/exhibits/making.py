"""The intent, the step table, the recipes, the selection."""

from collections.abc import Sequence
from itertools import pairwise

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span, spans
from remarque.casefile.chapters import Choice, Dated, Inferred, Step, Story
from remarque.casefile.exhibits.changes import changes_by_category, count_of
from remarque.casefile.exhibits.recipes import recipe_blocks
from remarque.casefile.plates import THUMBNAIL_PX, Plate, PlateMaker
from remarque.casefile.wording import en, lineage_en, recording_en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.changes import Category
from remarque.model.descent import Basis
from remarque.model.digests import Digest

MOST_ROWS = 40
_LONGEST_UNBROKEN_ROW = 1200
_MANY_CANDIDATES = 12


def intent_section(story: Story) -> Json:
    """What the author said the picture was to become, each version with its date."""
    stated = [
        blocks.statement(en.LABELS["statement"], intent.text, dated_spans(intent.dated))
        for intent in story.intents
    ]
    return blocks.section(
        en.HEADINGS["intent"], stated or [blocks.paragraph(en.INTENT_ABSENT)], new_page=True
    )


def steps_section(story: Story, maker: PlateMaker) -> Json:
    """The step table; beyond forty takes a summary with the rows that matter."""
    if not story.steps:
        return blocks.section(en.HEADINGS["steps"], [blocks.paragraph(en.STEPS_ABSENT)])
    rows: Sequence[Step] = story.steps
    lead = [blocks.paragraph(en.STEPS_LEAD)]
    if len(story.steps) > MOST_ROWS:
        rows = _notable(story)
        lead += [blocks.paragraph(say.steps_summary(len(story.steps))), _summary(story.steps)]
    if story.order_basis:
        lead.append(blocks.note(lineage_en.proposed_order(story.order_basis)))
    elif disordered := _out_of_order(story.steps):
        lead.append(blocks.note(say.out_of_order(disordered)))
    return blocks.section(en.HEADINGS["steps"], [*lead, step_rows(story, rows, maker)])


def step_rows(story: Story, steps: Sequence[Step], maker: PlateMaker) -> Json:
    """One row a take: picture, number and times, what changed, grade."""
    head = [en.LABELS[name] for name in ("picture", "take", "changes")]
    maker.prepare((step.take.picture.digest for step in steps), longest_px=THUMBNAIL_PX)
    return {"type": "steps", "head": head, "rows": [_row(story, step, maker) for step in steps]}


def recipes_section(story: Story) -> list[Json]:
    """The first take in full, the chosen one, and what that was made from where it says nothing."""
    if not story.steps:
        return []
    chosen = story.step_of(story.chosen) if story.chosen else None
    wanted = {"first": story.steps[0], "chosen": chosen, "source": _source_of(story, chosen)}
    told: list[Step] = []
    sections = []
    for name, step in wanted.items():
        if step is not None and step not in told:
            told.append(step)
            sections.append(blocks.section(en.HEADINGS[name], _recipe(step)))
    return sections


def _source_of(story: Story, step: Step | None) -> Step | None:
    """The nearest picture behind an edit or a copy whose file says how it was generated."""
    passed: set[int] = set()
    while step is not None and _is_silent(step) and step.number not in passed:
        passed.add(step.number)
        known = step.origin.basis not in (None, Basis.RECIPE)
        parent = step.origin.parent if known else None
        step = next((one for one in story.steps if one.number == parent), None)
    return step


def _is_silent(step: Step) -> bool:
    recipe = step.take.recipe
    return recipe.prompt is None and recipe.model is None and recipe.seed is None


def selection_section(story: Story, maker: PlateMaker) -> Json:
    """What was chosen over what, and the author's reason as a statement."""
    shown = [block for choice in story.choices for block in _choice(story, choice, maker)]
    if not shown:
        absent = en.SELECTION_UNSTATED if story.inferred else en.SELECTION_ABSENT
        shown = [blocks.paragraph(absent)]
    return blocks.section(en.HEADINGS["selection"], [*shown, _inferred(story)])


def thumbnail(step: Step, maker: PlateMaker) -> Plate:
    """A take's small picture; of a take kept in place, the one kept instead of it."""
    picture = step.take.picture
    alt = say.take_alt(step.number, picture.name)
    made = maker.make(picture.digest, alt, longest_px=THUMBNAIL_PX)
    if made.absence and step.take.thumbnail is not None:
        return maker.make(step.take.thumbnail, alt, longest_px=THUMBNAIL_PX)
    return made


def dated_spans(dated: Dated) -> Spans:
    """When a fact was recorded, its entry, its grade."""
    return spans(
        f"{en.LABELS['recorded_at']} {say.moment(dated.recorded)} UTC, "
        f"{say.entry_name(dated.index)}  ",
        span(dated.grade.value, "grade"),
    )


def _row(story: Story, step: Step, maker: PlateMaker) -> Json:
    groups = _beginning(step) if step.number > 1 else []
    groups += changes_by_category(step.changes)
    length = sum(len(piece["t"]) for group in groups for item in group["items"] for piece in item)
    return {
        "plate": blocks.plate(thumbnail(step, maker), []),
        "title": f"{en.LABELS['take']} {step.number}",
        "tags": _tags(story, step.take.picture.digest),
        "entry": say.entry_name(step.dated.index).capitalize(),
        "times": _times(step.dated),
        "file": step.take.picture.name,
        "groups": groups,
        "remarks": _remarks(step),
        "grade": step.dated.grade.value,
        "breakable": length > _LONGEST_UNBROKEN_ROW,
    }


def _beginning(step: Step) -> list[Json]:
    """In few words what a take begins with that has no other to be compared with."""
    if step.origin.parent is not None:
        return []
    recipe = step.take.recipe
    items = [
        spans(span(f"{en.FIELDS[name]}  ", "faint"), str(value))
        for name in ("prompt", "negative_prompt", "model", "seed", "steps", "cfg", "sampler")
        if (value := getattr(recipe, name)) not in (None, "")
    ]
    return [{"label": en.LABELS["begins"], "items": items}] if items else []


def _times(dated: Dated) -> list[Json]:
    witness = dated.witness
    times = (
        (en.LABELS["file_time"], dated.came),
        (en.LABELS["recorded_at"], dated.recorded),
        (en.LABELS["stamped_at"], witness.time if witness else None),
    )
    return [{"label": label, "time": say.moment(time)} for label, time in times if time]


def _tags(story: Story, picture: Digest) -> list[Json]:
    if any(choice.selection.picture == picture for choice in story.choices):
        return [span(en.LABELS["chosen"], "seal")]
    if any(picture in choice.selection.over for choice in story.choices):
        return [span(en.LABELS["passed_over"], "faint")]
    if any(picture == one.selection.picture for one in story.inferred):
        return [span(en.LABELS["preferred"], "faint")]
    return []


def _remarks(step: Step) -> list[str]:
    remarks = []
    origin = lineage_en.origin(step)
    if step.number == 1:
        remarks.append(en.LABELS["first_take"])
    if origin is not None:
        remarks.append(origin)
    if step.origin.parent is not None and not step.changes and step.origin.edit is None:
        remarks.append(en.LABELS["no_change"])
    if step.incomparable:
        named = ", ".join(en.FIELDS.get(name, name) for name in step.incomparable)
        remarks.append(say.recorded_on_one_side(named))
    remarks += [say.contradiction(sentence) for sentence in step.take.contradictions]
    if step.take.witness is not None:
        remarks.append(recording_en.seen_by(step.take.witness))
        remarks += step.take.witness.remarks
    return [*remarks, *step.take.remarks]


def _out_of_order(steps: Sequence[Step]) -> int:
    came = [step.dated.came for step in steps if step.dated.came is not None]
    return sum(later < earlier for earlier, later in pairwise(came))


def _notable(story: Story) -> list[Step]:
    """The first and last take and those a selection names, in order."""
    named = {digest for c in story.choices for digest in (c.selection.picture, *c.selection.over)}
    last = len(story.steps)
    notable = [s for s in story.steps if s.number in (1, last) or s.take.picture.digest in named]
    return notable[:MOST_ROWS]


def _summary(steps: Sequence[Step]) -> Json:
    changes = [change for step in steps for change in step.changes]
    rows = []
    for category in Category:
        number = count_of(changes, category)
        takes = sum(count_of(step.changes, category) > 0 for step in steps)
        if number:
            rows.append(
                [[span(en.CATEGORIES[category.value])], [span(say.changes_in(number, takes))]]
            )
    return blocks.table([en.LABELS["category"], en.LABELS["changes"]], ["40mm", "1fr"], rows)


def _recipe(step: Step) -> list[Json]:
    name = spans(f"{en.LABELS['take']} {step.number}, ", span(step.take.picture.name, "faint"))
    return [blocks.paragraph(*name, size="lead"), *recipe_blocks(step.take)]


def _choice(story: Story, choice: Choice, maker: PlateMaker) -> list[Json]:
    selection = choice.selection
    # Among many, the size of the step table does, and its plates are there already.
    longest_px = 2 * THUMBNAIL_PX if len(selection.over) < _MANY_CANDIDATES else THUMBNAIL_PX
    maker.prepare((selection.picture, *selection.over), longest_px=longest_px)
    chosen = _candidate(story, selection.picture, maker, longest_px, tone="chosen")
    others = [_candidate(story, digest, maker, longest_px, tone="") for digest in selection.over]
    columns = min(4, max(2, 1 + len(others)))
    shown = [
        blocks.paragraph(
            say.chose(len(selection.over)), "  ", *dated_spans(choice.dated), size="head"
        ),
        blocks.plates([chosen, *others], columns=columns, height_mm=170 / columns),
    ]
    if selection.because.strip():
        label, whose = en.LABELS["statement"], say.reason_of(story.author, choice.dated)
        shown.append(blocks.statement(label, selection.because, [span(whose)]))
    else:
        shown.append(blocks.paragraph(en.REASON_ABSENT))
    confirmed = next((one for one in story.inferred if one.leaf == selection.confirms), None)
    if confirmed is not None:
        follows = recording_en.reason_follows(_name_of(story, confirmed), confirmed)
        shown.append(blocks.paragraph(follows + "  ", *dated_spans(confirmed.dated), size="small"))
    return shown


def _inferred(story: Story) -> Json:
    """Inferred selections nobody gave the reason for, as a list; None without any."""
    open_ones = [one for one in story.inferred if not one.confirmed]
    if not open_ones:
        return None
    rows = []
    for one in open_ones:
        sentence = recording_en.inferred_selection(_name_of(story, one), one.selection)
        rows.append([span(sentence + " "), *dated_spans(one.dated)])
    return blocks.section(
        en.HEADINGS["inferred"],
        [blocks.paragraph(en.INFERRED_LEAD, size="head"), blocks.bullets(rows)],
        level=2,
    )


def _name_of(story: Story, inferred: Inferred) -> str:
    step = story.step_of(inferred.selection.picture)
    return say.picture_name(step.number if step else None, inferred.selection.picture)


def _candidate(
    story: Story, picture: Digest, maker: PlateMaker, longest_px: int, *, tone: str
) -> Json:
    step = story.step_of(picture)
    name = say.picture_name(step.number if step else None, picture)
    tag = en.LABELS["chosen"] if tone else en.LABELS["passed_over"]
    made = maker.make(picture, f"{name}, {tag}", longest_px=longest_px)
    kind = "seal" if tone else "faint"
    return blocks.plate(made, spans(f"{name}  ", span(tag, kind)), tone=tone)
