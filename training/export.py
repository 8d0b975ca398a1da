"""Writes the trained parts as a folder that diffusers loads, in float16."""

import hashlib
import json
import shutil
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from training.latents import load_vae
from training.models import new_scheduler
from training.plan import Run
from training.unet import load_trained

CARD = "README.md"


def build_pipeline(run: Run) -> StableDiffusionPipeline:
    """Join the parts of a run into a pipeline, in float32."""
    models = load_trained(run).models
    return StableDiffusionPipeline(
        vae=load_vae(run),
        text_encoder=models.text,
        tokenizer=models.tokenizer,
        unet=models.unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(run: Run, target: Path) -> None:
    """Write the model folder, replacing what is there."""
    shutil.rmtree(target, ignore_errors=True)
    build_pipeline(run).to(torch.float16).save_pretrained(target)
    for name in ("vocab.json", "merges.txt"):  # for tools that do not read tokenizer.json
        shutil.copyfile(run.folder / "tokenizer" / name, target / "tokenizer" / name)
    # DDIM and DDPM clip latents to -1..1 unless told otherwise, which ruins every picture
    notes = target / "scheduler" / "scheduler_config.json"
    settings = json.loads(notes.read_text(encoding="utf-8"))
    settings["clip_sample"] = False
    notes.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a model folder but its card, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CARD)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
