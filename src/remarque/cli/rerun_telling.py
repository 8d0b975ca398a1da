"""What ``remarque rerun`` says: a paragraph for each take, a table at the end, or JSON."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from remarque.cli.output import clean, say, say_table, stdout_console
from remarque.cli.show_lines import line
from remarque.model.canonical import Json, json_from_value
from remarque.model.reruns import EnvironmentLine, PictureDifference, Rerun, RerunGrade

if TYPE_CHECKING:
    from remarque.actions.rerunning import Rerunning

SHORTEST_ID = 12
_STYLES = {
    RerunGrade.BIT_EXACT: "bold green",
    RerunGrade.WITHIN_TOLERANCE: "green",
    RerunGrade.VISUALLY_SAME: "cyan",
    RerunGrade.DIFFERS: "bold red",
    RerunGrade.CANNOT_RUN: "yellow",
}
_WORDS = {
    RerunGrade.BIT_EXACT: "bit-exact: every pixel is the same",
    RerunGrade.WITHIN_TOLERANCE: "within tolerance",
    RerunGrade.VISUALLY_SAME: "visually the same",
    RerunGrade.DIFFERS: "differs: another picture came out",
    RerunGrade.CANNOT_RUN: "cannot run",
}


def exit_code_of(told: "Sequence[Rerunning]") -> int:
    """3 where any take could not be run, else 1 where any differs, else 0."""
    grades = {one.rerun.grade for one in told}
    if RerunGrade.CANNOT_RUN in grades:
        return 3
    return 1 if RerunGrade.DIFFERS in grades else 0


def rerun_as_json(one: "Rerunning") -> Json:
    """The contract of ``rerun`` (DESIGN §8) and more."""
    told: Json = json_from_value(one.rerun)
    for row, line_ in zip(told["environment"], one.rerun.environment, strict=True):
        row["same"] = line_.same
    return {**told, "name": one.take.picture.name, "earlier": one.earlier}


def say_rerun(one: "Rerunning", *, full: bool) -> None:
    """One take: its grade, why, and the environment where it is another."""
    rerun = one.rerun
    name = clean(one.take.picture.name)
    head = Text.assemble((f"{name}  ", "bold"), (f"take {one.take.take[:SHORTEST_ID]}", "dim"))
    say(head)
    _row(_WORDS[rerun.grade], _STYLES[rerun.grade])
    if rerun.difference is not None and rerun.grade is not RerunGrade.BIT_EXACT:
        _row(difference_in_words(rerun.difference))
    if one.earlier:
        _row("made again before with this engine and environment (--anew runs it once more)", "dim")
    for label, sentences in (
        ("missing", rerun.missing),
        ("likely cause", rerun.causes),
        ("assumed", rerun.assumed),
    ):
        for sentence in sentences:
            _row(f"{label}: {sentence}", "yellow" if label == "missing" else "")
    for shown in _environment(rerun, full=full):
        _row(shown, "dim")


def difference_in_words(difference: PictureDifference) -> str:
    """The figures of a difference on one line."""
    said = (
        f"largest difference {difference.largest} of 255, mean {difference.mean:.4f}, "
        f"{difference.changed_share:.2%} of the pixels"
    )
    if difference.distance is not None:
        said += f", fingerprints {difference.distance} of 256 bits apart"
    if difference.place is not None:
        said += f", the mean of no place by more than {difference.place:.1f} levels"
    return said


def grade_table(told: "Sequence[Rerunning]") -> None:
    """All takes of one command, one row each; nothing for a single one."""
    if len(told) < 2:  # noqa: PLR2004
        return
    table = Table("take", "picture", "grade", "largest", "mean", box=None, pad_edge=False)
    for one in told:
        found = one.rerun.difference
        largest, mean = ("–", "–") if found is None else (str(found.largest), f"{found.mean:.4f}")
        grade = Text(one.rerun.grade.value, style=_STYLES[one.rerun.grade])
        name = clean(one.take.picture.name)
        table.add_row(one.take.take[:SHORTEST_ID], name, grade, largest, mean)
    say()
    say_table(table)


def _environment(rerun: Rerun, *, full: bool) -> Iterator[str]:
    """The lines that differ; those known on one side alone only where all are asked for."""
    for one in rerun.environment:
        both = one.recorded is not None and one.now is not None
        if full or (both and not one.same):
            yield f"{one.name}: {_sides(one)}"


def _sides(one: EnvironmentLine) -> str:
    if one.same:
        return f"{one.now} (the same)"
    return f"{one.recorded or 'not on record'}, now {one.now or 'not told'}"


def _row(text: str, style: str = "") -> None:
    for row in line(clean(text), style).rows(stdout_console()):
        say(row)
