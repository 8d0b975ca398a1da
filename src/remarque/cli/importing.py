"""``remarque import``: enter pictures that exist already."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.options import JsonOption, NoStampOption, QuietOption, VaultOption, WorkOption
from remarque.cli.output import (
    error_as_json,
    print_error,
    print_json,
    progress_bar,
    say,
    warn,
)
from remarque.cli.vaults import close_sitting, opened
from remarque.model.canonical import Json

if TYPE_CHECKING:
    from remarque.actions.importing import Imported


def import_(
    places: Annotated[list[Path], typer.Argument(help="Picture files, or folders of them.")],
    work: WorkOption,
    intent: Annotated[
        str | None, typer.Option("--intent", help="What the picture is to become: a statement.")
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place", help="Keep only digest, thumbnail and metadata; the file stays yours."
        ),
    ] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="Always copy, never share bytes by a hard link.")
    ] = False,
    vault: VaultOption = None,
    no_timestamp: NoStampOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Enter pictures into the ledger as imported takes of a work. May be run again at will."""
    from remarque.actions.finding_files import find_pictures, in_order_of_making
    from remarque.actions.importing import ImportWishes, import_pictures
    from remarque.actions.lineage import infer_work
    from remarque.actions.works import open_work, state_intent

    files = in_order_of_making(find_pictures(places))
    counts = {"new": 0, "known": 0, "left out": 0}
    parents = 0
    with opened(vault, to_write=True) as opened_vault:
        work_id, _ = open_work(opened_vault, work)
        if intent is not None:
            state_intent(opened_vault, work_id, intent)
        wishes = ImportWishes(in_place=in_place, copy_always=copy)
        with progress_bar(quiet=quiet) as progress:
            for imported in import_pictures(opened_vault, files, work_id, wishes, progress):
                _tell(imported, as_json=json)
                counts[_class_of(imported)] += 1
            if counts["new"]:
                parents = sum(
                    found is not None for _, found in infer_work(opened_vault, work_id, progress)
                )
        close_sitting(opened_vault, stamp=not no_timestamp)
    if not json:
        say(
            f"{counts['new']} imported, {counts['known']} already there, "
            f"{counts['left out']} left out"
        )
        if parents:
            say(f"of the work's takes {parents} have a parent on record: remarque show {work}")
    if counts["left out"]:
        raise typer.Exit(4)


def _class_of(imported: "Imported") -> str:
    if imported.problem is not None:
        return "left out"
    return "new" if imported.new else "known"


def _tell(imported: "Imported", *, as_json: bool) -> None:
    if imported.problem is not None:
        print_error(imported.problem, about=str(imported.path))
    if imported.warning:
        warn(imported.warning)
    if as_json:
        print_json(_as_json(imported))


def _as_json(imported: "Imported") -> Json:
    if imported.problem is not None:
        return {"path": str(imported.path), "new": False, **error_as_json(imported.problem)}
    return {
        "path": str(imported.path),
        "picture": imported.picture,
        "take": imported.take,
        "work": imported.work,
        "new": imported.new,
        "kept": imported.keeping,
        "warning": imported.warning,
    }
