"""``remarque make``: make pictures, each one recorded the moment it is there."""

import typer

from remarque.cli import make_options as run
from remarque.cli import make_wish_options as wish
from remarque.cli.make_asking import Asked
from remarque.cli.options import (
    ForceOption,
    JsonOption,
    NoStampOption,
    QuietOption,
    VaultOption,
)


def make(
    *,
    prompt: wish.PromptArgument = None,
    work: wish.WorkOption = None,
    intent: wish.IntentOption = None,
    negative: wish.NegativeOption = None,
    seed: wish.SeedOption = None,
    count: wish.CountOption = 1,
    steps: wish.StepsOption = None,
    cfg: wish.CfgOption = None,
    sampler: wish.SamplerOption = None,
    schedule: wish.ScheduleOption = None,
    size: wish.SizeOption = None,
    clip_skip: wish.ClipSkipOption = None,
    model: wish.ModelOption = None,
    vae: wish.VaeOption = None,
    lora: wish.LoraOption = None,
    embedding: wish.EmbeddingOption = None,
    control: wish.ControlOption = None,
    source: wish.FromOption = None,
    strength: wish.StrengthOption = None,
    mask: wish.MaskOption = None,
    outpaint: wish.OutpaintOption = None,
    hires: wish.HiresOption = None,
    syntax: wish.SyntaxOption = None,
    again: wish.AgainOption = None,
    engine: run.EngineOption = "diffusers",
    address: run.AddressOption = "",
    device: run.DeviceOption = "auto",
    speed: run.SpeedOption = None,
    memory: run.MemoryOption = "plenty",
    models: run.ModelsOption = None,
    config: run.ConfigOption = None,
    unsafe_pickle: run.PickleOption = False,
    offline: run.OfflineOption = False,
    preview: wish.PreviewOption = None,
    out: wish.OutOption = None,
    force: ForceOption = False,
    vault: VaultOption = None,
    no_timestamp: NoStampOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Make pictures with Stable Diffusion and record every one of them as a take of a work."""
    asked = Asked(**locals())
    from remarque.cli.make_running import run_make

    if run_make(asked):
        raise typer.Exit(4)
