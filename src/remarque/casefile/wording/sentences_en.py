"""English: the sentences of the case file that have values in them."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from remarque.casefile.chapters import Dated, EntrySeen, StampSeen, Story
from remarque.casefile.wording import en
from remarque.errors import MetadataMalformed
from remarque.model.entry import StampState
from remarque.model.grades import RECORDED_WITHIN, STAMPED_WITHIN, Grade
from remarque.model.history import Edition
from remarque.model.times import parse_time

_DAY = 24 * 60 * 60
_UNITS = ((365 * _DAY, "year"), (_DAY, "day"), (60 * 60, "hour"), (60, "minute"), (1, "second"))


def moment(time: datetime) -> str:
    """A moment in UTC to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(span: timedelta) -> str:
    """A length of time in its two largest units."""
    seconds, said = int(span.total_seconds()), []
    for length, unit in _UNITS:
        number, seconds = divmod(seconds, length)
        if number:
            said.append(f"{number} {unit}{'' if number == 1 else 's'}")
    return " ".join(said[:2]) or "less than a second"


def many(number: int, thing: str, things: str = "") -> str:
    """A number with its noun: 1 take, 2 takes, no takes."""
    noun = thing if number == 1 else things or thing + "s"
    return f"{number or 'no'} {noun}"


def why_graded(dated: Dated) -> str:
    """Why a fact carries its grade, with the moments it was made from."""
    sentences = [_why(dated)]
    if dated.grade is Grade.IMPORTED and dated.witness and dated.witness.time:
        sentences.append(
            f"What was imported existed no later than {moment(dated.witness.time)}, by the "
            f"timestamp of {dated.witness.authority}."
        )
    if dated.witness and not dated.witness.is_known:
        sentences.append("No known root vouches for that authority.")
    if dated.demonstration:
        sentences.append("The only stamp over it was made by a program on the same machine.")
    return " ".join(sentences)


def _why(dated: Dated) -> str:
    if dated.grade is Grade.IMPORTED:
        return f"Read from a file on {moment(dated.recorded)}."
    if dated.witness is None or dated.witness.time is None:
        if dated.queued:
            return "An outside timestamp has been asked for and is still to come."
        return "No outside timestamp covers this entry."
    stamp = f"the timestamp of {dated.witness.authority} is of {moment(dated.witness.time)}"
    if dated.grade is Grade.CONTEMPORANEOUS:
        return f"Recorded as it happened; {stamp}."
    return f"{_why_not_contemporaneous(dated, dated.witness.time)}; {stamp}."


def _why_not_contemporaneous(dated: Dated, stamped: datetime) -> str:
    came = dated.came or dated.recorded
    if dated.recorded < came:
        return "The file’s own time is later than the record, so one of the two clocks is wrong"
    if dated.recorded - came > RECORDED_WITHIN:
        return f"Recorded {duration(dated.recorded - came)} after the file’s own time"
    if stamped - dated.recorded > STAMPED_WITHIN:
        return f"Stamped {duration(stamped - dated.recorded)} after it was recorded"
    return (
        "The stamp is earlier than the record says it was made, so one of the two clocks is wrong"
    )


def stamp_state(stamp: StampSeen) -> str:
    """What one timestamp shows, in a sentence."""
    if stamp.state is StampState.PENDING:
        reason = f" ({stamp.problem})" if stamp.problem else ""
        return f"Asked for, still to come{reason}."
    if stamp.state is StampState.REFUSED:
        return f"Refused: {stamp.problem or 'the answer did not verify'}"
    if stamp.state is StampState.SUPERSEDED:
        return "Never came; a later checkpoint, which covers this one, is stamped."
    if not stamp.holds or stamp.time is None:
        reasons = stamp.judgement.reasons if stamp.judgement else ()
        return f"Held, and does not verify: {'; '.join(reasons) or 'no reason given'}."
    if stamp.is_on_this_machine:
        return f"{moment(stamp.time)}. {en.DEMONSTRATION_STAMP}"
    known = (
        "The signer leads to a root that is publicly known or that the author trusts."
        if stamp.is_known
        else "Intact, but no known root vouches for the signer."
    )
    return f"{moment(stamp.time)}. {known}"


def false_accusation_rate(rate: float) -> str:
    """The measured bound for a verdict, as a share and as one in so many."""
    if rate <= 0:
        return "None: two different pictures with one digest are not known to exist."
    if rate >= 1:
        return "No useful bound has been measured for this score."
    one_in = float(f"{1 / rate:.2g}")
    share_of_pairs = f"{100 * rate:.2g} % of pairs of unrelated pictures"
    return f"At most {share_of_pairs} (about 1 in {one_in:,.0f})."


def imported_limit(story: Story) -> str | None:
    """How many takes are imports, and since when the record begins."""
    imported = [step for step in story.steps if step.dated.grade is Grade.IMPORTED]
    if not imported:
        return None
    first = min(step.dated.recorded for step in imported)
    return (
        f"{len(imported)} of {many(len(story.steps), 'take')} came in as files on or after "
        f"{moment(first)} UTC. What those files say about their own making, and the times they "
        "carry, could have been altered before that day. Nothing of them was recorded while they "
        "were made."
    )


def absence_limit(story: Story) -> str | None:
    """How many pictures the record names without having their bytes."""
    if not story.absences:
        return None
    return (
        "Some pictures the record names could not be read when this file was written: "
        f"{len(story.absences)}. Under Integrity the reason stands beside the digest."
    )


def steps_summary(takes: int) -> str:
    """What stands on the page instead of all rows, where there are too many."""
    return (
        f"The work has {takes} takes. This page sums them up and shows the first, the last and "
        "those the author chose between; Appendix A has every take."
    )


def out_of_order(takes: int) -> str:
    """The files' own times disagree with the ledger's order."""
    return (
        f"The own times of {many(takes, 'file')} do not follow the order of the ledger. The order "
        "shown here is that of the ledger."
    )


def gap(length: timedelta) -> str:
    """A stretch of time without an entry."""
    return f"{duration(length)} without anything on record"


def entry_name(index: int) -> str:
    """An entry by its number in the ledger."""
    return f"entry {index}"


def ranges(numbers: Iterable[int]) -> str:
    """Numbers with their runs drawn together: 1–4, 7."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def take_alt(number: int, name: str) -> str:
    """What a screen reader says for a take's picture."""
    return f"Picture of take {number}, file {name}"


def chosen_alt(title: str, author: str) -> str:
    """What a screen reader says for the picture on the cover."""
    return f"The picture of the work {title} by {author}"


def chosen_caption(story: Story) -> str:
    """Which picture stands on the cover, and why that one."""
    picture = story.chosen
    step = story.step_of(picture) if picture else None
    name = picture_name(step.number if step else None, picture) if picture else ""
    if story.choices:
        return f"{name}, selected by the author on {moment(story.choices[-1].dated.recorded)} UTC"
    if story.publications:
        return f"{name}, the source of the last published copy; no selection is on record"
    if story.inferred:
        return f"{name}, preferred as far as what was done with the files tells; no reason is given"
    return f"{name}, the last on record; no selection is on record"


def picture_name(number: int | None, picture: str) -> str:
    """A take by its number, or a picture by the start of its digest."""
    if number is not None:
        return f"Take {number}"
    return f"Picture {picture.removeprefix('sha256:')[:12]}…"


def takes_on_record(story: Story) -> str:
    """How many takes, selections, published copies and sightings there are."""
    return ", ".join(
        (
            many(len(story.steps), "take"),
            many(len(story.choices), "selection"),
            many(len(story.publications), "published copy", "published copies"),
            many(len(story.copies), "sighting"),
        )
    )


def grades_lead(story: Story) -> str:
    """What the four numbers on the cover count."""
    total = sum(story.grade_counts().values())
    return f"How far the {many(total, 'entry', 'entries')} of this work can be trusted:"


def recorded_on_one_side(fields: str) -> str:
    """Facts that cannot be compared."""
    return f"Recorded in one of the two files only, so not compared: {fields}."


def contradiction(sentence: str) -> str:
    """The file disagrees with itself."""
    return f"The file contradicts itself: {sentence}"


def changes_in(number: int, takes: int) -> str:
    """How many changes of one category, in how many takes."""
    return f"{many(number, 'change')} in {many(takes, 'take')}"


def chose(others: int) -> str:
    """How many pictures a selection passed over."""
    return f"One picture selected, {many(others, 'other')} passed over."


def reason_of(author: str, dated: Dated) -> str:
    """Whose reason it is, and since when it is on record."""
    return f"the reason {author} gave, on record since {moment(dated.recorded)} UTC"


def document_title(title: str) -> str:
    """The document's own title."""
    return f"{en.CASE_FILE}: {title}"


def document_description(title: str, work: str) -> str:
    """What the document is, for catalogues and screen readers."""
    return f"The record of how the picture “{title}” was made (work {work}), with its evidence."


def edition_alt(name: str) -> str:
    """What a screen reader says for a published copy."""
    return f"The published copy {name}"


def file_summary(edition: Edition) -> str:
    """Name, size and kind of a published file."""
    return f"{edition.name}, {edition.width_px} × {edition.height_px} pixels, {edition.media_type}"


def checked(time: str) -> str:
    """When something was noticed or checked, by the author's clock."""
    try:
        return f"{moment(parse_time(time))} UTC"
    except MetadataMalformed:
        return time


def share(part: float) -> str:
    """How much of our picture the suspect shows."""
    return f"{100 * part:.0f} %"


def score(method: str, number: float) -> str:
    """What the comparison's number counts."""
    counted = {"keypoints": " agreeing points", "whole-picture": " agreeing blocks"}
    return f"{number:g}{counted.get(method, '')}"


def other_match(picture: str, points: float) -> str:
    """A further picture of the work the suspect was matched with."""
    return f"{picture_name(None, picture)}, score {points:g}"


def file_event(number: int, name: str) -> str:
    """When a take's file says it came into being."""
    return f"Take {number}: the file {name} came into being"


def entry_event(entry: EntrySeen, take: int | None) -> str:
    """An entry, in words."""
    what = en.ENTRY_KINDS[entry.kind.value]
    if take:
        way = "imported" if entry.dated.grade is Grade.IMPORTED else "recorded"
        what = f"Take {take} was {way}"
    return f"{what} ({entry_name(entry.index)})"


def stamp_event(authority: str, size: int) -> str:
    """A timestamp over a checkpoint."""
    return f"{authority} stamped the checkpoint of {many(size, 'entry', 'entries')}"


def and_more(number: int) -> str:
    """The rest of a run of like events."""
    return f"and {number - 1} more of the kind, until the second time"


def up_to(index: int, take: int | None) -> str:
    """The end of a run of entries."""
    return f"to take {take} ({entry_name(index)})" if take else f"to {entry_name(index)}"


def made_by_programs(story: Story) -> list[str]:
    """Which generators and models the files name."""
    generators = Counter(
        step.take.generator or "a program the file does not name" for step in story.steps
    )
    said = [
        f"The pictures of {many(number, 'take')} came out of {name}."
        for name, number in generators.most_common()
    ]
    models = sorted({step.take.recipe.model for step in story.steps if step.take.recipe.model})
    if models:
        said.append(f"Models the files name: {', '.join(models)}.")
    sources = sorted({s.name or s.role for step in story.steps for s in step.take.recipe.sources})
    if sources:
        said.append(f"Pictures that went in, by the names in the files: {', '.join(sources)}.")
    if story.publications:
        said.append(
            "The marks of the published copies were written by Remarque at the author’s wish."
        )
    return said


def stated_intents(number: int) -> str:
    """How often the author stated an intent."""
    return f"Statement: the intent was stated {times(number)}."


def inferred_changes(category: str, number: int) -> str:
    """How many changes of one category lie between the takes."""
    return f"Inferred: {category.lower()}, {many(number, 'change')} between neighbouring takes."


def made_selections(number: int) -> str:
    """How often the author selected."""
    return f"Recorded: a picture was selected from a set {times(number)}."


def inferred_selections(number: int) -> str:
    """How often moving, copying, rating or deleting files looked like a selection."""
    return f"Inferred: what was done with the files shows a preference {times(number)}."


def made_publications(number: int) -> str:
    """How often the author published."""
    return f"Recorded: a copy was published {times(number)}."


def times(number: int) -> str:
    """How often."""
    return {0: "not once", 1: "once", 2: "twice"}.get(number, f"{number} times")


def cut(text: str, longest: int) -> str:
    """A text cut to a length, with a sign that it is."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
