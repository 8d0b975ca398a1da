"""What ``remarque explain`` says: the choices with their effect, word maps, path, and caveat."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from remarque.cli.output import clean, say, say_table, stdout_console
from remarque.cli.show_lines import line
from remarque.model.explanations import Character, Counterfactual, Explanation, Outcome

_SHORTEST_ID = 12
_STYLES = {
    Outcome.VISIBLE: "bold",
    Outcome.NONE: "dim",
    Outcome.NOT_RUN: "dim",
    Outcome.FAILED: "yellow",
}


def say_explanation(found: Explanation) -> None:
    """The whole explanation for people."""
    from remarque.actions.explaining_wording import ABOUT, ABOUT_MAPS

    say(f"take {found.take[:_SHORTEST_ID]}, made again: {found.baseline_grade}", style="bold")
    listed = [one for one in found.counterfactuals if one.outcome is not Outcome.NOT_RUN]
    _say_pairs("", [one for one in listed if one.character is Character.CREATIVE])
    generic = [one for one in listed if one.character is Character.GENERIC]
    _say_pairs("Words that ask for quality in general:", generic)
    _say_maps(found)
    _say_path(found)
    _say_budget(found)
    for remark in found.remarks:
        _wrapped(remark, "dim")
    _wrapped(ABOUT)
    if found.word_maps:
        _wrapped(ABOUT_MAPS)


def _say_pairs(title: str, pairs: Sequence[Counterfactual]) -> None:
    if not pairs:
        return
    say()
    if title:
        say(title)
    table = Table("choice", "share", "what it changed", box=None, pad_edge=False)
    for pair in pairs:
        style = _STYLES[pair.outcome]
        table.add_row(
            Text(clean(pair.choice), style), Text(_share(pair), style), clean(pair.sentence)
        )
    say_table(table)


def _share(pair: Counterfactual) -> str:
    from remarque.pictures.overlays_wording import share_in_words

    if pair.outcome is Outcome.VISIBLE:
        return share_in_words(pair.share)
    return "none" if pair.outcome is Outcome.NONE else "–"


def _say_maps(found: Explanation) -> None:
    if not found.word_maps:
        return
    from remarque.pictures.overlays_wording import share_in_words

    say()
    say("Where the model attended to each phrase:")
    for one in found.word_maps:
        place = f"strongest at {one.peak[0]}, {one.peak[1]}"
        _wrapped(f"  {one.phrase}: {place}, above half of that on {share_in_words(one.share)}")


def _say_path(found: Explanation) -> None:
    if not found.path:
        return
    say()
    say("The author's path to this take:")
    for step in found.path:
        changes = "; ".join(step.changes) or "nothing that the two records tell"
        _wrapped(f"  {step.after[:_SHORTEST_ID]}: {changes}. {step.sentence}")


def _say_budget(found: Explanation) -> None:
    say()
    say(f"{found.runs} pictures made now, {found.reused} reused, {found.not_run} choices not run")
    waiting = [one for one in found.counterfactuals if one.outcome is Outcome.NOT_RUN]
    if waiting:
        names = ", ".join(f"“{one.choice}”" for one in waiting[:8])
        more = f" and {found.not_run - 8} more" if found.not_run > 8 else ""  # noqa: PLR2004
        _wrapped(f"Not run: {names}{more}. Run it again, or say --at-most.", "yellow")


def _wrapped(text: str, style: str = "") -> None:
    for row in line(clean(text), style).rows(stdout_console()):
        say(row)
