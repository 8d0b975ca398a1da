"""``remarque rerun``: make a recorded take again from its record alone, and grade it."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

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
from remarque.cli.rerun_running import Asked, run_reruns


def rerun(
    reference: Annotated[
        str, typer.Argument(metavar="TAKE|WORK", help="A take (id, file, digest) or a work.")
    ],
    every: Annotated[
        bool,
        typer.Option("--all", help="Of a work every take, not only the chosen and published ones."),
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Also takes made again before in this environment.")
    ] = False,
    video: Annotated[
        Path | None,
        typer.Option("--video", help="Write the denoising as a film, .mp4 or .webp (one take)."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Show every line of the environment, not only changes.")
    ] = False,
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
    """Make takes again from their record alone, compare, and record how alike they are."""
    asked = Asked(
        engine=engine_wishes_from(
            engine, address, models, config, unsafe_pickle=unsafe_pickle, offline=offline
        ),
        machine=None,
        vault=vault,
        every=every,
        anew=anew,
        video=video,
        force=force,
        stamp=not no_timestamp,
        quiet=quiet,
        full=full,
        json=json,
    )
    if device or speed or memory:
        named = machine_from(device or "auto", speed, memory or "plenty")
        asked = replace(asked, machine=named)
    raise typer.Exit(run_reruns(reference, asked))
