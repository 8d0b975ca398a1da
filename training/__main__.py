"""One command for the whole training: `python -m training all --seed 1 --out DIR`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from training.card import write_card
from training.decoder import polish_decoder
from training.export import export
from training.latents import encode_stack, finish_vae
from training.lora import train_lora
from training.plan import SMALL, Plan, Run
from training.probe import train_probe
from training.reading import train_reader
from training.report import write_report
from training.stacks import draw_share
from training.timekeeping import timed
from training.tokenizer import write_tokenizer
from training.unet import train_small, train_unet
from training.vae import train_vae

STAGES = (
    "world",
    "tokenizer",
    "vae",
    "latents",
    "reader",
    "small",
    "unet",
    "decoder",
    "export",
    "lora",
    "probe",
    "report",
)


def in_processes(work: Callable[[int, Run], None], run: Run) -> None:
    """Run one stage in all the processes of the run and wait for them."""
    if run.processes == 1:
        work(0, run)
    else:
        torch.multiprocessing.spawn(work, (run,), nprocs=run.processes)


def do(stage: str, run: Run) -> None:
    """Do one stage, or what is left of it."""
    if stage == "tokenizer":
        if not (run.folder / "tokenizer" / "tokenizer.json").exists():
            write_tokenizer(run.folder / "tokenizer", run.seed, run.plan.captions)
    elif stage == "latents":
        finish_vae(run)
        in_processes(encode_stack, run)
    elif stage == "export":
        export(run, run.folder / "miniature")
    elif stage == "report":
        write_report(run)
        write_card(run)
    elif stage == "lora":
        train_lora(run, run.folder / "miniature", run.folder / "miniature_loras")
    elif stage == "probe":
        train_probe(run)
    else:
        shared = {
            "world": draw_share,
            "vae": train_vae,
            "reader": train_reader,
            "small": train_small,
            "unet": train_unet,
            "decoder": polish_decoder,
        }
        in_processes(shared[stage], run)


def main() -> int:
    """Read the command line and do the stages asked for, in order."""
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    parser.add_argument("stages", nargs="+", choices=("all", *STAGES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--small", action="store_true", help="every stage in a minute, for tests")
    parser.add_argument("--processes", type=int, default=2, choices=(1, 2))
    parser.add_argument("--port", type=int, default=29611, help="first of four local ports")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    plan = SMALL if chosen.small else Plan()
    run = Run(chosen.out, chosen.seed, plan, chosen.processes, chosen.port)
    for stage in STAGES if "all" in chosen.stages else chosen.stages:
        print(f"== {stage}", flush=True)  # noqa: T201
        with timed(run.folder, stage):
            do(stage, run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
