"""``remarque explain``: which choice made what in one picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.explain_telling import say_explanation
from remarque.cli.make_options import (
    AddressOption,
    AgainMemoryOption,
    ConfigOption,
    DeviceOption,
    EngineOption,
    ModelsOption,
    OfflineOption,
    PickleOption,
    SpeedOption,
    engine_wishes_from,
    machine_from,
)
from remarque.cli.options import ForceOption, JsonOption, NoStampOption, QuietOption, VaultOption
from remarque.cli.output import print_json, progress_bar, say
from remarque.cli.stopping import stopping
from remarque.cli.vaults import close_sitting, opened
from remarque.model.reruns import RerunGrade

if TYPE_CHECKING:
    from remarque.actions.explaining import ExplainWishes
    from remarque.actions.ports import Vault
    from remarque.model.canonical import Json
    from remarque.model.explanations import Explanation
    from remarque.wiring.engines import EngineWishes


def explain(
    take: Annotated[str, typer.Argument(help="A take: its id, file or digest.")],
    at_most: Annotated[
        int,
        typer.Option("--at-most", help="Make at most so many pictures now, the take among them."),
    ] = 24,
    words: Annotated[
        bool, typer.Option("--words", help="Take away each single word of a phrase as well.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write pairs, difference maps and word maps into."),
    ] = None,
    engine: EngineOption = "diffusers",
    address: AddressOption = "",
    device: DeviceOption = "",
    speed: SpeedOption = None,
    memory: AgainMemoryOption = None,
    models: ModelsOption = None,
    config: ConfigOption = None,
    unsafe_pickle: PickleOption = False,
    offline: OfflineOption = False,
    vault: VaultOption = None,
    force: ForceOption = False,
    no_timestamp: NoStampOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Make a take again with one thing less each time, and record what that changes."""
    from remarque.actions.explaining import ExplainWishes
    from remarque.actions.placing import refuse_existing
    from remarque.actions.rerun_gaps import Program

    if out is not None:
        refuse_existing(out / "explanation.json", force=force)
    built = engine_wishes_from(
        engine, address, models, config, unsafe_pickle=unsafe_pickle, offline=offline
    )
    asked = device or speed or memory
    machine = machine_from(device or "auto", speed, memory or "plenty") if asked else None
    wishes = ExplainWishes(at_most, words, machine, Program(built.kind.value))
    with opened(vault, to_write=True) as opened_vault:
        found = _explained(opened_vault, take, built, wishes, quiet=quiet)
        close_sitting(opened_vault, stamp=not no_timestamp)
        written = _write(opened_vault, found, out, force=force) if out is not None else 0
        if json:
            print_json(_as_json(opened_vault, found))
        else:
            say_explanation(found)
    if out is not None and not json:
        say(f"{written} files written to {out}")
    if found.baseline_grade == RerunGrade.DIFFERS:
        raise typer.Exit(3)


def _explained(
    vault: "Vault", reference: str, built: "EngineWishes", wishes: "ExplainWishes", *, quiet: bool
) -> "Explanation":
    from remarque.actions.choosing import find_take
    from remarque.actions.explaining import explain as explain_take
    from remarque.actions.orders import Listening
    from remarque.wiring.engines import build_engine

    _, take = find_take(vault, reference)
    engine = build_engine(vault.clock, built)
    try:
        with progress_bar(quiet=quiet) as progress, stopping() as stop:
            listening = Listening(progress, stop=stop)
            return explain_take(vault, take.body, engine, wishes, listening)
    finally:
        engine.close()


def _write(vault: "Vault", found: "Explanation", folder: Path, *, force: bool) -> int:
    """All files or, where one of them lies there already, none."""
    from remarque.actions.explaining_files import files_of, names_of_files
    from remarque.actions.placing import make_folder, place_file, refuse_existing

    make_folder(folder)
    for name in names_of_files(found):
        refuse_existing(folder / name, force=force)
    written = 0
    for name, content in files_of(vault, found):
        place_file(folder / name, content, force=force)
        written += 1
    return written


def _as_json(vault: "Vault", found: "Explanation") -> "Json":
    """The explanation with the place of every picture it names."""
    from remarque.actions.explaining import pictures_of
    from remarque.actions.explaining_files import explanation_as_json

    files = {digest: str(vault.pictures.path_of(digest)) for digest in pictures_of(found)}
    return {**explanation_as_json(found), "files": files}
