"""``remarque check``: is a picture a copy of one of ours?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.actions.ports import Vault
from remarque.cli.options import JsonOption, NoStampOption, QuietOption, VaultOption
from remarque.cli.output import (
    error_as_json,
    print_error,
    print_json,
    progress_bar,
    say,
    warn,
)
from remarque.cli.vaults import close_sitting, opened
from remarque.model.canonical import Json, json_from_value
from remarque.model.history import Match, Verdict

if TYPE_CHECKING:
    from remarque.actions.checking import Checked


STYLES = {
    Verdict.COPY: "bold red",
    Verdict.PARTIAL: "bold red",
    Verdict.DERIVED: "red",
    Verdict.NONE: "green",
    Verdict.UNDECIDED: "yellow",
}
VERDICT_WORDS = {
    Verdict.COPY: "copy",
    Verdict.PARTIAL: "partial copy",
    Verdict.DERIVED: "derived (altered)",
    Verdict.NONE: "no match",
    Verdict.UNDECIDED: "cannot decide",
}


def check(
    suspects: Annotated[list[Path], typer.Argument(help="Suspect pictures, or folders of them.")],
    differences: Annotated[
        Path | None,
        typer.Option("--differences", help="Folder to write the aligned differences into (PNG)."),
    ] = None,
    vault: VaultOption = None,
    no_timestamp: NoStampOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Compare with everything imported or published; what matches is recorded as a sighting."""
    from remarque.actions.checking import check as check_suspects
    from remarque.actions.finding_files import find_pictures

    failed, undecided, recorded = False, False, False
    files = find_pictures(suspects)
    with opened(vault, to_write=True) as opened_vault:
        with progress_bar(quiet=quiet) as progress:
            for checked in check_suspects(opened_vault, files, progress):
                _tell(checked, as_json=json)
                if differences is not None:
                    _write_differences(opened_vault, checked, differences)
                failed = failed or checked.problem is not None
                undecided = undecided or checked.verdict is Verdict.UNDECIDED
                recorded = recorded or checked.sighting is not None
        if recorded:
            close_sitting(opened_vault, stamp=not no_timestamp)
    if failed or undecided:
        raise typer.Exit(4 if failed else 3)


def _write_differences(vault: Vault, checked: "Checked", folder: Path) -> None:
    """Suspect beside original with what differs outlined, one picture for each match."""
    from remarque.actions.placing import make_folder, place_file

    make_folder(folder)
    for match in checked.matches:
        if match.difference is not None:
            name = f"{checked.suspect.stem}-{match.take or match.edition}.png"
            place_file(folder / name, vault.pictures.read(match.difference), force=True)


def _tell(checked: "Checked", *, as_json: bool) -> None:
    if checked.problem is not None:
        print_error(checked.problem, about=str(checked.suspect))
    for warning in checked.warnings:
        warn(warning)
    if as_json:
        print_json(checked_as_json(checked))
    elif checked.problem is None:
        _say(checked)


def checked_as_json(checked: "Checked") -> Json:
    """The contract of ``check`` (DESIGN §8)."""
    line: Json = {"suspect": str(checked.suspect), "verdict": checked.verdict}
    if checked.problem is not None:
        return {**line, **error_as_json(checked.problem), "matches": []}
    return {
        **line,
        "sighting": checked.sighting,
        "matches": [json_from_value(match) for match in checked.matches],
        "marks": [json_from_value(mark) for mark in checked.marks],
    }


def _say(checked: "Checked") -> None:
    word = VERDICT_WORDS[checked.verdict]
    say(f"{checked.suspect}: {word}", style=STYLES[checked.verdict])
    for match in checked.matches:
        _say_match(match)
    if checked.sighting is not None:
        say(f"  recorded as sighting {checked.sighting}", style="dim")


def _say_match(match: Match) -> None:
    edition = f", edition {match.edition}" if match.edition else ""
    say(f"  of {match.picture[:23]}… (work {match.work}{edition})")
    say(f"  {match.transform}; {match.share:.0%} of our picture is seen")
    if match.method != "digest":
        say(f"  score {match.score:.0f}; {_rate_in_words(match.false_accusation_rate)}")
    for mark, state in match.removed.items():
        say(f"  {mark} mark: {state}")
    if match.marks_missing:
        say(f"  marks missing: {', '.join(match.marks_missing)}")


def _rate_in_words(rate: float) -> str:
    if rate >= 1:
        return "how often such a score is wrong has not been measured"
    return f"when it was measured, at most {rate:.2%} of unrelated pictures had such a score"
