"""What explaining a take costs, beside plain diffusers making as many pictures in the same run."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench_making import fresh_vault
from remarque import MakeWishes, build_engine, explain, make
from remarque.actions.explaining import ExplainWishes
from remarque.actions.orders import Engine, Machine, Speed
from remarque.actions.ports import Vault
from remarque.engines.stable_diffusion.shelf import MINIATURE
from remarque.model.history import Take
from stand_ins.tiny_pipelines import diffusers, torch
from table import Row, markdown

PROMPT = "two boats with white sails, a red mountain, full moon, night, sea, woodblock print"
STEPS, GUIDANCE, SEED = 20, 3.0, 7
EXACT = Machine("cpu", Speed.EXACT)


def plain_seconds(count: int) -> float:
    """Seconds of processor time of so many calls of the plain pipeline, loaded before."""
    pipe = diffusers.DiffusionPipeline.from_pretrained(
        MINIATURE, local_files_only=True, torch_dtype=torch.float32
    )
    pipe.set_progress_bar_config(disable=True)
    began = time.process_time()
    for number in range(count):
        generator = torch.Generator("cpu").manual_seed(SEED + number)
        pipe(PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=generator)
    return time.process_time() - began


def explained(vault: Vault, engine: Engine, take: Take) -> tuple[float, int, int]:
    """Seconds of processor time of an explanation; pictures made for it; pictures reused."""
    began = time.process_time()
    found = explain(vault, take, engine, ExplainWishes(machine=EXACT))
    return time.process_time() - began, found.runs, found.reused


def measure() -> Iterator[Row]:
    """The rows of this table, measured now, on one thread of the processor."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with fresh_vault() as vault:
            engine = build_engine(vault.clock)
            wishes = MakeWishes(PROMPT, seed=SEED, steps=STEPS, cfg=GUIDANCE, machine=EXACT)
            (made,) = make(vault, "Bench", wishes, engine=engine)
            first, runs, _ = explained(vault, engine, made.take)
            again, _, reused = explained(vault, engine, made.take)
            engine.close()
        plain = plain_seconds(runs)
    finally:
        torch.set_num_threads(threads)
    yield Row("plain diffusers, as many pictures", plain, "s", f"{runs} of {STEPS} steps")
    yield Row("remarque explain", first, "s", "pairs, word maps, everything kept and recorded")
    yield Row("it adds", (first - plain) / runs, "s a picture")
    yield Row("remarque explain, the same again", again, "s", f"{reused} pictures reused")


if __name__ == "__main__":
    print(markdown("Explaining", measure()))
