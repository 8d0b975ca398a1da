"""A work recorded as it was made, through the real verbs, with everything a case file can tell.

A picture caught up with, two seen by a ComfyUI server watch and a folder watch, a preview nobody
saved, image-to-image, an edit in a painting program, two inferred selections of which one has its
reason, a gap, and metadata that name a user, a signed address and a key.
"""

import io
import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

import remarque
from remarque.actions.confirming import confirm, pending_choices
from remarque.actions.inferring import infer_selections
from remarque.actions.lineage import infer_work
from remarque.actions.placements import Placements
from remarque.actions.ports import Vault
from remarque.actions.witnessing import Seen, gap_now, record_gap, record_seen
from remarque.actions.works import open_work, state_intent
from remarque.model.digests import Digest, digest_of
from remarque.model.history import Take
from remarque.model.recipe import Chunk, Reading, Recipe, Setting, SourceUse
from remarque.model.witness import ModelFile, Observer, Witness
from remarque.wiring.vaults import open_vault
from stand_ins.command import run

PASSPHRASE = "a passphrase for tests"
TITLE = "瓶中银河 A galaxy in a bottle"
PICTURES = Path(remarque.__file__).parent / "wiring" / "demonstration" / "pictures"
OUT, BEST = Path("/made/out"), Path("/made/out/best")
SECRETS = ("joeartist", "CfDJ8TOKEN9abc", "hf_abcdefghijklmnopqrstuvwxyz0123", "10.0.0.7")
GRAPH = {
    "1": {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "D:\\Users\\joeartist\\m.ckpt"},
    },
    "2": {"class_type": "Note", "inputs": {"text": "C:\\Users\\joeartist\\notes.txt", "k": 1}},
}
MODEL = ModelFile(
    "checkpoint",
    "dreamshaper_8.safetensors",
    digest_of(b"the model"),
    2_132_625_894,
    version="8",
    licence="CreativeML Open RAIL-M",
)
ENVIRONMENT = (Setting("torch", "2.13.0"), Setting("device", "NVIDIA RTX 4090"))
PROMPT = "一个装着银河的玻璃瓶，厨房，黄昏，柔和的光 a galaxy in a glass bottle, kitchen, dusk"


@dataclass
class Recorded:
    """The work as it stands in the vault at ``place``."""

    place: Path
    vault: Vault
    work: str
    takes: list[Take] = field(default_factory=list)

    def seen(self, content: bytes, name: str, witness: Witness, **more: object) -> Digest:
        came = self.vault.clock.now() - timedelta(seconds=2)
        take = record_seen(self.vault, self.work, Seen(content, name, came, witness, **more)).take
        self.takes.append(take)
        return take.picture.digest


def recorded_case(folder: Path) -> Path:
    """A vault with the work; ``remarque case TITLE`` writes its case file."""
    place = folder / "vault"
    assert run("init", "--author", "林美 Mei Lin", "--vault", place, "--json").code == 0
    with open_vault(place, passphrase=PASSPHRASE) as vault:
        work, _ = open_work(vault, TITLE)
        state_intent(vault, work, "A whole galaxy held in a kitchen bottle.")
        story = Recorded(place, vault, work)
        _make(story)
        list(infer_work(vault, work))
        _select(story)
        record_gap(vault, gap_now(
            vault, Observer.FOLDER, "The picture “00007.png” was not recorded.",
            "It was gone before it could be read.", work=work,
        ))  # fmt: skip
    return place


def _make(story: Recorded) -> None:
    first, second = (picture_of(number) for number in (1, 3))
    watch, server = Witness(Observer.FOLDER), Witness(
        Observer.COMFYUI_SERVER, "ComfyUI 0.3.71", run="run-1", models=(MODEL,),
        environment=ENVIRONMENT, started="2026-11-23T09:00:00Z",
    )  # fmt: skip
    late = Witness(Observer.FOLDER, caught_up=True)
    story.seen(png(first, parameters="a bottle\nSteps: 20, Seed: 4"), "00001.png", late)
    secret = f"{PROMPT}\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512"
    notes = f"saved by C:\\Users\\joeartist\\sd with {SECRETS[2]} on http://10.0.0.7:8188"
    source = story.seen(png(second, parameters=secret, notes=notes), "00002.png", watch)
    recipe = Recipe(
        prompt=PROMPT + ", stars",
        seed=6,
        steps=20,
        denoise=0.6,
        model="dreamshaper_8.safetensors",
        sources=(
            SourceUse("init", f"https://blobs.civitai.com/a.jpeg?sig={SECRETS[1]}", digest=source),
        ),
    )
    reading = Reading("ComfyUI", recipe, (Chunk("ComfyUI history", "prompt", b"{}", "{}"),))
    graph = json.dumps(GRAPH).encode()
    brighter = np.clip(second.astype(int) + 12, 0, 255).astype(np.uint8)
    story.seen(png(brighter), "00003.png", server, reading=reading, executed=graph)
    preview = Witness(Observer.COMFYUI_SERVER, "ComfyUI 0.3.71", run="run-1", saved=False)
    story.seen(png(brighter[::-1]), "preview-1.png", preview)
    story.seen(painted(brighter), "final.png", watch)


def _select(story: Recorded) -> None:
    """The last picture is copied to the favourites, and its reason given; one is rated."""
    places = Placements({})
    for take in story.takes:
        places.appear(OUT / take.picture.name, take.picture.digest)
    places.take_doings()
    final, second = story.takes[4].picture, story.takes[1].picture
    places.appear(BEST / final.name, final.digest)
    infer_selections(story.vault, places.take_doings(), places)
    (pending,) = pending_choices(story.vault, work=story.work)
    confirm(story.vault, pending, "Here the glass holds the light. 光在瓶里。")
    places.rate(second.digest, 5)
    infer_selections(story.vault, places.take_doings(), places)


def picture_of(number: int) -> np.ndarray:
    """The pixels of a picture of the demonstration, half as large."""
    with Image.open(PICTURES / f"take-{number}.png") as picture:
        return np.asarray(picture.convert("RGB").resize((512, 512)))


def png(pixels: np.ndarray, **texts: str) -> bytes:
    """A PNG with these texts."""
    told = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        told.add_text(key, text)
    into = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(into, "PNG", pnginfo=told)
    return into.getvalue()


def painted(pixels: np.ndarray) -> bytes:
    """The picture with a moon painted into it, as a painting program saves it."""
    picture = Image.fromarray(pixels.copy())
    ImageDraw.Draw(picture).ellipse((40, 50, 130, 140), fill=(250, 240, 200))
    return png(np.asarray(picture), Software="GIMP 2.10.38")
