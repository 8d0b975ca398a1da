"""The course of events on one axis, with the gaps left as wide as they were."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span, spans
from remarque.casefile.chapters import Story
from remarque.casefile.wording import en
from remarque.casefile.wording import sentences_en as say
from remarque.model.canonical import Json

_GAP = timedelta(hours=24)
_GROUP_WITHIN = timedelta(hours=1)
_SMALLEST_GROUP = 4


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: when, by whose clock, and what. ``kind`` groups like events."""

    time: datetime
    clock: str
    kind: str
    text: str


def timeline_section(story: Story) -> Json:
    """A scaled strip of all moments, then the list with the gaps said."""
    events = events_of(story)
    if not events:
        return blocks.section(en.HEADINGS["timeline"], [])
    return blocks.section(
        en.HEADINGS["timeline"],
        [
            blocks.paragraph(en.TIMELINE_LEAD),
            strip(events),
            blocks.table(
                [en.LABELS["time"], en.LABELS["event"], en.LABELS["clock"]],
                ["36mm", "1fr", "38mm"],
                _rows(grouped(events)),
            ),
        ],
        new_page=True,
    )


def events_of(story: Story) -> list[Event]:
    """Every dated fact, earliest first: files' own times, entries, stamps."""
    events = [
        Event(step.dated.came, "file", "file", say.file_event(step.number, step.take.picture.name))
        for step in story.steps
        if step.dated.came is not None
    ]
    takes = {step.dated.index: step.number for step in story.steps}
    events += [
        Event(
            entry.dated.recorded,
            "author",
            entry.kind.value,
            say.entry_event(entry, takes.get(entry.index)),
        )
        for entry in story.entries
    ]
    for checkpoint in story.checkpoints:
        for stamp in checkpoint.stamps:
            if stamp.holds and stamp.time is not None:
                clock = "demonstration" if stamp.is_on_this_machine else "authority"
                text = say.stamp_event(stamp.authority, checkpoint.size)
                events.append(Event(stamp.time, clock, f"stamp {stamp.authority}", text))
    return sorted(events, key=lambda event: event.time)


def grouped(events: list[Event]) -> list[list[Event]]:
    """Runs of like events close together, so that two hundred takes do not fill ten pages."""
    runs: list[list[Event]] = []
    for event in events:
        last = runs[-1] if runs else []
        alike = bool(last) and (last[-1].kind, last[-1].clock) == (event.kind, event.clock)
        if alike and event.time - last[-1].time <= _GROUP_WITHIN:
            last.append(event)
        else:
            runs.append([event])
    return [part for run in runs for part in _split(run)]


def strip(events: list[Event]) -> Json:
    """Moments on three lanes, placed from 0 to 1 between the first and the last."""
    first, last = events[0].time, events[-1].time
    length = (last - first).total_seconds() or 1.0
    staged = any(event.clock == "demonstration" for event in events)
    lanes = []
    for name in ("file", "author", "authority"):
        places = {
            round((event.time - first).total_seconds() / length, 4)
            for event in events
            if event.clock == name or (name == "authority" and event.clock == "demonstration")
        }
        label = en.LANES["demonstration" if name == "authority" and staged else name]
        lanes.append({"name": name, "label": label, "places": sorted(places)})
    ends = [say.moment(first) + " UTC", say.moment(last) + " UTC"]
    return {"type": "strip", "lanes": lanes, "ends": ends, "alt": en.TIMELINE_LEAD}


def _split(run: list[Event]) -> list[list[Event]]:
    return [run] if len(run) >= _SMALLEST_GROUP else [[event] for event in run]


def _rows(runs: list[list[Event]]) -> list[list[Spans]]:
    rows: list[list[Spans]] = []
    before: datetime | None = None
    for run in runs:
        first, last = run[0], run[-1]
        if before is not None and first.time - before >= _GAP:
            rows.append([[], [span(say.gap(first.time - before), "gap")], []])
        before = last.time
        rows.append([_time(run), _text(run), [span(en.CLOCKS[first.clock], "faint")]])
    return rows


def _time(run: list[Event]) -> Spans:
    if len(run) == 1:
        return [span(say.moment(run[0].time))]
    return spans(f"{say.moment(run[0].time)}\n", span(f"– {say.moment(run[-1].time)}", "plain"))


def _text(run: list[Event]) -> Spans:
    if len(run) == 1:
        return [span(run[0].text)]
    return spans(run[0].text, span(f"\n{say.and_more(len(run))}", "faint"))
