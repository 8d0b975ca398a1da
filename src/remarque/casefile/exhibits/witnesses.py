"""Who saw pictures come into being, with which model files, in which environment."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span
from remarque.casefile.chapters import Step, Story
from remarque.casefile.wording import en, recording_en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json
from remarque.model.witness import ModelFile, Witness

_WIDTHS = ("44mm", "1fr", "28mm")


def witnesses_section(story: Story) -> list[Json]:
    """Every observer, program, model file and environment once, with the takes they belong to."""
    seen = [(step, step.take.witness) for step in story.steps if step.take.witness is not None]
    if not seen:
        return []
    shown: list[Json] = [blocks.paragraph(recording_en.SEEN_LEAD), _observers(seen)]
    late = recording_en.caught_up(story)
    if late is not None:
        shown.append(blocks.note(late))
    models = _models(seen)
    if models:
        head = [en.LABELS[name] for name in ("role", "model_files", "used_in")]
        shown.append(blocks.table(head, ["28mm", "1fr", "28mm"], models))
    environment = _environment(seen)
    if environment:
        head = [en.LABELS[name] for name in ("environment", "value", "used_in")]
        shown.append(blocks.table(head, _WIDTHS, environment))
    return [blocks.section(en.HEADINGS["seen"], shown)]


Seen = Sequence[tuple[Step, Witness]]


def _observers(seen: Seen) -> Json:
    takes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for step, witness in seen:
        takes[witness.observer.value, witness.program or ""].append(step.number)
    head = [en.LABELS[name] for name in ("observer", "program", "used_in")]
    rows = [
        [[span(observer)], [span(program or en.LABELS["program_unknown"])], _numbers(numbers)]
        for (observer, program), numbers in takes.items()
    ]
    return blocks.table(head, _WIDTHS, rows)


def _models(seen: Seen) -> list[list[Spans]]:
    takes: dict[ModelFile, list[int]] = defaultdict(list)
    for step, witness in seen:
        for model in witness.models:
            takes[model].append(step.number)
    return [
        [[span(model.role.replace("_", " "))], _model(model), _numbers(numbers)]
        for model, numbers in takes.items()
    ]


def _model(model: ModelFile) -> Spans:
    said = ", ".join(part for part in (model.name, model.version, model.licence) if part)
    digest = span(model.digest, "mono") if model.digest else span(en.LABELS["unread"], "faint")
    return [span(said + "\n"), digest]


def _environment(seen: Seen) -> list[list[Spans]]:
    takes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for step, witness in seen:
        for setting in witness.environment:
            takes[setting.name, setting.value].append(step.number)
    return [
        [[span(name)], [span(value)], _numbers(numbers)] for (name, value), numbers in takes.items()
    ]


def _numbers(numbers: Iterable[int]) -> Spans:
    return [span(say.ranges(numbers))]
